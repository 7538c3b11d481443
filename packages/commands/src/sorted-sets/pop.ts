/**
 * ZPOPMIN, ZPOPMAX, ZMPOP: members with the lowest or highest scores are removed. The parts that commands
 * which wait for a member share are exported.
 */

import type { SortedSetView } from "@redoubt/keyspace";
import { countArgument } from "../counts.js";
import { errors } from "../errors.js";
import { keyAt, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, sortedSetAt } from "../values.js";
import { replyEntries, replyEntry } from "./scores.js";

export type SortedEnd = "min" | "max";

export interface PoppedEntries {
  readonly members: readonly string[];
  readonly scores: readonly number[];
}

export interface FoundSortedSet {
  readonly key: string;
  readonly set: SortedSetView;
}

export interface MultiPopRequest {
  readonly keys: readonly string[];
  readonly end: SortedEnd;
  readonly count: number;
}

/** The first of the keys that exists. undefined: none does. null: it is of another type, and that was replied. */
export function firstSortedSet(
  context: CommandContext,
  keys: readonly string[],
): FoundSortedSet | undefined | null {
  for (const key of keys) {
    const set = sortedSetAt(context, key);
    if (set === null) return null;
    if (set !== undefined) return { key, set };
  }
  return undefined;
}

/** Removes up to `count` entries, the outermost first; replies nothing. */
export function popEntries(
  context: CommandContext,
  found: FoundSortedSet,
  end: SortedEnd,
  count: number,
): PoppedEntries {
  const { key, set } = found;
  const { size } = set;
  const taken = Math.min(count, size);
  const members: string[] = [];
  const scores: number[] = [];
  if (taken === 0) return { members, scores };
  const isMin = end === "min";
  set.forEachFromRank(isMin ? 0 : size - 1, isMin ? "up" : "down", (member, score) => {
    members.push(member);
    scores.push(score);
    return members.length < taken;
  });
  context.txn.sortedSets.removeRange(key, isMin ? 0 : size - taken, taken);
  return { members, scores };
}

/** BZPOPMIN's answer. False: none of the keys exists, and nothing was replied. */
export function tryPopOne(
  context: CommandContext,
  keys: readonly string[],
  end: SortedEnd,
): boolean {
  const found = firstSortedSet(context, keys);
  if (found === undefined) return false;
  if (found === null) return true;
  const { members, scores } = popEntries(context, found, end, 1);
  const { reply } = context;
  reply.array(3);
  reply.bulk(found.key);
  reply.bulk(members[0]!);
  reply.double(scores[0]!);
  return true;
}

/** ZMPOP's answer, and BZMPOP's. False: none of the keys exists, and nothing was replied. */
export function tryMultiPop(context: CommandContext, request: MultiPopRequest): boolean {
  const found = firstSortedSet(context, request.keys);
  if (found === undefined) return false;
  if (found === null) return true;
  const { members, scores } = popEntries(context, found, request.end, request.count);
  const { reply } = context;
  reply.array(2);
  reply.bulk(found.key);
  reply.array(members.length);
  members.forEach((member, i) => {
    reply.array(2);
    reply.bulk(member);
    reply.double(scores[i]!);
  });
  return true;
}

/** Number of keys at argument `start`, keys, MIN or MAX, COUNT. Null: the error was replied. */
export function parseMultiPop(context: CommandContext, start: number): MultiPopRequest | null {
  const { argv } = context;
  const keyCount = positiveArgument(context, start, errors.keyCountNotPositive);
  if (keyCount === null) return null;
  const endIndex = start + 1 + keyCount;
  const word = endIndex < argv.length ? optionArgument(context, endIndex) : "";
  if (word !== "MIN" && word !== "MAX") return refuse(context);
  const end = word === "MIN" ? "min" : "max";
  const keys: string[] = [];
  for (let i = start + 1; i < endIndex; i++) keys.push(keyArgument(context, i));
  const countIndex = endIndex + 1;
  if (countIndex === argv.length) return { keys, end, count: 1 };
  const hasCount = optionArgument(context, countIndex) === "COUNT" && countIndex + 1 < argv.length;
  if (!hasCount) return refuse(context);
  const count = positiveArgument(context, countIndex + 1, errors.countNotPositive);
  if (count === null) return null;
  return countIndex + 2 === argv.length ? { keys, end, count } : refuse(context);
}

function positiveArgument(context: CommandContext, index: number, refusal: string): number | null {
  const value = countArgument(context, index, refusal);
  if (value !== 0) return value;
  context.reply.error(refusal);
  return null;
}

function refuse(context: CommandContext): null {
  context.reply.error(errors.syntax);
  return null;
}

function zmpop(context: CommandContext): void {
  const request = parseMultiPop(context, 1);
  if (request !== null && !tryMultiPop(context, request)) context.reply.nullArray();
}

function zpop(context: CommandContext, end: SortedEnd): void {
  const { argv, reply } = context;
  if (argv.length > 3) {
    reply.error(errors.syntax);
    return;
  }
  const hasCount = argv.length === 3;
  const count = hasCount ? countArgument(context, 2) : 1;
  if (count === null) return;
  const found = firstSortedSet(context, [keyArgument(context, 1)]);
  if (found === null) return;
  const popped = found === undefined ? none : popEntries(context, found, end, count);
  const { members, scores } = popped;
  if (hasCount) {
    replyEntries(context, members.length, true);
    members.forEach((member, i) => {
      replyEntry(context, member, scores[i]!, true);
    });
    return;
  }
  reply.array(2 * members.length);
  if (members.length === 0) return;
  reply.bulk(members[0]!);
  reply.double(scores[0]!);
}

const none: PoppedEntries = { members: [], scores: [] };

const popFacts = {
  arity: -2,
  flags: ["write", "fast"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RW", "access", "delete")],
  since: "5.0.0",
  group: "sorted-set",
  complexity: "O(log(N) + M), N: members of the sorted set, M: members removed",
  syntax: "key:key [count:integer]",
} as const satisfies Partial<RowSpec>;

export const popRows: readonly RowSpec[] = [
  {
    ...popFacts,
    name: "zpopmin",
    summary: "Removes and returns the members of a sorted set with the lowest scores.",
    execute: (context) => zpop(context, "min"),
  },
  {
    ...popFacts,
    name: "zpopmax",
    summary: "Removes and returns the members of a sorted set with the highest scores.",
    execute: (context) => zpop(context, "max"),
  },
  {
    name: "zmpop",
    arity: -4,
    flags: ["write", "movablekeys"],
    categories: ["sortedset"],
    keys: [numberedKeys(1, "RW", "access", "delete")],
    summary: "Removes and returns the outermost members of the first sorted set that exists.",
    since: "7.0.0",
    group: "sorted-set",
    complexity: "O(K + log(N) + M), K: keys, N: members of the sorted set, M: members removed",
    syntax: "numkeys:integer key:key... where(MIN | MAX) [COUNT count:integer]",
    execute: zmpop,
  },
];
