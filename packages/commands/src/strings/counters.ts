/** Numbers in strings: INCR, DECR, INCRBY, DECRBY on 64-bit integers, INCRBYFLOAT on long doubles. */

import { stringToLatin1 } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { add, type Integer, negate } from "../numbers/int64.js";
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
import { integerArgument, integerOf, isString, keyArgument } from "../values.js";

function incr(context: CommandContext): void {
  increment(context, 1);
}

function decr(context: CommandContext): void {
  increment(context, -1);
}

function incrby(context: CommandContext): void {
  const amount = integerArgument(context, 2);
  if (amount !== null) increment(context, amount);
}

function decrby(context: CommandContext): void {
  const amount = integerArgument(context, 2);
  if (amount === null) return;
  const negated = negate(amount);
  if (negated === null) context.reply.error(errors.decrementOverflow);
  else increment(context, negated);
}

function increment(context: CommandContext, amount: Integer): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const value = txn.get(key);
  let old: Integer | null = 0;
  if (value !== undefined) {
    if (!isString(context, value)) return;
    old = integerOf(context, value);
    if (old === null) return;
  }
  const sum = add(old, amount);
  if (sum === null) {
    reply.error(errors.incrementOverflow);
    return;
  }
  txn.putString(key, String(sum), value === undefined ? 0 : txn.deadline(key));
  reply.integer(sum);
}

function incrbyfloat(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const value = txn.get(key);
  let old: LongDouble | null = longDoubleZero;
  if (value !== undefined) {
    if (!isString(context, value)) return;
    old = parseLongDouble(stringToLatin1(value));
  }
  const amount = old === null ? null : parseLongDouble(latin1(context.argv[2]!));
  if (old === null || amount === null) {
    reply.error(errors.notFloat);
    return;
  }
  const sum = addLongDoubles(old, amount);
  if (sum === null) {
    reply.error(errors.nanOrInfinity);
    return;
  }
  const text = formatLongDouble(sum);
  txn.putString(key, text, value === undefined ? 0 : txn.deadline(key));
  reply.bulk(text);
}

const counterFacts = {
  flags: ["write", "denyoom", "fast"],
  categories: ["string"],
  keys: [keyAt(1, "RW", "access", "update")],
  group: "string",
  complexity: "O(1)",
} as const satisfies Partial<RowSpec>;

export const counterRows: readonly RowSpec[] = [
  {
    ...counterFacts,
    name: "incr",
    arity: 2,
    summary: "Adds one to the integer a key holds; a missing key counts as 0.",
    since: "1.0.0",
    syntax: "key:key",
    execute: incr,
  },
  {
    ...counterFacts,
    name: "incrby",
    arity: 3,
    summary: "Adds to the integer a key holds; a missing key counts as 0.",
    since: "1.0.0",
    syntax: "key:key increment:integer",
    execute: incrby,
  },
  {
    ...counterFacts,
    name: "decr",
    arity: 2,
    summary: "Takes one from the integer a key holds; a missing key counts as 0.",
    since: "1.0.0",
    syntax: "key:key",
    execute: decr,
  },
  {
    ...counterFacts,
    name: "decrby",
    arity: 3,
    summary: "Takes from the integer a key holds; a missing key counts as 0.",
    since: "1.0.0",
    syntax: "key:key decrement:integer",
    execute: decrby,
  },
  {
    ...counterFacts,
    name: "incrbyfloat",
    arity: 3,
    summary: "Adds to the floating point number a key holds; a missing key counts as 0.",
    since: "2.6.0",
    syntax: "key:key increment:double",
    execute: incrbyfloat,
  },
];
