/** What XCLAIM and XAUTOCLAIM collect before they change the group: a view must stay while it is walked. */

import type { ConsumerGroupView, StreamId, StreamView } from "@redoubt/keyspace";
import type { CommandContext } from "../types.js";
import { deliverCounted, touchConsumer } from "./deliveries.js";
import { type Entry, replyEntries, replyIds } from "./entries.js";

export class Claims {
  private readonly context: CommandContext;
  private readonly key: string;
  private readonly stream: StreamView;
  private readonly group: ConsumerGroupView;
  private readonly consumer: string;
  /** Deliveries of each entry that was taken. */
  private readonly counts = new Map<StreamId, number>();
  /** In order; an id that was asked for twice is taken twice. */
  private readonly taken: StreamId[] = [];
  private readonly dropped = new Set<StreamId>();

  constructor(
    context: CommandContext,
    key: string,
    stream: StreamView,
    group: ConsumerGroupView,
    consumer: string,
  ) {
    this.context = context;
    this.key = key;
    this.stream = stream;
    this.group = group;
    this.consumer = consumer;
  }

  /** As it is after what was taken, with `deliveryMs`, and dropped. */
  pending(
    id: StreamId,
    deliveryMs: number,
  ): { readonly deliveryMs: number; readonly deliveryCount: number } | undefined {
    if (this.dropped.has(id)) return undefined;
    const deliveryCount = this.counts.get(id);
    return deliveryCount === undefined
      ? this.group.pendingEntry(id)
      : { deliveryMs, deliveryCount };
  }

  take(id: StreamId, deliveryCount: number): void {
    this.counts.set(id, deliveryCount);
    this.taken.push(id);
  }

  /** It is pending, but no longer in the stream. */
  drop(id: StreamId): void {
    this.dropped.add(id);
  }

  get droppedIds(): readonly StreamId[] {
    return [...this.dropped];
  }

  /** Carries it out. The consumer is made even when it gets nothing. */
  finish(deliveryMs: number): void {
    const { context, key, consumer, counts, dropped } = this;
    const { streams, nowMs } = context.txn;
    const { name } = this.group;
    const isNew = this.group.consumer(consumer) === undefined;
    if (isNew) streams.createConsumer(key, name, consumer, nowMs);
    if (dropped.size > 0) streams.acknowledge(key, name, [...dropped]);
    if (counts.size === 0) return;
    deliverCounted(context, key, name, consumer, deliveryMs, counts);
    touchConsumer(context, key, name, consumer, true);
  }

  replyClaimed(justId: boolean): void {
    const { reply } = this.context;
    if (justId) {
      replyIds(reply, this.taken);
      return;
    }
    const entries = this.taken.map((id): Entry => ({ id, fields: this.stream.get(id) ?? null }));
    replyEntries(reply, entries);
  }
}
