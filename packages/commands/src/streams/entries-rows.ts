/** Entries of one stream: XLEN, XRANGE, XREVRANGE, XDEL, XTRIM. */

import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument, streamAt } from "../values.js";
import { entriesDown, entriesUp, replyEntries } from "./entries.js";
import { endArgument, idArguments, startArgument } from "./ids.js";
import { parseTrimOptions, settleTrim, trimStream } from "./trim-options.js";

function xlen(context: CommandContext): void {
  const stream = streamAt(context, keyArgument(context, 1));
  if (stream !== null) context.reply.integer(stream?.length ?? 0);
}

function xrange(context: CommandContext): void {
  range(context, false);
}

function xrevrange(context: CommandContext): void {
  range(context, true);
}

function range(context: CommandContext, isReversed: boolean): void {
  const { reply } = context;
  const first = startArgument(context, isReversed ? 3 : 2);
  if (first === null) return;
  const last = endArgument(context, isReversed ? 2 : 3);
  if (last === null) return;
  const countMax = countOption(context);
  if (countMax === null) return;
  const stream = streamAt(context, keyArgument(context, 1));
  if (stream === null) return;
  if (stream === undefined) {
    reply.array(0);
  } else if (countMax === 0) {
    reply.nullArray();
  } else {
    const entries = isReversed ? entriesDown : entriesUp;
    replyEntries(reply, entries(stream, first, last, countMax ?? 0));
  }
}

/** undefined: there is none. Null: the error was replied. */
function countOption(context: CommandContext): number | undefined | null {
  let count: number | undefined;
  for (let i = 4; i < context.argv.length; i += 2) {
    if (optionArgument(context, i) !== "COUNT" || i + 1 >= context.argv.length) {
      context.reply.error(errors.syntax);
      return null;
    }
    const given = integerArgument(context, i + 1);
    if (given === null) return null;
    // Redis has -1 for "not given", but sets what is negative to 0 before.
    count = Math.max(clampToSafe(given), 0);
  }
  return count;
}

function xdel(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const stream = streamAt(context, key);
  if (stream === null) return;
  if (stream === undefined) {
    reply.integer(0);
    return;
  }
  const ids = idArguments(context, 2);
  if (ids !== null) reply.integer(txn.streams.delete(key, ids));
}

function xtrim(context: CommandContext): void {
  const options = parseTrimOptions(context, false);
  if (options === null || !settleTrim(context, options, false)) return;
  const key = keyArgument(context, 1);
  const stream = streamAt(context, key);
  if (stream === null) return;
  context.reply.integer(stream === undefined ? 0 : trimStream(context, key, stream, options));
}

const rangeFacts = {
  arity: -4,
  flags: ["readonly"],
  categories: ["stream"],
  keys: [keyAt(1, "RO", "access")],
  since: "5.0.0",
  group: "stream",
  complexity: "O(log N + M), N: chunks, M: entries returned",
} as const satisfies Partial<RowSpec>;

export const entriesRows: readonly RowSpec[] = [
  {
    name: "xlen",
    arity: 2,
    flags: ["readonly", "fast"],
    categories: ["stream"],
    keys: [keyAt(1, "RO")],
    summary: "How many entries a stream has.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(1)",
    syntax: "key:key",
    execute: xlen,
  },
  {
    name: "xrange",
    summary: "Entries between two ids, from the lower on.",
    syntax: "key:key start:string end:string [COUNT count:integer]",
    execute: xrange,
    ...rangeFacts,
  },
  {
    name: "xrevrange",
    summary: "Entries between two ids, from the higher down.",
    syntax: "key:key end:string start:string [COUNT count:integer]",
    execute: xrevrange,
    ...rangeFacts,
  },
  {
    name: "xdel",
    arity: -3,
    flags: ["write", "fast"],
    categories: ["stream"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Removes entries by their ids; returns how many were there.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(log N) for each id, N: chunks",
    syntax: "key:key id:string...",
    execute: xdel,
  },
  {
    name: "xtrim",
    arity: -4,
    flags: ["write"],
    categories: ["stream"],
    keys: [keyAt(1, "RW", "delete")],
    tips: ["nondeterministic_output"],
    summary: "Removes the oldest entries beyond a length or below an id.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(N), N: entries removed",
    syntax:
      "key:key trim{strategy(MAXLEN | MINID) [operator(equal:'=' | approximately:'~')] threshold:string [LIMIT count:integer]}",
    execute: xtrim,
  },
];
