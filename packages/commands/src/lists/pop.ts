/** Elements that leave an end of a list: LPOP, RPOP, and from the first of several lists LMPOP. */

import type { ListEnd, ListView } from "@redoubt/keyspace";
import { countArgument } from "../counts.js";
import { errors, wrongArity } from "../errors.js";
import { keyAt, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, listAt, optionArgument, replyString } from "../values.js";
import { endArgument, replyElements } from "./ends.js";

function lpop(context: CommandContext): void {
  pop(context, "head", "lpop");
}

function rpop(context: CommandContext): void {
  pop(context, "tail", "rpop");
}

function pop(context: CommandContext, end: ListEnd, name: string): void {
  const { argv, reply } = context;
  if (argv.length > 3) {
    reply.error(wrongArity(name));
    return;
  }
  const count = argv.length === 3 ? countArgument(context, 2) : undefined;
  if (count === null) return;
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  if (list === undefined) {
    if (count === undefined) reply.null();
    else reply.nullArray();
  } else if (count === undefined) {
    popOne(context, key, list, end);
  } else {
    popMany(context, key, list, end, count);
  }
}

/** Replies the element. */
export function popOne(context: CommandContext, key: string, list: ListView, end: ListEnd): void {
  replyString(context, list.get(end === "head" ? 0 : list.length - 1));
  context.txn.lists.pop(key, end, 1);
}

/** Replies an array of at most `countMax` elements. */
function popMany(
  context: CommandContext,
  key: string,
  list: ListView,
  end: ListEnd,
  countMax: number,
): void {
  const count = Math.min(countMax, list.length);
  const isHead = end === "head";
  replyElements(context, list, isHead ? 0 : list.length - 1, count, isHead ? 1 : -1);
  if (count > 0) context.txn.lists.pop(key, end, count);
}

/** What LMPOP and BLMPOP ask for. Refilled by each parse: valid until the next. */
interface ManyPop {
  firstKey: number;
  keyCount: number;
  end: ListEnd;
  count: number;
}

const parsed: ManyPop = { firstKey: 0, keyCount: 0, end: "head", count: 1 };

/** From the argument that says how many keys there are. Null: the error was replied. */
export function parseManyPop(context: CommandContext, index: number): Readonly<ManyPop> | null {
  const { argv, reply } = context;
  const keyCount = positive(context, index, errors.numkeysNotPositive);
  if (keyCount === null) return null;
  const endIndex = index + keyCount + 1;
  if (endIndex >= argv.length) {
    reply.error(errors.syntax);
    return null;
  }
  const end = endArgument(context, endIndex);
  if (end === null) return null;
  let count = 1;
  if (endIndex + 1 < argv.length) {
    const isCount = optionArgument(context, endIndex + 1) === "COUNT";
    if (!isCount || endIndex + 2 >= argv.length) {
      reply.error(errors.syntax);
      return null;
    }
    const given = positive(context, endIndex + 2, errors.countNotPositive);
    if (given === null) return null;
    if (endIndex + 3 < argv.length) {
      reply.error(errors.syntax);
      return null;
    }
    count = given;
  }
  parsed.firstKey = index + 1;
  parsed.keyCount = keyCount;
  parsed.end = end;
  parsed.count = count;
  return parsed;
}

function positive(context: CommandContext, index: number, refusal: string): number | null {
  const count = countArgument(context, index, refusal);
  if (count !== 0) return count;
  context.reply.error(refusal);
  return null;
}

/** False: none of the keys holds a list, and nothing was replied. */
export function tryPopMany(context: CommandContext, request: Readonly<ManyPop>): boolean {
  const { firstKey, keyCount, end, count } = request;
  for (let i = firstKey; i < firstKey + keyCount; i++) {
    const key = keyArgument(context, i);
    const list = listAt(context, key);
    if (list === null) return true;
    if (list === undefined) continue;
    context.reply.array(2);
    context.reply.bulk(key);
    popMany(context, key, list, end, count);
    return true;
  }
  return false;
}

/**
 * What BLPOP and BRPOP do when they need not wait, with keys from argument `firstKey` to before `keysEnd`.
 * False: none of them holds a list, and nothing was replied.
 */
export function tryPopFirst(
  context: CommandContext,
  firstKey: number,
  keysEnd: number,
  end: ListEnd,
): boolean {
  for (let i = firstKey; i < keysEnd; i++) {
    const key = keyArgument(context, i);
    const list = listAt(context, key);
    if (list === null) return true;
    if (list === undefined) continue;
    context.reply.array(2);
    context.reply.bulk(key);
    popOne(context, key, list, end);
    return true;
  }
  return false;
}

function lmpop(context: CommandContext): void {
  const request = parseManyPop(context, 1);
  if (request !== null && !tryPopMany(context, request)) context.reply.nullArray();
}

const popFacts = {
  arity: -2,
  flags: ["write", "fast"],
  categories: ["list"],
  keys: [keyAt(1, "RW", "access", "delete")],
  since: "1.0.0",
  group: "list",
  complexity: "O(N), N: elements taken",
  syntax: "key:key [count:integer]",
} as const satisfies Partial<RowSpec>;

export const popRows: readonly RowSpec[] = [
  {
    ...popFacts,
    name: "lpop",
    summary: "Takes the first element of a list, or several from there on.",
    execute: lpop,
  },
  {
    ...popFacts,
    name: "rpop",
    summary: "Takes the last element of a list, or several from there toward the first.",
    execute: rpop,
  },
  {
    name: "lmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    categories: ["list"],
    keys: [numberedKeys(1, "RW", "access", "delete")],
    summary: "Takes elements from an end of the first of several keys that holds a list.",
    since: "7.0.0",
    group: "list",
    complexity: "O(N+M), N: keys given, M: elements taken",
    syntax: "numkeys:integer key:key... where(LEFT | RIGHT) [COUNT count:integer]",
    execute: lmpop,
  },
];
