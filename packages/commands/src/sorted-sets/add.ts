/** ZADD and ZINCRBY: scores given or added to, under conditions. */

import { errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, sortedSetAt } from "../values.js";
import { scoreArgument } from "./scores.js";

/** Refilled by each parse: valid until the next. */
interface AddOptions {
  ifMissing: boolean;
  ifPresent: boolean;
  ifGreater: boolean;
  ifLess: boolean;
  /** CH: changed members count, not only new ones. */
  countChanged: boolean;
  increment: boolean;
  /** Argument of the first score. */
  start: number;
}

const parsed: AddOptions = {
  ifMissing: false,
  ifPresent: false,
  ifGreater: false,
  ifLess: false,
  countChanged: false,
  increment: false,
  start: 0,
};

function zadd(context: CommandContext): void {
  const options = parseAddOptions(context);
  if (options === null) return;
  const { start } = options;
  if (start + 2 === context.argv.length) addOne(context, options);
  else addMany(context, options);
}

function zincrby(context: CommandContext): void {
  clearOptions();
  parsed.increment = true;
  parsed.start = 2;
  addOne(context, parsed);
}

function clearOptions(): void {
  parsed.ifMissing = false;
  parsed.ifPresent = false;
  parsed.ifGreater = false;
  parsed.ifLess = false;
  parsed.countChanged = false;
  parsed.increment = false;
}

/** Null: the error was replied. */
function parseAddOptions(context: CommandContext): Readonly<AddOptions> | null {
  const argc = context.argv.length;
  clearOptions();
  let at = 2;
  while (at < argc && takeOption(optionArgument(context, at))) at += 1;
  parsed.start = at;
  const pairs = (argc - at) / 2;
  const refusal = refusalOf(pairs);
  if (refusal === null) return parsed;
  context.reply.error(refusal);
  return null;
}

/** False: it is the first score, or no score either. */
function takeOption(word: string): boolean {
  switch (word) {
    case "NX":
      parsed.ifMissing = true;
      return true;
    case "XX":
      parsed.ifPresent = true;
      return true;
    case "GT":
      parsed.ifGreater = true;
      return true;
    case "LT":
      parsed.ifLess = true;
      return true;
    case "CH":
      parsed.countChanged = true;
      return true;
    case "INCR":
      parsed.increment = true;
      return true;
    default:
      return false;
  }
}

function refusalOf(pairs: number): string | null {
  const { ifMissing, ifPresent, ifGreater, ifLess, increment } = parsed;
  if (pairs === 0 || !Number.isInteger(pairs)) return errors.syntax;
  if (ifMissing && ifPresent) return errors.addNxWithXx;
  if ((ifGreater && (ifMissing || ifLess)) || (ifLess && ifMissing)) return errors.addGtWithLt;
  return increment && pairs > 1 ? errors.addIncrPairs : null;
}

/**
 * The score a member gets; undefined: it stays as it is, or away. NaN: infinities of both signs were added.
 * `old` undefined: it is not there.
 */
function nextScore(
  old: number | undefined,
  given: number,
  options: Readonly<AddOptions>,
): number | undefined {
  if (old === undefined) return options.ifPresent ? undefined : given;
  if (options.ifMissing) return undefined;
  const next = options.increment ? old + given : given;
  if (options.ifGreater && next <= old) return undefined;
  if (options.ifLess && next >= old) return undefined;
  return next;
}

function addOne(context: CommandContext, options: Readonly<AddOptions>): void {
  const { txn, reply } = context;
  const { start, increment } = options;
  const given = scoreArgument(context, start, errors.notFloat);
  if (given === null) return;
  const key = keyArgument(context, 1);
  const set = sortedSetAt(context, key);
  if (set === null) return;
  const member = keyArgument(context, start + 1);
  const old = set?.score(member);
  const next = nextScore(old, given, options);
  if (next === undefined) {
    if (increment) reply.null();
    else reply.integer(0);
    return;
  }
  if (Number.isNaN(next)) {
    reply.error(errors.scoreNaN);
    return;
  }
  const isChanged = old !== next;
  if (isChanged) txn.sortedSets.put(key, [member], [next]);
  if (increment) reply.double(next);
  else reply.integer(old === undefined || (isChanged && options.countChanged) ? 1 : 0);
}

function addMany(context: CommandContext, options: Readonly<AddOptions>): void {
  const { argv, txn, reply } = context;
  const { start } = options;
  const given: number[] = [];
  for (let i = start; i < argv.length; i += 2) {
    const score = scoreArgument(context, i, errors.notFloat);
    if (score === null) return;
    given.push(score);
  }
  const key = keyArgument(context, 1);
  const set = sortedSetAt(context, key);
  if (set === null) return;
  // A member named twice meets the score it was given first.
  const changes = new Map<string, number>();
  let added = 0;
  let changed = 0;
  for (let i = 0; i < given.length; i++) {
    const member = keyArgument(context, start + 2 * i + 1);
    const old = changes.get(member) ?? set?.score(member);
    const next = nextScore(old, given[i]!, options);
    if (next === undefined || next === old) continue;
    changes.set(member, next);
    if (old === undefined) added += 1;
    else changed += 1;
  }
  if (changes.size > 0) txn.sortedSets.put(key, [...changes.keys()], [...changes.values()]);
  reply.integer(options.countChanged ? added + changed : added);
}

const addFacts = {
  flags: ["write", "denyoom", "fast"],
  categories: ["sortedset"],
  since: "1.2.0",
  group: "sorted-set",
} as const satisfies Partial<RowSpec>;

export const addRows: readonly RowSpec[] = [
  {
    ...addFacts,
    name: "zadd",
    arity: -4,
    keys: [keyAt(1, "RW", "update")],
    summary: "Gives members of a sorted set their scores; conditions are optional.",
    complexity: "O(M * log(N)), M: members given, N: members of the sorted set",
    syntax:
      "key:key [condition(NX | XX)] [comparison(GT | LT)] [CH] [INCR] score_member{score:double member:string}...",
    execute: zadd,
  },
  {
    ...addFacts,
    name: "zincrby",
    arity: 4,
    keys: [keyAt(1, "RW", "access", "update")],
    summary: "Adds to the score of a member of a sorted set; a missing one counts as 0.",
    complexity: "O(log(N)), N: members of the sorted set",
    syntax: "key:key increment:integer member:string",
    execute: zincrby,
  },
];
