/** Numbers in hashes: HINCRBY on 64-bit integers, HINCRBYFLOAT on long doubles. */

import { type HashView, stringToLatin1 } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { add, type Integer, parseInteger } from "../numbers/int64.js";
import {
  addLongDoubles,
  formatLongDouble,
  type LongDouble,
  longDoubleZero,
  parseLongDouble,
} from "../numbers/long-double.js";
import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { hashAt, integerArgument, keyArgument } from "../values.js";

function hincrby(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const amount = integerArgument(context, 3);
  if (amount === null) return;
  const key = keyArgument(context, 1);
  const hash = hashAt(context, key);
  if (hash === null) return;
  const field = latin1(argv[2]!);
  const text = textOf(hash, field);
  const old: Integer | null = text === undefined ? 0 : parseInteger(text);
  if (old === null) {
    reply.error(errors.hashNotInteger);
    return;
  }
  const sum = add(old, amount);
  if (sum === null) {
    reply.error(errors.incrementOverflow);
    return;
  }
  txn.hashes.set(key, [field], [String(sum)]);
  reply.integer(sum);
}

function hincrbyfloat(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const amount = finiteArgument(context, 3);
  if (amount === null) return;
  const key = keyArgument(context, 1);
  const hash = hashAt(context, key);
  if (hash === null) return;
  const field = latin1(argv[2]!);
  const text = textOf(hash, field);
  const old = text === undefined ? longDoubleZero : parseLongDouble(text);
  if (old === null) {
    reply.error(errors.hashNotFloat);
    return;
  }
  const sum = addLongDoubles(old, amount);
  if (sum === null) {
    reply.error(errors.nanOrInfinity);
    return;
  }
  const result = formatLongDouble(sum);
  txn.hashes.set(key, [field], [result]);
  reply.bulk(result);
}

/** Null: the error was replied. */
function finiteArgument(context: CommandContext, index: number): LongDouble | null {
  const value = parseLongDouble(latin1(context.argv[index]!));
  if (value !== null && Number.isFinite(value.exponent)) return value;
  context.reply.error(value === null ? errors.notFloat : errors.incrementNotFinite);
  return null;
}

function textOf(hash: HashView | undefined, field: string): string | undefined {
  const value = hash?.get(field);
  return value === undefined ? undefined : stringToLatin1(value);
}

const counterFacts = {
  arity: 4,
  flags: ["write", "denyoom", "fast"],
  categories: ["hash"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "hash",
  complexity: "O(1)",
} as const satisfies Partial<RowSpec>;

export const hashCounterRows: readonly RowSpec[] = [
  {
    ...counterFacts,
    name: "hincrby",
    summary: "Adds to the integer a field of a hash holds; a missing field counts as 0.",
    since: "2.0.0",
    syntax: "key:key field:string increment:integer",
    execute: hincrby,
  },
  {
    ...counterFacts,
    name: "hincrbyfloat",
    summary:
      "Adds to the floating point number a field of a hash holds; a missing one counts as 0.",
    since: "2.6.0",
    syntax: "key:key field:string increment:double",
    execute: hincrbyfloat,
  },
];
