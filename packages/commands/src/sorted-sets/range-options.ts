/** The grammar of ZRANGE, which its relatives share: each has a part of the options in its name already. */

import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import type { CommandContext } from "../types.js";
import { integerArgument, optionArgument } from "../values.js";
import { type Bounds, boundsArguments } from "./ranges.js";

/** What a command's name says; null: its options say it. */
export interface RangeForm {
  readonly by: Bounds["by"] | null;
  readonly reverse: boolean | null;
  /** Scores can be asked for. */
  readonly takesScores: boolean;
}

export interface RangeRequest {
  readonly bounds: Bounds;
  readonly reverse: boolean;
  /** Entries to skip; negative: there is nothing behind them, as in Redis. */
  readonly offset: number;
  /** Negative: all. */
  readonly limit: number;
  readonly withScores: boolean;
}

interface RangeOptions {
  by: Bounds["by"] | null;
  reverse: boolean | null;
  offset: number;
  limit: number;
  withScores: boolean;
}

/** Bounds at argument `start` and the one behind it, then options. Null: the error was replied. */
export function parseRange(
  context: CommandContext,
  start: number,
  form: RangeForm,
): RangeRequest | null {
  const options = parseOptions(context, start + 2, form);
  if (options === null) return null;
  const by = options.by ?? "rank";
  const reverse = options.reverse ?? false;
  if (by === "rank" && options.limit !== -1) return refuse(context, errors.limitByRank);
  if (by === "lex" && options.withScores) return refuse(context, errors.scoresByLex);
  // From the highest on, the greater bound is written first.
  const isSwapped = reverse && by !== "rank";
  const [min, max] = isSwapped ? [start + 1, start] : [start, start + 1];
  const bounds = boundsArguments(context, by, min, max);
  if (bounds === null) return null;
  const { limit, withScores } = options;
  // A limit of -1 is none, by rank too: then what it would skip does not count.
  const offset = by === "rank" ? 0 : options.offset;
  return { bounds, reverse, offset, limit, withScores };
}

function parseOptions(
  context: CommandContext,
  start: number,
  form: RangeForm,
): RangeOptions | null {
  const { by, reverse } = form;
  const options: RangeOptions = { by, reverse, offset: 0, limit: -1, withScores: false };
  const { length } = context.argv;
  for (let at = start; at < length; at++) {
    const word = optionArgument(context, at);
    if (word === "LIMIT" && at + 2 < length) {
      const offset = integerArgument(context, at + 1);
      if (offset === null) return null;
      const limit = integerArgument(context, at + 2);
      if (limit === null) return null;
      options.offset = clampToSafe(offset);
      options.limit = clampToSafe(limit);
      at += 2;
    } else if (!takeWord(options, word, form.takesScores)) {
      return refuse(context, errors.syntax);
    }
  }
  return options;
}

/** False: it is out of place. */
function takeWord(options: RangeOptions, word: string, takesScores: boolean): boolean {
  if (word === "WITHSCORES" && takesScores) {
    options.withScores = true;
    return true;
  }
  if (word === "REV" && options.reverse === null) {
    options.reverse = true;
    return true;
  }
  if ((word === "BYSCORE" || word === "BYLEX") && options.by === null) {
    options.by = word === "BYSCORE" ? "score" : "lex";
    return true;
  }
  return false;
}

function refuse(context: CommandContext, error: string): null {
  context.reply.error(error);
  return null;
}
