/** ZRANDMEMBER: members chosen at random, with or without their scores. */

import type { SortedSetView } from "@redoubt/keyspace";
import { drawRepeatedly, randomCountArgument } from "../counts.js";
import { assert, errors } from "../errors.js";
import { INT64_MAX } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, sortedSetAt } from "../values.js";
import { replyEntries, replyEntry } from "./scores.js";

/** With scores the reply has two elements a member: Redis takes half the range then. */
const PAIRS_MAX = INT64_MAX / 2n;

function zrandmember(context: CommandContext): void {
  const { argv, reply } = context;
  if (argv.length === 2) {
    const set = sortedSetAt(context, keyArgument(context, 1));
    if (set === null) return;
    const entry = set?.randomEntry(context.random);
    if (entry === undefined) reply.null();
    else reply.bulk(entry.member);
    return;
  }
  const count = randomCountArgument(context, 2);
  if (count === null) return;
  const withScores = argv.length === 4 && optionArgument(context, 3) === "WITHSCORES";
  if (argv.length > 3 && !withScores) {
    reply.error(errors.syntax);
    return;
  }
  if (withScores && !isPairCount(argv[2]!)) {
    reply.error(errors.outOfRange);
    return;
  }
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set === null) return;
  if (set === undefined) reply.array(0);
  else replyChosen(context, set, count, withScores);
}

/** The argument is a 64-bit integer. */
function isPairCount(argument: Buffer): boolean {
  const count = BigInt(latin1(argument));
  return count >= -PAIRS_MAX && count <= PAIRS_MAX;
}

function replyChosen(
  context: CommandContext,
  set: SortedSetView,
  count: number,
  withScores: boolean,
): void {
  const members = choose(context, set, count);
  if (members === null) return;
  replyEntries(context, members.length, withScores);
  for (const member of members) {
    const score = set.score(member);
    assert(score !== undefined, "a chosen member is there");
    replyEntry(context, member, score, withScores);
  }
}

/** Null: the error was replied. */
function choose(context: CommandContext, set: SortedSetView, count: number): string[] | null {
  const members: string[] = [];
  if (count < 0) {
    const draw = (random: () => number) => {
      const entry = set.randomEntry(random);
      assert(entry !== undefined, "a sorted set is never empty");
      return entry.member;
    };
    return drawRepeatedly(context, -count, draw, (member) => member.length);
  }
  if (count > 0) set.randomMembers(count, context.random, (member) => members.push(member));
  return members;
}

export const zrandmemberRow: RowSpec = {
  name: "zrandmember",
  arity: -2,
  flags: ["readonly"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RO", "access")],
  tips: ["nondeterministic_output"],
  summary: "Members of a sorted set, chosen at random.",
  since: "6.2.0",
  group: "sorted-set",
  complexity: "O(N * log(M)), N: members returned, M: members of the sorted set",
  syntax: "key:key [options{count:integer [WITHSCORES]}]",
  execute: zrandmember,
};
