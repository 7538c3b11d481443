/** Bounds of a range of a sorted set, as arguments and as ranks: by rank, by score or by member. */

import type { LexBound, LexRange, RankRange, ScoreRange, SortedSetView } from "@redoubt/keyspace";
import { parseBoundDouble } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument } from "../values.js";

export type Bounds =
  | { readonly by: "rank"; readonly start: number; readonly last: number }
  | { readonly by: "score"; readonly range: ScoreRange }
  | { readonly by: "lex"; readonly range: LexRange };

const lowest: LexBound = { kind: "lowest", member: "" };
const highest: LexBound = { kind: "highest", member: "" };
const none: RankRange = { first: 0, count: 0 };

/** Arguments `min` and `max`, whichever of them comes first. Null: the error was replied. */
export function boundsArguments(
  context: CommandContext,
  by: Bounds["by"],
  min: number,
  max: number,
): Bounds | null {
  switch (by) {
    case "rank":
      return rankBounds(context, min, max);
    case "score":
      return scoreBounds(context, min, max);
    case "lex":
      return lexBounds(context, min, max);
  }
}

/** Ranks count from the other end when `reverse`; the result counts from the lowest score in any case. */
export function ranksIn(set: SortedSetView, bounds: Bounds, reverse: boolean): RankRange {
  switch (bounds.by) {
    case "rank":
      return ranksBetween(set.size, bounds.start, bounds.last, reverse);
    case "score":
      return set.ranksOfScores(bounds.range);
    case "lex":
      return set.ranksOfMembers(bounds.range);
  }
}

function rankBounds(context: CommandContext, startIndex: number, lastIndex: number): Bounds | null {
  const start = integerArgument(context, startIndex);
  if (start === null) return null;
  const last = integerArgument(context, lastIndex);
  if (last === null) return null;
  return { by: "rank", start: clampToSafe(start), last: clampToSafe(last) };
}

/** Negative ranks count from the end. */
function ranksBetween(size: number, start: number, last: number, reverse: boolean): RankRange {
  const from = Math.max(start < 0 ? start + size : start, 0);
  const to = Math.min(last < 0 ? last + size : last, size - 1);
  if (from > to) return none;
  return { first: reverse ? size - 1 - to : from, count: to - from + 1 };
}

function scoreBounds(context: CommandContext, minIndex: number, maxIndex: number): Bounds | null {
  const minText = keyArgument(context, minIndex);
  const maxText = keyArgument(context, maxIndex);
  const minExclusive = minText.startsWith("(");
  const maxExclusive = maxText.startsWith("(");
  const min = parseBoundDouble(minExclusive ? minText.slice(1) : minText);
  const max = parseBoundDouble(maxExclusive ? maxText.slice(1) : maxText);
  if (Number.isNaN(min) || Number.isNaN(max)) {
    context.reply.error(errors.rangeNotFloat);
    return null;
  }
  return { by: "score", range: { min, max, minExclusive, maxExclusive } };
}

function lexBounds(context: CommandContext, minIndex: number, maxIndex: number): Bounds | null {
  const min = lexBound(context.argv[minIndex]!);
  const max = lexBound(context.argv[maxIndex]!);
  if (min === null || max === null) {
    context.reply.error(errors.rangeNotLex);
    return null;
  }
  return { by: "lex", range: { min, max } };
}

/** `[member`, `(member`, `-`, `+`; behind the last two only a NUL may follow. Null: none of these. */
function lexBound(argument: Buffer): LexBound | null {
  const text = latin1(argument);
  switch (text[0]) {
    case "[":
      return { kind: "inclusive", member: text.slice(1) };
    case "(":
      return { kind: "exclusive", member: text.slice(1) };
    case "-":
      return text.length === 1 || text[1] === "\0" ? lowest : null;
    case "+":
      return text.length === 1 || text[1] === "\0" ? highest : null;
    default:
      return null;
  }
}
