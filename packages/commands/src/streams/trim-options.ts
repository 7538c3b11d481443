/** MAXLEN and MINID of XADD and XTRIM: the grammar, and how long they leave a stream. */

import { STREAM_ID_MIN, type StreamId, type StreamView } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import type { CommandContext } from "../types.js";
import { integerArgument, optionArgument } from "../values.js";
import { idArgument } from "./ids.js";
import { cText, streamErrors } from "./texts.js";

/** Entries that `~` removes at most when LIMIT is not given: Redis's 100 nodes of 100 entries. */
const LIMIT_DEFAULT = 10_000;

export interface TrimOptions {
  strategy: "none" | "maxlen" | "minid";
  /** MAXLEN: entries that stay. */
  length: number;
  /** MINID: the lowest id that may stay. */
  minId: StreamId;
  /** `~`: only whole chunks go. */
  approximate: boolean;
  /** LIMIT: entries that may go at once, 0: all; null: not given. */
  limit: number | null;
  /** XADD without NOMKSTREAM: makes the stream when it is missing. */
  create: boolean;
  /** The first argument that is none of these: XADD's id, unless there is no more. */
  end: number;
}

/** From argument 2 on, without what `settleTrim` checks. Null: the error was replied. */
export function parseTrimOptions(context: CommandContext, ofAdd: boolean): TrimOptions | null {
  const { argv } = context;
  const options: TrimOptions = {
    strategy: "none",
    length: 0,
    minId: STREAM_ID_MIN,
    approximate: false,
    limit: null,
    create: true,
    end: 2,
  };
  while (options.end < argv.length) {
    const word = optionArgument(context, options.end);
    const hasMore = options.end + 1 < argv.length;
    let isTaken = true;
    if (hasMore && (word === "MAXLEN" || word === "MINID")) {
      isTaken = takeThreshold(context, options, word);
    } else if (hasMore && word === "LIMIT") {
      isTaken = takeLimit(context, options);
    } else if (ofAdd && word === "NOMKSTREAM") {
      options.create = false;
      options.end += 1;
    } else if (ofAdd) {
      return options;
    } else {
      context.reply.error(errors.syntax);
      isTaken = false;
    }
    if (!isTaken) return null;
  }
  return options;
}

/** False: the error was replied. */
function takeThreshold(
  context: CommandContext,
  options: TrimOptions,
  word: "MAXLEN" | "MINID",
): boolean {
  const { argv, reply } = context;
  if (options.strategy !== "none") {
    reply.error(streamErrors.trimTwice);
    return false;
  }
  let at = options.end + 1;
  const operator = at + 1 < argv.length ? cText(argv[at]!) : "";
  if (operator === "~" || operator === "=") {
    options.approximate = operator === "~";
    at += 1;
  }
  options.end = at + 1;
  if (word === "MINID") {
    const id = idArgument(context, at);
    if (id === null) return false;
    options.strategy = "minid";
    options.minId = id;
    return true;
  }
  const length = integerArgument(context, at);
  if (length === null) return false;
  if (length < 0) {
    reply.error(streamErrors.maxlenNegative);
    return false;
  }
  options.strategy = "maxlen";
  options.length = clampToSafe(length);
  return true;
}

/** False: the error was replied. */
function takeLimit(context: CommandContext, options: TrimOptions): boolean {
  const limit = integerArgument(context, options.end + 1);
  if (limit === null) return false;
  if (limit < 0) {
    context.reply.error(streamErrors.limitNegative);
    return false;
  }
  options.limit = clampToSafe(limit);
  options.end += 2;
  return true;
}

/** What Redis checks of the options together, after all were read. False: the error was replied. */
export function settleTrim(context: CommandContext, options: TrimOptions, ofAdd: boolean): boolean {
  const { strategy, limit, approximate } = options;
  let refusal: string | null = null;
  if (strategy === "none" && limit !== null && limit > 0) {
    refusal = streamErrors.limitWithoutTrim;
  } else if (strategy === "none" && !ofAdd) {
    refusal = streamErrors.trimMissing;
  } else if (limit !== null && !approximate) {
    refusal = streamErrors.limitOfExact;
  }
  if (refusal !== null) context.reply.error(refusal);
  return refusal === null;
}

/** Trims the stream, which exists; returns how many entries went. */
export function trimStream(
  context: CommandContext,
  key: string,
  stream: StreamView,
  options: TrimOptions,
): number {
  const count = surplus(stream, options);
  if (count > 0) context.txn.streams.trim(key, stream.length - count);
  return count;
}

function surplus(stream: StreamView, options: TrimOptions): number {
  const { strategy, length, minId, approximate } = options;
  const limit = options.limit ?? LIMIT_DEFAULT;
  switch (strategy) {
    case "none":
      return 0;
    case "maxlen":
      if (approximate) return stream.countOverInChunks(length, limit);
      return Math.max(stream.length - length, 0);
    case "minid":
      return approximate ? stream.countBelowInChunks(minId, limit) : stream.countBelow(minId);
  }
}
