/**
 * When consumers of a stream got their last entries: what RDB 10 has no place for. It stands in an AUX field directly in
 * front of the key's record, where Redis passes it over:
 *
 *   times, in the order in which the record has groups and their consumers, in decimal, by commas
 *
 * Redis 7.2 takes the time at which a consumer was seen for it in such a file: there is no field where that is right.
 */

import type { Value } from "../value.js";
import { NEVER_ACTIVE } from "../values/consumer-group.js";
import { Stream } from "../values/stream.js";
import type { RestoredStream } from "./types.js";

export const ACTIVE_TIMES_FIELD = "redoubt-active-times";

/** Characters of a time of 2^53 - 1, and a comma. */
const TIME_LENGTH_MAX = 17;

/** Null: the record says everything. */
export function activeTimesText(value: Value): string | null {
  if (!(value instanceof Stream) || value.groupCount === 0) return null;
  const times: number[] = [];
  let isImplied = true;
  value.forEachGroup((group) => {
    group.forEachConsumer(({ seenMs, activeMs }) => {
      times.push(activeMs);
      isImplied &&= activeMs === seenMs;
    });
  });
  return isImplied ? null : times.join();
}

/** Null: the text is not of this stream. */
export function withActiveTimes(stream: RestoredStream, text: string): RestoredStream | null {
  const consumers = stream.groups.reduce((sum, group) => sum + group.consumers.length, 0);
  if (text.length > consumers * TIME_LENGTH_MAX) return null;
  const times = text.split(",").map(timeOf);
  let at = 0;
  const groups = stream.groups.map((group) => ({
    ...group,
    consumers: group.consumers.map((consumer) => ({ ...consumer, activeMs: times[at++] ?? 0 })),
  }));
  return at === times.length && !times.includes(Number.NaN) ? { ...stream, groups } : null;
}

function timeOf(text: string): number {
  const time = Number(text);
  const isTime = Number.isSafeInteger(time) && time >= NEVER_ACTIVE && String(time) === text;
  return isTime ? time : Number.NaN;
}
