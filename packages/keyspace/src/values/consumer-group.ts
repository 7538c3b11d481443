/**
 * One consumer group of a stream: how far it has read, its consumers, and what was delivered and not
 * acknowledged, ordered by id for the group and for each consumer.
 *
 *   consumers   name -> Consumer, in byte order of names (as XINFO lists them)
 *   pending     id -> PendingEntry <- id   the consumer's own pending: the same object
 *
 * Every mutation is absolute and its inverse is another one:
 *   setPosition                     itself
 *   createConsumer                  detachConsumer
 *   detachConsumer                  attachConsumer (with its pending entries)
 *   setConsumerTimes                itself
 *   setPending (new)                removePending
 *   setPending (replacing), removePending    setPending with what pendingEntry told before
 * Iteration is by id or name: a scan is resumed by the last one seen, whatever has changed since. A group is
 * let go of by dropping the reference; only detachConsumer visits all that a consumer has, as Redis does.
 */

import { assert } from "../assert.js";
import {
  CONSUMER_BYTES,
  CONSUMER_GROUP_BYTES,
  latin1Bytes,
  ORDERED_SLOT_BYTES,
  PENDING_ENTRY_BYTES,
} from "../memory.js";
import { OrderedMap } from "./ordered-map.js";
import { STREAM_ID_MIN, type StreamId } from "./stream-id.js";

/** `entriesRead` of a group whose logical read counter can't be told. */
export const ENTRIES_READ_UNKNOWN = -1;
/** `activeMs` of a consumer that never got an entry. */
export const NEVER_ACTIVE = -1;

/** Delivered, not acknowledged. The entry itself may be gone from the stream. */
export class PendingEntry {
  consumer: Consumer;
  /** Of the latest delivery, milliseconds since the epoch. */
  deliveryMs: number;
  deliveryCount: number;

  constructor(consumer: Consumer, deliveryMs: number, deliveryCount: number) {
    this.consumer = consumer;
    this.deliveryMs = deliveryMs;
    this.deliveryCount = deliveryCount;
  }
}

export class Consumer {
  readonly name: string;
  /** Of the latest attempt (XREADGROUP, XCLAIM, XAUTOCLAIM), milliseconds since the epoch. */
  seenMs: number;
  /** Of the latest attempt that got an entry, or NEVER_ACTIVE. */
  activeMs: number;
  /** Changed by the group alone. */
  readonly pending = new OrderedMap<PendingEntry>();

  constructor(name: string, seenMs: number, activeMs: number) {
    this.name = name;
    this.seenMs = seenMs;
    this.activeMs = activeMs;
  }
}

/** What a group belongs to, and tells its growth. */
export interface GroupHolder {
  groupBytes: number;
}

export class ConsumerGroup {
  readonly name: string;
  private lastId: StreamId;
  private read: number;
  private readonly consumerMap = new OrderedMap<Consumer>();
  private readonly pendingMap = new OrderedMap<PendingEntry>();
  private bytes: number;
  private holder: GroupHolder | null = null;

  constructor(name: string, lastDeliveredId: StreamId, entriesRead: number) {
    this.name = name;
    this.lastId = lastDeliveredId;
    this.read = entriesRead;
    this.bytes = CONSUMER_GROUP_BYTES + ORDERED_SLOT_BYTES + latin1Bytes(name);
  }

  get memoryBytes(): number {
    return this.bytes;
  }

  get lastDeliveredId(): StreamId {
    return this.lastId;
  }

  /** Entries of the stream ever delivered, deleted ones included, or ENTRIES_READ_UNKNOWN. */
  get entriesRead(): number {
    return this.read;
  }

  get pendingCount(): number {
    return this.pendingMap.size;
  }

  get consumerCount(): number {
    return this.consumerMap.size;
  }

  setPosition(lastDeliveredId: StreamId, entriesRead: number): void {
    assert(
      Number.isSafeInteger(entriesRead) && entriesRead >= ENTRIES_READ_UNKNOWN,
      "a counter is a whole number or unknown",
    );
    this.lastId = lastDeliveredId;
    this.read = entriesRead;
  }

  consumer(name: string): Consumer | undefined {
    return this.consumerMap.get(name);
  }

  /** There is no consumer of that name. */
  createConsumer(name: string, seenMs: number, activeMs: number): void {
    this.attachConsumer(new Consumer(name, seenMs, activeMs));
  }

  /** The consumer exists. */
  setConsumerTimes(name: string, seenMs: number, activeMs: number): void {
    const consumer = this.existing(name);
    consumer.seenMs = seenMs;
    consumer.activeMs = activeMs;
  }

  /** Removes a consumer and its pending entries, which stay with it. */
  detachConsumer(name: string): Consumer {
    const consumer = this.consumerMap.remove(name);
    consumer.pending.forEach((_entry, id) => {
      this.pendingMap.remove(id);
    });
    this.grow(-consumerBytes(consumer));
    return consumer;
  }

  /** The inverse of detachConsumer: none of its entries is pending, there is no consumer of its name. */
  attachConsumer(consumer: Consumer): void {
    this.consumerMap.insert(consumer.name, consumer);
    consumer.pending.forEach((entry, id) => {
      this.pendingMap.insert(id, entry);
    });
    this.grow(consumerBytes(consumer));
  }

  /** The live entry: it changes with the group. */
  pendingEntry(id: StreamId): PendingEntry | undefined {
    return this.pendingMap.get(id);
  }

  /** Makes the entry pending, or gives it to another consumer, or changes its delivery. */
  setPending(id: StreamId, consumerName: string, deliveryMs: number, deliveryCount: number): void {
    const consumer = this.existing(consumerName);
    const entry = this.pendingMap.get(id);
    if (entry === undefined) {
      const added = new PendingEntry(consumer, deliveryMs, deliveryCount);
      this.pendingMap.insert(id, added);
      consumer.pending.insert(id, added);
      this.grow(PENDING_ENTRY_BYTES);
      return;
    }
    if (entry.consumer !== consumer) {
      entry.consumer.pending.remove(id);
      consumer.pending.insert(id, entry);
      entry.consumer = consumer;
    }
    entry.deliveryMs = deliveryMs;
    entry.deliveryCount = deliveryCount;
  }

  /** The entry is pending. Returns it, detached. */
  removePending(id: StreamId): PendingEntry {
    const entry = this.pendingMap.remove(id);
    entry.consumer.pending.remove(id);
    this.grow(-PENDING_ENTRY_BYTES);
    return entry;
  }

  /** undefined: nothing is pending. */
  firstPendingId(): StreamId | undefined {
    return this.pendingMap.firstKey();
  }

  lastPendingId(): StreamId | undefined {
    return this.pendingMap.lastKey();
  }

  /** By id upward from `fromId`, until `visit` returns false. The group must not change meanwhile. */
  forEachPending(fromId: StreamId, visit: (id: StreamId, entry: PendingEntry) => boolean): void {
    this.pendingMap.forEachUp(fromId, visit);
  }

  /** By name. The group must not change meanwhile. */
  forEachConsumer(visit: (consumer: Consumer) => void): void {
    this.consumerMap.forEach(visit);
  }

  clone(): ConsumerGroup {
    const other = new ConsumerGroup(this.name, this.lastId, this.read);
    this.consumerMap.forEach(({ name, seenMs, activeMs }) => {
      other.createConsumer(name, seenMs, activeMs);
    });
    this.pendingMap.forEach((entry, id) => {
      other.setPending(id, entry.consumer.name, entry.deliveryMs, entry.deliveryCount);
    });
    return other;
  }

  /** null: the group is detached. */
  attachTo(holder: GroupHolder | null): void {
    if (this.holder !== null) {
      this.holder.groupBytes -= this.bytes;
    }
    this.holder = holder;
    if (holder !== null) {
      holder.groupBytes += this.bytes;
    }
  }

  /** For tests: the invariants, and the memory counted anew. */
  check(): void {
    this.consumerMap.check();
    this.pendingMap.check();
    let bytes = CONSUMER_GROUP_BYTES + ORDERED_SLOT_BYTES + latin1Bytes(this.name);
    let entries = 0;
    this.consumerMap.forEach((consumer) => {
      consumer.pending.check();
      consumer.pending.forEach((entry, id) => {
        assert(entry.consumer === consumer, "a pending entry knows its consumer");
        assert(this.pendingMap.get(id) === entry, "a consumer's pending entry is the group's");
      });
      entries += consumer.pending.size;
      bytes += consumerBytes(consumer);
    });
    assert(entries === this.pendingMap.size, "each pending entry belongs to one consumer");
    assert(bytes === this.bytes, "the group's memory is what its parts take");
    assert(this.lastId >= STREAM_ID_MIN, "a group has a position");
  }

  private existing(name: string): Consumer {
    const consumer = this.consumerMap.get(name);
    assert(consumer !== undefined, "the consumer exists");
    return consumer;
  }

  private grow(bytes: number): void {
    this.bytes += bytes;
    if (this.holder !== null) {
      this.holder.groupBytes += bytes;
    }
  }
}

function consumerBytes(consumer: Consumer): number {
  const own = CONSUMER_BYTES + ORDERED_SLOT_BYTES + latin1Bytes(consumer.name);
  return own + consumer.pending.size * PENDING_ENTRY_BYTES;
}
