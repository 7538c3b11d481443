/** ZRANGE, its older relatives, and ZRANGESTORE. */

import type { SortedSetView } from "@redoubt/keyspace";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, sortedSetAt } from "../values.js";
import { parseRange, type RangeForm, type RangeRequest } from "./range-options.js";
import { ranksIn } from "./ranges.js";
import { replyEntries, replyEntry } from "./scores.js";

const forms = {
  zrange: { by: null, reverse: null, takesScores: true },
  zrangestore: { by: null, reverse: null, takesScores: false },
  zrevrange: { by: "rank", reverse: true, takesScores: true },
  zrangebyscore: { by: "score", reverse: false, takesScores: true },
  zrevrangebyscore: { by: "score", reverse: true, takesScores: true },
  zrangebylex: { by: "lex", reverse: false, takesScores: true },
  zrevrangebylex: { by: "lex", reverse: true, takesScores: true },
} as const satisfies Record<string, RangeForm>;

/** A run of entries as it is walked: from the entry at `rank`, upward or downward. */
interface Run {
  readonly rank: number;
  readonly count: number;
  readonly direction: "up" | "down";
}

function runOf(set: SortedSetView, request: RangeRequest): Run {
  const { bounds, reverse, offset, limit } = request;
  const { first, count } = ranksIn(set, bounds, reverse);
  const rest = offset < 0 ? 0 : Math.max(count - offset, 0);
  return {
    rank: reverse ? first + count - 1 - offset : first + offset,
    count: limit < 0 ? rest : Math.min(rest, limit),
    direction: reverse ? "down" : "up",
  };
}

function walk(set: SortedSetView, run: Run, visit: (member: string, score: number) => void): void {
  let rest = run.count;
  if (rest === 0) return;
  set.forEachFromRank(run.rank, run.direction, (member, score) => {
    visit(member, score);
    rest -= 1;
    return rest > 0;
  });
}

function replyRange(context: CommandContext, form: RangeForm): void {
  const request = parseRange(context, 2, form);
  if (request === null) return;
  const set = sortedSetAt(context, keyArgument(context, 1));
  if (set === null) return;
  if (set === undefined) {
    context.reply.array(0);
    return;
  }
  const { withScores } = request;
  const run = runOf(set, request);
  replyEntries(context, run.count, withScores);
  if (withScores) walk(set, run, (member, score) => replyEntry(context, member, score, true));
  else context.reply.bulks(run.count, (add) => walk(set, run, add));
}

/** The destination is replaced, whatever it was; nothing in the range deletes it. */
function zrangestore(context: CommandContext): void {
  const { txn, reply } = context;
  const request = parseRange(context, 3, forms.zrangestore);
  if (request === null) return;
  const set = sortedSetAt(context, keyArgument(context, 2));
  if (set === null) return;
  const members: string[] = [];
  const scores: number[] = [];
  if (set !== undefined) {
    walk(set, runOf(set, request), (member, score) => {
      members.push(member);
      scores.push(score);
    });
  }
  const destination = keyArgument(context, 1);
  txn.delete(destination);
  if (members.length > 0) txn.sortedSets.put(destination, members, scores);
  reply.integer(members.length);
}

const rangeFacts = {
  arity: -4,
  flags: ["readonly"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RO", "access")],
  group: "sorted-set",
  complexity: "O(log(N) + M), N: members of the sorted set, M: members in the range",
} as const satisfies Partial<RowSpec>;

const scoreSyntax = "[WITHSCORES] [LIMIT offset_count{offset:integer count:integer}]";
const limitSyntax = "[LIMIT offset_count{offset:integer count:integer}]";
const generalSyntax = `[sortby(BYSCORE | BYLEX)] [REV] ${limitSyntax}`;

function deprecated(by: string): RowSpec["deprecated"] & object {
  return { since: "6.2.0", replacedBy: `\`ZRANGE\` with the ${by}` };
}

export const rangeRows: readonly RowSpec[] = [
  {
    ...rangeFacts,
    name: "zrange",
    summary: "The members of a sorted set in a range of ranks, scores or members.",
    since: "1.2.0",
    syntax: `key:key start:string stop:string ${generalSyntax} [WITHSCORES]`,
    execute: (context) => replyRange(context, forms.zrange),
  },
  {
    ...rangeFacts,
    name: "zrangestore",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update"), keyAt(2, "RO", "access")],
    summary: "Stores the members of a sorted set in a range of ranks, scores or members.",
    since: "6.2.0",
    syntax: `dst:key src:key min:string max:string ${generalSyntax}`,
    execute: zrangestore,
  },
  {
    ...rangeFacts,
    name: "zrevrange",
    summary: "The members of a sorted set in a range of ranks from the highest score on.",
    since: "1.2.0",
    syntax: "key:key start:integer stop:integer [WITHSCORES]",
    deprecated: deprecated("`REV` argument"),
    execute: (context) => replyRange(context, forms.zrevrange),
  },
  {
    ...rangeFacts,
    name: "zrangebyscore",
    summary: "The members of a sorted set in a range of scores.",
    since: "1.0.5",
    syntax: `key:key min:double max:double ${scoreSyntax}`,
    deprecated: deprecated("`BYSCORE` argument"),
    execute: (context) => replyRange(context, forms.zrangebyscore),
  },
  {
    ...rangeFacts,
    name: "zrevrangebyscore",
    summary: "The members of a sorted set in a range of scores, from the highest on.",
    since: "2.2.0",
    syntax: `key:key max:double min:double ${scoreSyntax}`,
    deprecated: deprecated("`REV` and `BYSCORE` arguments"),
    execute: (context) => replyRange(context, forms.zrevrangebyscore),
  },
  {
    ...rangeFacts,
    name: "zrangebylex",
    summary: "The members of a sorted set in a range of members, where all scores are the same.",
    since: "2.8.9",
    syntax: `key:key min:string max:string ${limitSyntax}`,
    deprecated: deprecated("`BYLEX` argument"),
    execute: (context) => replyRange(context, forms.zrangebylex),
  },
  {
    ...rangeFacts,
    name: "zrevrangebylex",
    summary: "The members of a sorted set in a range of members, from the last one on.",
    since: "2.8.9",
    syntax: `key:key max:string min:string ${limitSyntax}`,
    deprecated: deprecated("`REV` and `BYLEX` arguments"),
    execute: (context) => replyRange(context, forms.zrevrangebylex),
  },
];
