/** Parts of a string: APPEND, SETRANGE, GETRANGE and its old name SUBSTR. */

import { stringLength, stringPart } from "@redoubt/keyspace";
import { STRING_BYTES_MAX } from "../constants.js";
import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, isString, keyArgument } from "../values.js";

function append(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const suffix = context.argv[2]!;
  const value = txn.get(key);
  if (value === undefined) {
    txn.putString(key, suffix, 0);
    reply.integer(suffix.length);
    return;
  }
  if (!isString(context, value)) return;
  const length = stringLength(value) + suffix.length;
  if (length > STRING_BYTES_MAX) {
    reply.error(errors.stringTooLong);
  } else {
    reply.integer(suffix.length === 0 ? length : txn.appendString(key, suffix));
  }
}

function setrange(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const bytes = context.argv[3]!;
  const offsetArgument = integerArgument(context, 2);
  if (offsetArgument === null) return;
  const offset = clampToSafe(offsetArgument);
  if (offset < 0) {
    reply.error(errors.offsetOutOfRange);
    return;
  }
  const value = txn.get(key);
  if (value !== undefined && !isString(context, value)) return;
  const length = value === undefined ? 0 : stringLength(value);
  if (bytes.length === 0) {
    // Nothing to write: neither is the key created nor the string padded.
    reply.integer(length);
  } else if (offset + bytes.length > STRING_BYTES_MAX) {
    reply.error(errors.stringTooLong);
  } else {
    reply.integer(txn.patchString(key, offset, bytes));
  }
}

function getrange(context: CommandContext): void {
  const startArgument = integerArgument(context, 2);
  if (startArgument === null) return;
  const endArgument = integerArgument(context, 3);
  if (endArgument === null) return;
  const value = context.txn.get(keyArgument(context, 1));
  if (value !== undefined && !isString(context, value)) return;
  const length = value === undefined ? 0 : stringLength(value);
  const start = clampToSafe(startArgument);
  const last = clampToSafe(endArgument);
  const from = Math.max(start < 0 ? length + start : start, 0);
  const to = Math.min(Math.max(last < 0 ? length + last : last, 0), length - 1);
  // Two ends before the beginning are both the beginning, unless they are given the wrong way round.
  const crossed = start < 0 && last < 0 && start > last;
  if (value === undefined || crossed || from > to) context.reply.bulk("");
  else context.reply.bulk(stringPart(value, from, to + 1));
}

const getrangeFacts = {
  arity: 4,
  flags: ["readonly"],
  categories: ["string"],
  keys: [keyAt(1, "RO", "access")],
  summary: "Part of the string a key holds, from start to end inclusive.",
  group: "string",
  complexity: "O(N), N: bytes returned",
  syntax: "key:key start:integer end:integer",
  execute: getrange,
} as const satisfies Partial<RowSpec>;

export const rangeRows: readonly RowSpec[] = [
  {
    name: "append",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "RW", "insert")],
    summary: "Adds bytes to the end of the string a key holds.",
    since: "2.0.0",
    group: "string",
    complexity: "O(N) amortised, N: bytes added",
    syntax: "key:key value:string",
    execute: append,
  },
  {
    name: "setrange",
    arity: 4,
    flags: ["write", "denyoom"],
    categories: ["string"],
    keys: [keyAt(1, "RW", "update")],
    summary: "Overwrites part of the string a key holds, padding with zero bytes.",
    since: "2.2.0",
    group: "string",
    complexity: "O(N), N: bytes written",
    syntax: "key:key offset:integer value:string",
    execute: setrange,
  },
  { name: "getrange", since: "2.4.0", ...getrangeFacts },
  {
    name: "substr",
    since: "1.0.0",
    deprecated: { since: "2.0.0", replacedBy: "`GETRANGE`" },
    ...getrangeFacts,
  },
];
