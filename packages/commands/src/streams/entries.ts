/** Entries read out of a stream, and how replies show them. */

import { formatStreamId, type StreamId, type StreamView } from "@redoubt/keyspace";
import type { ReplyWriter } from "@redoubt/resp";

export interface Entry {
  readonly id: StreamId;
  /** Names and values in turn; null: pending for a consumer, and no longer in the stream. */
  readonly fields: readonly string[] | null;
}

/** Upward, both ends included; `countMax` 0: all. */
export function entriesUp(
  stream: StreamView,
  first: StreamId,
  last: StreamId,
  countMax: number,
): Entry[] {
  const entries: Entry[] = [];
  stream.forEachUp(first, (id, fields) => {
    if (id > last) return false;
    entries.push({ id, fields });
    return entries.length !== countMax;
  });
  return entries;
}

/** Downward from `last`, both ends included; `countMax` 0: all. */
export function entriesDown(
  stream: StreamView,
  first: StreamId,
  last: StreamId,
  countMax: number,
): Entry[] {
  const entries: Entry[] = [];
  stream.forEachDown(last, (id, fields) => {
    if (id < first) return false;
    entries.push({ id, fields });
    return entries.length !== countMax;
  });
  return entries;
}

export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.bulk(formatStreamId(id));
}

export function replyIds(reply: ReplyWriter, ids: readonly StreamId[]): void {
  reply.array(ids.length);
  for (const id of ids) replyId(reply, id);
}

export function replyEntry(reply: ReplyWriter, { id, fields }: Entry): void {
  reply.array(2);
  replyId(reply, id);
  if (fields === null) {
    reply.nullArray();
    return;
  }
  reply.array(fields.length);
  for (const text of fields) reply.bulk(text);
}

export function replyEntries(reply: ReplyWriter, entries: readonly Entry[]): void {
  reply.array(entries.length);
  for (const entry of entries) replyEntry(reply, entry);
}
