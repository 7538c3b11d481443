/** Ranges of a sorted set that are counted or removed as a whole. */

import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, sortedSetAt } from "../values.js";
import { type Bounds, boundsArguments, ranksIn } from "./ranges.js";

function countRange(context: CommandContext, by: Bounds["by"]): void {
  const bounds = boundsArguments(context, by, 2, 3);
  if (bounds === null) return;
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set === null) return;
  context.reply.integer(set === undefined ? 0 : ranksIn(set, bounds, false).count);
}

function removeRange(context: CommandContext, by: Bounds["by"]): void {
  const { txn, reply } = context;
  const bounds = boundsArguments(context, by, 2, 3);
  if (bounds === null) return;
  const key = keyArgument(context, 1);
  const set = sortedSetAt(context, key);
  if (set === null) return;
  if (set === undefined) {
    reply.integer(0);
    return;
  }
  const { first, count } = ranksIn(set, bounds, false);
  txn.sortedSets.removeRange(key, first, count);
  reply.integer(count);
}

const countFacts = {
  arity: 4,
  flags: ["readonly", "fast"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RO", "access")],
  group: "sorted-set",
  complexity: "O(log(N)), N: members of the sorted set",
} as const satisfies Partial<RowSpec>;

const removeFacts = {
  arity: 4,
  flags: ["write"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RW", "delete")],
  group: "sorted-set",
  complexity: "O(log(N) + M), N: members of the sorted set, M: members removed",
} as const satisfies Partial<RowSpec>;

export const rangeCountRows: readonly RowSpec[] = [
  {
    ...countFacts,
    name: "zcount",
    summary: "How many members of a sorted set have a score in a range.",
    since: "2.0.0",
    syntax: "key:key min:double max:double",
    execute: (context) => countRange(context, "score"),
  },
  {
    ...countFacts,
    name: "zlexcount",
    summary: "How many members of a sorted set are in a range, where all scores are the same.",
    since: "2.8.9",
    syntax: "key:key min:string max:string",
    execute: (context) => countRange(context, "lex"),
  },
  {
    ...removeFacts,
    name: "zremrangebyrank",
    summary: "Removes the members of a sorted set in a range of ranks.",
    since: "2.0.0",
    syntax: "key:key start:integer stop:integer",
    execute: (context) => removeRange(context, "rank"),
  },
  {
    ...removeFacts,
    name: "zremrangebyscore",
    summary: "Removes the members of a sorted set with a score in a range.",
    since: "1.2.0",
    syntax: "key:key min:double max:double",
    execute: (context) => removeRange(context, "score"),
  },
  {
    ...removeFacts,
    name: "zremrangebylex",
    summary: "Removes the members of a sorted set in a range, where all scores are the same.",
    since: "2.8.9",
    syntax: "key:key min:string max:string",
    execute: (context) => removeRange(context, "lex"),
  },
];
