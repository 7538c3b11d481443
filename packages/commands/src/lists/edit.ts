/** Changes inside a list: LSET, LINSERT, LREM, LTRIM. */

import type { ListSide } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, listAt, optionArgument } from "../values.js";
import { absoluteIndex, clampRange } from "./ends.js";

function lset(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  if (list === undefined) {
    // Redis reads the index after the key only.
    reply.error(errors.noSuchKey);
    return;
  }
  const given = integerArgument(context, 2);
  if (given === null) return;
  const index = absoluteIndex(given, list.length);
  if (index < 0 || index >= list.length) {
    reply.error(errors.indexOutOfRange);
    return;
  }
  txn.lists.set(key, index, context.argv[3]!);
  reply.ok();
}

function linsert(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const side = sideArgument(context, 2);
  if (side === null) return;
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  if (list === undefined) {
    reply.integer(0);
    return;
  }
  const inserted = txn.lists.insert(key, side, argv[3]!, argv[4]!);
  reply.integer(inserted ? list.length : -1);
}

/** Null: the error was replied. */
function sideArgument(context: CommandContext, index: number): ListSide | null {
  const word = optionArgument(context, index);
  if (word === "BEFORE") return "before";
  if (word === "AFTER") return "behind";
  context.reply.error(errors.syntax);
  return null;
}

function lrem(context: CommandContext): void {
  const { txn, reply } = context;
  const given = integerArgument(context, 2);
  if (given === null) return;
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  if (list === undefined) {
    reply.integer(0);
    return;
  }
  const count = clampToSafe(given);
  const countMax = count === 0 ? list.length : Math.abs(count);
  reply.integer(txn.lists.remove(key, count < 0 ? "tail" : "head", countMax, context.argv[3]!));
}

function ltrim(context: CommandContext): void {
  const { txn, reply } = context;
  const start = integerArgument(context, 2);
  if (start === null) return;
  const stop = integerArgument(context, 3);
  if (stop === null) return;
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  if (list !== undefined) {
    const range = clampRange(start, stop, list.length);
    if (range.count === list.length) txn.writtenUnchanged(key);
    else txn.lists.trim(key, range.start, range.count);
  }
  reply.ok();
}

const editFacts = {
  categories: ["list"],
  group: "list",
} as const satisfies Partial<RowSpec>;

export const editRows: readonly RowSpec[] = [
  {
    ...editFacts,
    name: "lset",
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    summary: "Replaces the element of a list at an index.",
    since: "1.0.0",
    complexity: "O(sqrt(N)), N: elements; O(1) at both ends",
    syntax: "key:key index:integer element:string",
    execute: lset,
  },
  {
    ...editFacts,
    name: "linsert",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "insert")],
    summary: "Puts an element before or behind the first that equals a given one.",
    since: "2.2.0",
    complexity: "O(N), N: elements before the one that is found",
    syntax: "key:key where(BEFORE | AFTER) pivot:string element:string",
    execute: linsert,
  },
  {
    ...editFacts,
    name: "lrem",
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Removes elements that equal a given one, from either end on.",
    since: "1.0.0",
    complexity: "O(N+M*sqrt(N)), N: elements, M: those removed",
    syntax: "key:key count:integer element:string",
    execute: lrem,
  },
  {
    ...editFacts,
    name: "ltrim",
    arity: 4,
    flags: ["write"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Removes what is outside of two indexes.",
    since: "1.0.0",
    complexity: "O(sqrt(N)+M), N: elements, M: chunks removed",
    syntax: "key:key start:integer stop:integer",
    execute: ltrim,
  },
];
