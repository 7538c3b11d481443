/** Single members of a sorted set: their scores and ranks, their removal; how many there are. */

import type { SortedSetView } from "@redoubt/keyspace";
import { errors, wrongArity } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, sortedSetAt } from "../values.js";

function zcard(context: CommandContext): void {
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set !== null) context.reply.integer(set?.size ?? 0);
}

function zscore(context: CommandContext): void {
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set !== null) replyScore(context, set, 2);
}

function zmscore(context: CommandContext): void {
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set === null) return;
  const { length } = context.argv;
  context.reply.array(length - 2);
  for (let i = 2; i < length; i++) replyScore(context, set, i);
}

function replyScore(context: CommandContext, set: SortedSetView | undefined, index: number): void {
  const score = set?.score(keyArgument(context, index));
  if (score === undefined) context.reply.null();
  else context.reply.double(score);
}

function zrank(context: CommandContext): void {
  replyRank(context, "zrank");
}

function zrevrank(context: CommandContext): void {
  replyRank(context, "zrevrank");
}

function replyRank(context: CommandContext, fullName: "zrank" | "zrevrank"): void {
  const { argv, reply } = context;
  const withScore = argv.length > 3;
  if (argv.length > 4 || (withScore && optionArgument(context, 3) !== "WITHSCORE")) {
    reply.error(argv.length > 4 ? wrongArity(fullName) : errors.syntax);
    return;
  }
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set === null) return;
  const member = keyArgument(context, 2);
  const rank = set?.rank(member);
  if (set === undefined || rank === undefined) {
    if (withScore) reply.nullArray();
    else reply.null();
    return;
  }
  if (withScore) reply.array(2);
  reply.integer(fullName === "zrank" ? rank : set.size - 1 - rank);
  if (withScore) replyScore(context, set, 2);
}

function zrem(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  const set = sortedSetAt(context, key);
  if (set === null) return;
  const members: string[] = [];
  for (let i = 2; i < argv.length; i++) members.push(keyArgument(context, i));
  reply.integer(set === undefined ? 0 : txn.sortedSets.remove(key, members));
}

const readFacts = {
  flags: ["readonly", "fast"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RO", "access")],
  group: "sorted-set",
} as const satisfies Partial<RowSpec>;

const rankFacts = {
  ...readFacts,
  arity: -3,
  since: "2.0.0",
  complexity: "O(log(N)), N: members of the sorted set",
  syntax: "key:key member:string [WITHSCORE]",
} as const satisfies Partial<RowSpec>;

export const sortedMemberRows: readonly RowSpec[] = [
  {
    ...readFacts,
    name: "zcard",
    arity: 2,
    keys: [keyAt(1, "RO")],
    summary: "How many members a sorted set has.",
    since: "1.2.0",
    complexity: "O(1)",
    syntax: "key:key",
    execute: zcard,
  },
  {
    ...readFacts,
    name: "zscore",
    arity: 3,
    summary: "The score of a member of a sorted set.",
    since: "1.2.0",
    complexity: "O(1)",
    syntax: "key:key member:string",
    execute: zscore,
  },
  {
    ...readFacts,
    name: "zmscore",
    arity: -3,
    summary: "The scores of members of a sorted set.",
    since: "6.2.0",
    complexity: "O(N), N: members given",
    syntax: "key:key member:string...",
    execute: zmscore,
  },
  {
    ...rankFacts,
    name: "zrank",
    summary: "How many members of a sorted set come before one of them.",
    execute: zrank,
  },
  {
    ...rankFacts,
    name: "zrevrank",
    summary: "How many members of a sorted set come after one of them.",
    execute: zrevrank,
  },
  {
    name: "zrem",
    arity: -3,
    flags: ["write", "fast"],
    categories: ["sortedset"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Removes members from a sorted set.",
    since: "1.2.0",
    group: "sorted-set",
    complexity: "O(M * log(N)), M: members given, N: members of the sorted set",
    syntax: "key:key member:string...",
    execute: zrem,
  },
];
