/** What the commands of lists share: which end is meant, ranges of indexes, elements in a reply. */

import type { ListEnd, ListView } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { clampToSafe, type Integer } from "../numbers/int64.js";
import type { CommandContext } from "../types.js";
import { bulkOf, optionArgument } from "../values.js";

/** LEFT or RIGHT. Null: the error was replied. */
export function endArgument(context: CommandContext, index: number): ListEnd | null {
  const word = optionArgument(context, index);
  if (word === "LEFT") return "head";
  if (word === "RIGHT") return "tail";
  context.reply.error(errors.syntax);
  return null;
}

/** Indexes count from the head, negative ones from behind the tail; a result below 0 is before the head. */
export function absoluteIndex(index: Integer, length: number): number {
  const safe = clampToSafe(index);
  return safe < 0 ? length + safe : safe;
}

/** Of a range with both ends inclusive: refilled by each call. `count` 0: nothing is in it. */
const range = { start: 0, count: 0 };

export function clampRange(
  startIndex: Integer,
  stopIndex: Integer,
  length: number,
): Readonly<typeof range> {
  const start = Math.max(absoluteIndex(startIndex, length), 0);
  const stop = Math.min(absoluteIndex(stopIndex, length), length - 1);
  range.count = Math.max(stop - start + 1, 0);
  range.start = range.count === 0 ? 0 : start;
  return range;
}

/** An array of `count` elements from `start` on, toward the tail or the head; all are there. */
export function replyElements(
  context: CommandContext,
  list: ListView,
  start: number,
  count: number,
  direction: 1 | -1,
): void {
  context.reply.array(count);
  if (count === 0) return;
  let rest = count;
  context.reply.bulks(count, (add) => {
    list.forEachFrom(start, direction, (value) => {
      add(bulkOf(value));
      rest -= 1;
      return rest > 0;
    });
  });
}
