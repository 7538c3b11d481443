/**
 * How many entries a group has read and how many lie ahead of it, when Redis can tell (XINFO GROUPS,
 * "lag"; XREADGROUP). Entries are counted from the first one ever added, removed ones included; the
 * count at an id is told only where no XDEL can have left a gap.
 */

import { type ConsumerGroup, ENTRIES_READ_UNKNOWN } from "./consumer-group.js";
import type { Stream } from "./stream.js";
import { STREAM_ID_MIN, type StreamId } from "./stream-id.js";

type StreamCounters = Pick<
  Stream,
  "length" | "firstId" | "lastId" | "maxDeletedId" | "entriesAdded"
>;
type GroupPosition = Pick<ConsumerGroup, "entriesRead" | "lastDeliveredId">;

/** Entries not yet delivered to the group; undefined: can't be told. Negative after odd settings. */
export function groupLag(stream: StreamCounters, group: GroupPosition): number | undefined {
  if (stream.entriesAdded === 0) {
    return 0;
  }
  const { entriesRead, lastDeliveredId } = group;
  if (entriesRead !== ENTRIES_READ_UNKNOWN && !mayHaveGapFrom(stream, lastDeliveredId)) {
    return stream.entriesAdded - entriesRead;
  }
  const counted = entriesUpTo(stream, lastDeliveredId);
  return counted === ENTRIES_READ_UNKNOWN ? undefined : stream.entriesAdded - counted;
}

/** `entriesRead` of a group that is given the entry `id`, which lies above its lastDeliveredId. */
export function entriesReadWith(stream: StreamCounters, entriesRead: number, id: StreamId): number {
  if (entriesRead !== ENTRIES_READ_UNKNOWN && !mayHaveGapFrom(stream, id)) {
    return entriesRead + 1;
  }
  return stream.entriesAdded === 0 ? entriesRead : entriesUpTo(stream, id);
}

/** Entries ever added up to and with `id`, or ENTRIES_READ_UNKNOWN. */
export function entriesUpTo(stream: StreamCounters, id: StreamId): number {
  const { entriesAdded, firstId, lastId, length } = stream;
  if (entriesAdded === 0) {
    return 0;
  }
  if (id === lastId || (length === 0 && id < lastId)) {
    return entriesAdded;
  }
  if (id > firstId || mayHaveGap(stream)) {
    return ENTRIES_READ_UNKNOWN;
  }
  return entriesAdded - length + (id === firstId ? 1 : 0);
}

function mayHaveGapFrom(stream: StreamCounters, id: StreamId): boolean {
  return mayHaveGap(stream) && id <= stream.maxDeletedId;
}

/** An entry was removed from between others. */
function mayHaveGap({ length, firstId, maxDeletedId }: StreamCounters): boolean {
  return length > 0 && maxDeletedId !== STREAM_ID_MIN && maxDeletedId >= firstId;
}
