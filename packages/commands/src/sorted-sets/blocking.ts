/** Sorted sets that are waited for: BZPOPMIN, BZPOPMAX, BZMPOP. */

import { secondsArgument } from "../blocking.js";
import { keysBefore, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";
import { parseMultiPop, type SortedEnd, tryMultiPop, tryPopOne } from "./pop.js";

function bzpopmin(context: CommandContext): void {
  popFirst(context, "min");
}

function bzpopmax(context: CommandContext): void {
  popFirst(context, "max");
}

function popFirst(context: CommandContext, end: SortedEnd): void {
  const last = context.argv.length - 1;
  const timeoutMs = secondsArgument(context, last);
  if (timeoutMs === null) return;
  const keys: string[] = [];
  for (let i = 1; i < last; i++) keys.push(keyArgument(context, i));
  if (!tryPopOne(context, keys, end)) waitFor(context, keys, timeoutMs);
}

function bzmpop(context: CommandContext): void {
  const timeoutMs = secondsArgument(context, 1);
  if (timeoutMs === null) return;
  const request = parseMultiPop(context, 2);
  if (request !== null && !tryMultiPop(context, request)) {
    waitFor(context, request.keys, timeoutMs);
  }
}

function waitFor(context: CommandContext, keys: readonly string[], timeoutMs: number): void {
  if (context.block === null) context.reply.nullArray();
  else context.block({ keys, type: "zset", timeoutMs });
}

const popFacts = {
  arity: -3,
  flags: ["write", "noscript", "blocking", "fast"],
  categories: ["sortedset"],
  keys: [keysBefore(1, -2, "RW", "access", "delete")],
  since: "5.0.0",
  group: "sorted-set",
  complexity: "O(log N), N: members",
  syntax: "key:key... timeout:double",
} as const satisfies Partial<RowSpec>;

export const blockingSortedSetRows: readonly RowSpec[] = [
  {
    ...popFacts,
    name: "bzpopmin",
    summary:
      "Takes the member with the lowest score of the first sorted set that has one; waits for it.",
    execute: bzpopmin,
  },
  {
    ...popFacts,
    name: "bzpopmax",
    summary:
      "Takes the member with the highest score of the first sorted set that has one; waits for it.",
    execute: bzpopmax,
  },
  {
    name: "bzmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    categories: ["sortedset"],
    keys: [numberedKeys(2, "RW", "access", "delete")],
    summary:
      "Takes members with the lowest or highest scores of the first sorted set; waits for one.",
    since: "7.0.0",
    group: "sorted-set",
    complexity: "O(K + M log N), K: keys given, M: members taken, N: members",
    syntax: "timeout:double numkeys:integer key:key... where(MIN | MAX) [COUNT count:integer]",
    execute: bzmpop,
  },
];
