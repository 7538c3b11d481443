/** Builds a stream, with its groups, at a key that is missing. */

import { NEVER_ACTIVE, type Txn } from "@redoubt/keyspace";
import { RESTORE_PIECE_ELEMENTS_MAX } from "../constants.js";
import { idOf } from "./stream-ids.js";
import type { RestoredConsumer, RestoredGroup, RestoredPending, RestoredStream } from "./types.js";

type Streams = Txn["streams"];

export function restoreStream(streams: Streams, key: string, restored: RestoredStream): void {
  const { entries, lastId, entriesAdded, maxDeletedId } = restored;
  if (entries.length === 0) {
    // Only an entry makes a stream without groups: one that is deleted again.
    const passing = idOf(0, 1);
    streams.append(key, passing, ["", ""]);
    streams.delete(key, [passing]);
  }
  for (const { id, fields } of entries) streams.append(key, id, fields);
  streams.setIds(key, lastId, entriesAdded, maxDeletedId);
  for (const group of restored.groups) restoreGroup(streams, key, group);
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
