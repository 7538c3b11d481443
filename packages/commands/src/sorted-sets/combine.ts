/** ZUNION, ZINTER and ZDIFF of sorted sets and sets, their STORE forms, and ZINTERCARD. */

import { keyAt, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";
import { type CombineForm, type CombineRequest, parseCombine } from "./combine-options.js";
import { countCommon, intersectScored, subtractScored, uniteScored } from "./scored-algebra.js";
import type { ScoredMembers } from "./scored-members.js";
import { replyEntries, replyEntry } from "./scores.js";

type Combine = (request: CombineRequest) => ScoredMembers;

const union: Combine = ({ inputs, aggregate }) => uniteScored(inputs, aggregate);
const intersection: Combine = ({ inputs, aggregate }) => intersectScored(inputs, aggregate);
const difference: Combine = ({ inputs }) => subtractScored(inputs.map(({ input }) => input));

function replyingForm(fullName: string, takesWeights: boolean): CombineForm {
  return { fullName, keyCountIndex: 1, takesWeights, takesScores: true, takesLimit: false };
}

function storingForm(fullName: string, takesWeights: boolean): CombineForm {
  return { fullName, keyCountIndex: 2, takesWeights, takesScores: false, takesLimit: false };
}

const forms = {
  zunion: replyingForm("zunion", true),
  zinter: replyingForm("zinter", true),
  zdiff: replyingForm("zdiff", false),
  zunionstore: storingForm("zunionstore", true),
  zinterstore: storingForm("zinterstore", true),
  zdiffstore: storingForm("zdiffstore", false),
  zintercard: {
    fullName: "zintercard",
    keyCountIndex: 1,
    takesWeights: false,
    takesScores: false,
    takesLimit: true,
  },
} as const satisfies Record<string, CombineForm>;

/** By score, then by member. */
function inOrder(result: ScoredMembers): [string, number][] {
  return result
    .entries()
    .sort(([a, scoreA], [b, scoreB]) => compare(scoreA, scoreB) || compare(a, b));
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function replyCombined(context: CommandContext, form: CombineForm, combine: Combine): void {
  const request = parseCombine(context, form);
  if (request === null) return;
  const { withScores } = request;
  const entries = inOrder(combine(request));
  replyEntries(context, entries.length, withScores);
  for (const [member, score] of entries) replyEntry(context, member, score, withScores);
}

/** The destination is replaced, whatever it was; no result deletes it. */
function storeCombined(context: CommandContext, form: CombineForm, combine: Combine): void {
  const { txn, reply } = context;
  const request = parseCombine(context, form);
  if (request === null) return;
  const entries = inOrder(combine(request));
  const destination = keyArgument(context, 1);
  txn.delete(destination);
  if (entries.length > 0) {
    const members = entries.map(([member]) => member);
    const scores = entries.map(([, score]) => score);
    txn.sortedSets.put(destination, members, scores);
  }
  reply.integer(entries.length);
}

function zintercard(context: CommandContext): void {
  const request = parseCombine(context, forms.zintercard);
  if (request !== null) context.reply.integer(countCommon(request.inputs, request.limit));
}

const replyFacts = {
  arity: -3,
  flags: ["readonly", "movablekeys"],
  categories: ["sortedset"],
  keys: [numberedKeys(1, "RO", "access")],
  since: "6.2.0",
  group: "sorted-set",
} as const satisfies Partial<RowSpec>;

const storeFacts = {
  arity: -4,
  flags: ["write", "denyoom", "movablekeys"],
  categories: ["sortedset"],
  keys: [keyAt(1, "OW", "update"), numberedKeys(2, "RO", "access")],
  group: "sorted-set",
} as const satisfies Partial<RowSpec>;

const keysSyntax = "numkeys:integer key:key...";
const storeSyntax = `destination:key ${keysSyntax}`;
const weightSyntax = "[WEIGHTS weight:integer...] [AGGREGATE aggregate(SUM | MIN | MAX)]";

const unionComplexity = "O(N + M * log(M)), N: members of all inputs, M: members of the result";
const intersectionComplexity =
  "O(N * K + M * log(M)), N: members of the smallest input, K: inputs, M: members of the result";
const differenceComplexity =
  "O(N + M * log(M)), N: members of all inputs, M: members of the result";

export const combineRows: readonly RowSpec[] = [
  {
    ...replyFacts,
    name: "zunion",
    summary: "The members of any of several sorted sets, their scores added up.",
    complexity: unionComplexity,
    syntax: `${keysSyntax} ${weightSyntax} [WITHSCORES]`,
    execute: (context) => replyCombined(context, forms.zunion, union),
  },
  {
    ...replyFacts,
    name: "zinter",
    summary: "The members that all of several sorted sets have, their scores added up.",
    complexity: intersectionComplexity,
    syntax: `${keysSyntax} ${weightSyntax} [WITHSCORES]`,
    execute: (context) => replyCombined(context, forms.zinter, intersection),
  },
  {
    ...replyFacts,
    name: "zdiff",
    summary: "The members of the first of several sorted sets that no other one has.",
    complexity: differenceComplexity,
    syntax: `${keysSyntax} [WITHSCORES]`,
    execute: (context) => replyCombined(context, forms.zdiff, difference),
  },
  {
    ...replyFacts,
    name: "zintercard",
    summary: "How many members all of several sorted sets have.",
    since: "7.0.0",
    complexity: "O(N * K), N: members of the smallest input, K: inputs",
    syntax: `${keysSyntax} [LIMIT limit:integer]`,
    execute: zintercard,
  },
  {
    ...storeFacts,
    name: "zunionstore",
    summary: "Stores the members of any of several sorted sets, their scores added up.",
    since: "2.0.0",
    complexity: unionComplexity,
    syntax: `${storeSyntax} ${weightSyntax}`,
    execute: (context) => storeCombined(context, forms.zunionstore, union),
  },
  {
    ...storeFacts,
    name: "zinterstore",
    summary: "Stores the members that all of several sorted sets have, their scores added up.",
    since: "2.0.0",
    complexity: intersectionComplexity,
    syntax: `${storeSyntax} ${weightSyntax}`,
    execute: (context) => storeCombined(context, forms.zinterstore, intersection),
  },
  {
    ...storeFacts,
    name: "zdiffstore",
    summary: "Stores the members of the first of several sorted sets that no other one has.",
    since: "6.2.0",
    complexity: differenceComplexity,
    syntax: storeSyntax,
    execute: (context) => storeCombined(context, forms.zdiffstore, difference),
  },
];
