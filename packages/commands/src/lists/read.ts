/** Reading a list: LLEN, LINDEX, LRANGE, LPOS. */

import { keptString, type ListView } from "@redoubt/keyspace";
import { countArgument } from "../counts.js";
import { errors } from "../errors.js";
import { clampToSafe, INT64_MIN } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, listAt, optionArgument, replyString } from "../values.js";
import { absoluteIndex, clampRange, replyElements } from "./ends.js";

function llen(context: CommandContext): void {
  const list = listAt(context, keyArgument(context, 1));
  if (list !== null) context.reply.integer(list === undefined ? 0 : list.length);
}

function lindex(context: CommandContext): void {
  const { reply } = context;
  const list = listAt(context, keyArgument(context, 1));
  if (list === null) return;
  if (list === undefined) {
    // Redis reads the index after the key only.
    reply.null();
    return;
  }
  const given = integerArgument(context, 2);
  if (given === null) return;
  const index = absoluteIndex(given, list.length);
  if (index < 0 || index >= list.length) reply.null();
  else replyString(context, list.get(index));
}

function lrange(context: CommandContext): void {
  const start = integerArgument(context, 2);
  if (start === null) return;
  const stop = integerArgument(context, 3);
  if (stop === null) return;
  const list = listAt(context, keyArgument(context, 1));
  if (list === null) return;
  if (list === undefined) {
    context.reply.array(0);
    return;
  }
  const range = clampRange(start, stop, list.length);
  replyElements(context, list, range.start, range.count, 1);
}

/** Refilled by each parse: valid until the next. */
interface PositionOptions {
  /** From 1 on; negative: from the tail. */
  rank: number;
  /** 0: all. Undefined: the first one, and no array. */
  count: number | undefined;
  /** Elements compared at most; 0: all. */
  maxlen: number;
}

const parsed: PositionOptions = { rank: 1, count: undefined, maxlen: 0 };

function lpos(context: CommandContext): void {
  const { reply } = context;
  const options = parsePositionOptions(context);
  if (options === null) return;
  const list = listAt(context, keyArgument(context, 1));
  if (list === null) return;
  const found = list === undefined ? [] : positions(list, context.argv[2]!, options);
  if (options.count !== undefined) {
    reply.array(found.length);
    for (const index of found) reply.integer(index);
  } else if (found.length === 0) {
    reply.null();
  } else {
    reply.integer(found[0]!);
  }
}

function parsePositionOptions(context: CommandContext): Readonly<PositionOptions> | null {
  const { argv, reply } = context;
  parsed.rank = 1;
  parsed.count = undefined;
  parsed.maxlen = 0;
  for (let i = 3; i < argv.length; i += 2) {
    const word = i + 1 < argv.length ? optionArgument(context, i) : "";
    if (word === "RANK") {
      const rank = rankArgument(context, i + 1);
      if (rank === null) return null;
      parsed.rank = rank;
    } else if (word === "COUNT") {
      const count = countArgument(context, i + 1, errors.countNegative);
      if (count === null) return null;
      parsed.count = count;
    } else if (word === "MAXLEN") {
      const maxlen = countArgument(context, i + 1, errors.maxlenNegative);
      if (maxlen === null) return null;
      parsed.maxlen = maxlen;
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  return parsed;
}

function rankArgument(context: CommandContext, index: number): number | null {
  const rank = integerArgument(context, index);
  if (rank === null) return null;
  if (rank !== 0 && rank !== INT64_MIN) return clampToSafe(rank);
  context.reply.error(rank === 0 ? errors.rankZero : errors.rankOutOfRange);
  return null;
}

/** In the order in which they are found. */
function positions(
  list: ListView,
  element: Buffer,
  { rank, count, maxlen }: Readonly<PositionOptions>,
): number[] {
  const { length } = list;
  const found: number[] = [];
  const isFromHead = rank > 0;
  const first = isFromHead ? 0 : length - 1;
  const looked = maxlen === 0 ? length : Math.min(maxlen, length);
  const wantedMax = count === undefined ? 1 : count === 0 ? length : count;
  let skipped = Math.abs(rank) - 1;
  list.forEachEqual(keptString(element), first, isFromHead ? 1 : -1, looked, (index) => {
    if (skipped > 0) skipped -= 1;
    else found.push(index);
    return found.length < wantedMax;
  });
  return found;
}

const readFacts = {
  flags: ["readonly"],
  categories: ["list"],
  keys: [keyAt(1, "RO", "access")],
  group: "list",
} as const satisfies Partial<RowSpec>;

export const readRows: readonly RowSpec[] = [
  {
    ...readFacts,
    name: "llen",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    summary: "How many elements a list has.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "key:key",
    execute: llen,
  },
  {
    ...readFacts,
    name: "lindex",
    arity: 3,
    summary: "The element of a list at an index.",
    since: "1.0.0",
    complexity: "O(sqrt(N)), N: elements; O(1) at both ends",
    syntax: "key:key index:integer",
    execute: lindex,
  },
  {
    ...readFacts,
    name: "lrange",
    arity: 4,
    summary: "The elements of a list between two indexes, both included.",
    since: "1.0.0",
    complexity: "O(sqrt(N)+M), N: elements, M: those in the range",
    syntax: "key:key start:integer stop:integer",
    execute: lrange,
  },
  {
    ...readFacts,
    name: "lpos",
    arity: -3,
    summary: "The indexes of elements that equal a given one.",
    since: "6.0.6",
    complexity: "O(N), N: elements looked at",
    syntax:
      "key:key element:string [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
    execute: lpos,
  },
];
