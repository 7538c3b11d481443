/** Ids as arguments: alone, as ends of a range, with the signs that some commands give a meaning. */

import {
  nextStreamId,
  parseStreamId,
  previousStreamId,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamId,
} from "@redoubt/keyspace";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { streamErrors } from "./texts.js";

/** Characters of the longest text that is looked at as an id. */
const ID_TEXT_MAX = 127;

/** A whole id or one without sequence number, which is 0 then. Null: the error was replied. */
export function idArgument(context: CommandContext, index: number): StreamId | null {
  const id = parseStreamId(latin1(context.argv[index]!), "first");
  if (id !== undefined) return id;
  context.reply.error(streamErrors.invalidId);
  return null;
}

/** The arguments from `start` on. Null: one of them is no id, and the error was replied. */
export function idArguments(context: CommandContext, start: number): StreamId[] | null {
  const ids: StreamId[] = [];
  for (let i = start; i < context.argv.length; i++) {
    const id = idArgument(context, i);
    if (id === null) return null;
    ids.push(id);
  }
  return ids;
}

/** The low end of a range, `-` and `(id` included. Null: the error was replied. */
export function startArgument(context: CommandContext, index: number): StreamId | null {
  const text = latin1(context.argv[index]!);
  const exclusive = isExclusive(text);
  const id = rangeEnd(context, exclusive ? text.slice(1) : text, exclusive, "first");
  if (id === null || !exclusive) return id;
  return orRefusal(context, nextStreamId(id), streamErrors.invalidStart);
}

/** The high end of a range, `+` and `(id` included. Null: the error was replied. */
export function endArgument(context: CommandContext, index: number): StreamId | null {
  const text = latin1(context.argv[index]!);
  const exclusive = isExclusive(text);
  const id = rangeEnd(context, exclusive ? text.slice(1) : text, exclusive, "last");
  if (id === null || !exclusive) return id;
  return orRefusal(context, previousStreamId(id), streamErrors.invalidEnd);
}

/** An id, or `-` or `+`. Null: the error was replied. */
export function looseIdArgument(context: CommandContext, index: number): StreamId | null {
  return rangeEnd(context, latin1(context.argv[index]!), false, "first");
}

function rangeEnd(
  context: CommandContext,
  text: string,
  strict: boolean,
  missingSeq: "first" | "last",
): StreamId | null {
  // As in Redis, what stands behind a NUL is not looked at, but not endless.
  if (!strict && /^[-+](?:$|\0)/.test(text) && text.length <= ID_TEXT_MAX) {
    return text.startsWith("-") ? STREAM_ID_MIN : STREAM_ID_MAX;
  }
  return orRefusal(context, parseStreamId(text, missingSeq), streamErrors.invalidId);
}

function isExclusive(text: string): boolean {
  return text.length > 1 && text.startsWith("(");
}

function orRefusal(context: CommandContext, id: StreamId | undefined, text: string) {
  if (id !== undefined) return id;
  context.reply.error(text);
  return null;
}
