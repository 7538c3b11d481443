/** What deliveries, claims and acknowledgements leave in a group. */

import { asStream, type ConsumerView, type StreamId } from "@redoubt/keyspace";
import type { CommandContext } from "../types.js";

/** Entries that are pending for the consumer from now on, each with its number of deliveries. */
export function deliverCounted(
  context: CommandContext,
  key: string,
  group: string,
  consumer: string,
  deliveryMs: number,
  counts: ReadonlyMap<StreamId, number>,
): void {
  const byCount = new Map<number, StreamId[]>();
  for (const [id, count] of counts) {
    const ids = byCount.get(count);
    if (ids === undefined) byCount.set(count, [id]);
    else ids.push(id);
  }
  for (const [deliveryCount, ids] of byCount) {
    context.txn.streams.deliver(key, group, { consumer, deliveryMs, deliveryCount, ids });
  }
}

/** The consumer, which exists, was seen now; `isActive`: it got entries, too. */
export function touchConsumer(
  context: CommandContext,
  key: string,
  group: string,
  consumer: string,
  isActive: boolean,
): void {
  const { txn } = context;
  const known = consumerAt(context, key, group, consumer);
  if (known === undefined) return;
  const activeMs = isActive ? txn.nowMs : known.activeMs;
  if (known.seenMs === txn.nowMs && known.activeMs === activeMs) return;
  txn.streams.setConsumerTimes(key, group, consumer, txn.nowMs, activeMs);
}

function consumerAt(
  context: CommandContext,
  key: string,
  group: string,
  consumer: string,
): ConsumerView | undefined {
  const value = context.txn.get(key);
  const stream = value === undefined ? undefined : asStream(value);
  return stream?.group(group)?.consumer(consumer);
}
