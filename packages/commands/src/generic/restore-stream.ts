/** Builds a stream, with its groups, at a key that is missing. */

import {
  NEVER_ACTIVE,
  type RestoredConsumer,
  type RestoredEntry,
  type RestoredGroup,
  type RestoredPending,
  type RestoredStream,
  STREAM_ID_MIN,
  streamIdOf,
  type Txn,
} from "@redoubt/keyspace";
import { RESTORE_PIECE_ELEMENTS_MAX } from "../constants.js";

type Streams = Txn["streams"];

/** Of an entry that does not stay. */
const NO_FIELDS: readonly string[] = ["", ""];

export function restoreStream(streams: Streams, key: string, restored: RestoredStream): void {
  const { entries, lastId, entriesAdded, maxDeletedId } = restored;
  const gone = goneButPending(restored);
  const passing = gone.map((id) => ({ id, fields: NO_FIELDS }));
  for (const { id, fields } of [...entries, ...passing].sort(byId)) streams.append(key, id, fields);
  if (entries.length + gone.length === 0) {
    // Only an entry makes a stream without groups: one that is trimmed again. A deletion would leave its id, which
    // no XSETID takes back.
    streams.append(key, streamIdOf(0, 1), NO_FIELDS);
    streams.trim(key, 0);
  }
  for (const group of restored.groups) restoreGroup(streams, key, group);
  if (maxDeletedId !== STREAM_ID_MIN) {
    streams.delete(key, gone);
  } else {
    // Trimmed is what lies before all entries: it leaves no deleted id. What lies between them was deleted, also where
    // nobody wrote it down (payloads of Redis before 7.0).
    const first = entries[0]?.id;
    if (first !== undefined)
      streams.delete(
        key,
        gone.filter((id) => id > first),
      );
    streams.trim(key, entries.length);
  }
  streams.setIds(key, lastId, entriesAdded, maxDeletedId);
}

/**
 * Ids that are pending though their entries were deleted. They are there while they are delivered: Redis claims
 * nothing else, so that a server which is told the effects would not have them.
 */
function goneButPending({ entries, groups }: RestoredStream): string[] {
  const gone = new Set<string>();
  for (const { consumers } of groups) {
    for (const { pending } of consumers) for (const { id } of pending) gone.add(id);
  }
  for (const { id } of entries) gone.delete(id);
  gone.delete(STREAM_ID_MIN);
  return [...gone].sort();
}

function byId(a: RestoredEntry, b: RestoredEntry): number {
  return a.id < b.id ? -1 : 1;
}

function restoreGroup(streams: Streams, key: string, group: RestoredGroup): void {
  streams.createGroup(key, group.name, group.lastDeliveredId, group.entriesRead);
  for (const consumer of group.consumers) {
    const { name, seenMs, activeMs } = consumer;
    streams.createConsumer(key, group.name, name, seenMs);
    if (activeMs !== NEVER_ACTIVE) {
      streams.setConsumerTimes(key, group.name, name, seenMs, activeMs);
    }
    deliverAll(streams, key, group.name, consumer);
  }
}

/** Neighbours that were delivered together go into one effect. */
function deliverAll(
  streams: Streams,
  key: string,
  group: string,
  { name, pending }: RestoredConsumer,
): void {
  for (let from = 0; from < pending.length; ) {
    const first = pending[from]!;
    let to = from + 1;
    while (to < pending.length && to - from < RESTORE_PIECE_ELEMENTS_MAX) {
      if (!isTogether(first, pending[to]!)) break;
      to++;
    }
    const { deliveryMs, deliveryCount } = first;
    const ids = pending.slice(from, to).map(({ id }) => id);
    streams.deliver(key, group, { consumer: name, deliveryMs, deliveryCount, ids });
    from = to;
  }
}

function isTogether(a: RestoredPending, b: RestoredPending): boolean {
  return a.deliveryMs === b.deliveryMs && a.deliveryCount === b.deliveryCount;
}
