/** Arguments of ZUNION, ZINTER, ZDIFF, their STORE forms and ZINTERCARD. */

import { asSet, asSortedSet } from "@redoubt/keyspace";
import { countArgument } from "../counts.js";
import { errors, inputKeyNeeded } from "../errors.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument } from "../values.js";
import {
  type Aggregate,
  emptyInput,
  plainSetInput,
  type ScoredInput,
  sortedSetInput,
  type WeightedInput,
} from "./scored-algebra.js";
import { scoreArgument } from "./scores.js";

export interface CombineForm {
  readonly fullName: string;
  /** Argument that says how many keys there are. */
  readonly keyCountIndex: number;
  readonly takesWeights: boolean;
  readonly takesScores: boolean;
  readonly takesLimit: boolean;
}

export interface CombineRequest {
  readonly inputs: readonly WeightedInput[];
  readonly aggregate: Aggregate;
  readonly withScores: boolean;
  /** 0: none. */
  readonly limit: number;
}

interface CombineOptions {
  weights: readonly number[] | null;
  aggregate: Aggregate;
  withScores: boolean;
  limit: number;
}

/** As in Redis the keys are read, and their types refused, before the options are. Null: the error was replied. */
export function parseCombine(context: CommandContext, form: CombineForm): CombineRequest | null {
  const { keyCountIndex } = form;
  const keyCount = integerArgument(context, keyCountIndex);
  if (keyCount === null) return null;
  if (keyCount < 1) return refuse(context, inputKeyNeeded(form.fullName));
  const start = keyCountIndex + 1;
  if (keyCount > context.argv.length - start) return refuse(context, errors.syntax);
  const end = start + Number(keyCount);
  const inputs: ScoredInput[] = [];
  for (let i = start; i < end; i++) {
    const input = inputAt(context, keyArgument(context, i));
    if (input === null) return null;
    inputs.push(input);
  }
  const options = parseOptions(context, end, inputs.length, form);
  if (options === null) return null;
  const { weights, aggregate, withScores, limit } = options;
  const weighted = inputs.map((input, i) => ({ input, weight: weights?.[i] ?? 1 }));
  return { inputs: weighted, aggregate, withScores, limit };
}

/** Null: of another type, and that was replied. */
function inputAt(context: CommandContext, key: string): ScoredInput | null {
  const value = context.txn.get(key);
  if (value === undefined) return emptyInput;
  const sorted = asSortedSet(value);
  if (sorted !== undefined) return sortedSetInput(sorted);
  const plain = asSet(value);
  if (plain !== undefined) return plainSetInput(plain);
  return refuse(context, errors.wrongType);
}

function parseOptions(
  context: CommandContext,
  start: number,
  keyCount: number,
  form: CombineForm,
): CombineOptions | null {
  const options: CombineOptions = { weights: null, aggregate: "sum", withScores: false, limit: 0 };
  const { length } = context.argv;
  let at = start;
  while (at < length) {
    const word = optionArgument(context, at);
    const behind = length - at - 1;
    if (word === "WEIGHTS" && form.takesWeights && behind >= keyCount) {
      options.weights = weightArguments(context, at + 1, keyCount);
      if (options.weights === null) return null;
      at += 1 + keyCount;
    } else if (word === "AGGREGATE" && form.takesWeights && behind >= 1) {
      const aggregate = aggregateNamed(optionArgument(context, at + 1));
      if (aggregate === null) return refuse(context, errors.syntax);
      options.aggregate = aggregate;
      at += 2;
    } else if (word === "WITHSCORES" && form.takesScores) {
      options.withScores = true;
      at += 1;
    } else if (word === "LIMIT" && form.takesLimit && behind >= 1) {
      const limit = countArgument(context, at + 1, errors.limitNegative);
      if (limit === null) return null;
      options.limit = limit;
      at += 2;
    } else {
      return refuse(context, errors.syntax);
    }
  }
  return options;
}

function weightArguments(context: CommandContext, start: number, count: number): number[] | null {
  const weights: number[] = [];
  for (let i = start; i < start + count; i++) {
    const weight = scoreArgument(context, i, errors.weightNotFloat);
    if (weight === null) return null;
    weights.push(weight);
  }
  return weights;
}

function aggregateNamed(word: string): Aggregate | null {
  switch (word) {
    case "SUM":
      return "sum";
    case "MIN":
      return "min";
    case "MAX":
      return "max";
    default:
      return null;
  }
}

function refuse(context: CommandContext, error: string): null {
  context.reply.error(error);
  return null;
}
