/** Changes of streams and their groups. An empty stream stays. */

import { assert } from "../assert.js";
import { TIME_MS_MAX } from "../constants.js";
import * as groupEffects from "../effects/group-effects.js";
import * as effects from "../effects/stream-effects.js";
import type { ConsumerGroup } from "../values/consumer-group.js";
import { Stream } from "../values/stream.js";
import type { StreamId } from "../values/stream-id.js";
import type { EffectScope } from "./effect-scope.js";

export class Streams {
  private readonly scope: EffectScope;

  constructor(scope: EffectScope) {
    this.scope = scope;
  }

  /** To a stream or a key that is missing. The id is above the last one; `fields`: names and values in turn. */
  append(key: string, id: StreamId, fields: readonly string[]): void {
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof Stream, "an entry is appended to a stream");
    scope.beginEffect();
    effects.encodeAppend(scope.batch, key, id, fields);
    effects.append(scope.store, scope.journal, key, id, fields);
    scope.touched(key);
  }

  /** Returns how many of the entries were there. */
  delete(key: string, ids: readonly StreamId[]): number {
    const stream = this.existing(key);
    const found = [...new Set(ids)].filter((id) => stream.has(id));
    if (found.length === 0) return 0;
    const { scope } = this;
    scope.beginEffect();
    effects.encodeDelete(scope.batch, key, found);
    effects.remove(scope.store, scope.journal, key, found);
    scope.touched(key);
    return found.length;
  }

  /** Keeps the `length` entries with the greatest ids. */
  trim(key: string, length: number): void {
    const { scope } = this;
    assert(length >= 0, "a length is a whole number");
    if (length >= this.existing(key).length) return;
    scope.beginEffect();
    effects.encodeTrim(scope.batch, key, length);
    effects.trim(scope.store, scope.journal, key, length);
    scope.touched(key);
  }

  /** No entry is above `lastId`. */
  setIds(key: string, lastId: StreamId, entriesAdded: number, maxDeletedId: StreamId): void {
    const { scope } = this;
    this.existing(key);
    scope.beginEffect();
    effects.encodeSetIds(scope.batch, key, lastId, entriesAdded, maxDeletedId);
    effects.setIds(scope.store, scope.journal, key, lastId, entriesAdded, maxDeletedId);
    scope.touched(key);
  }

  /** Of a stream or a key that is missing; there is no such group. `entriesRead`: ENTRIES_READ_UNKNOWN or a count. */
  createGroup(key: string, group: string, lastDeliveredId: StreamId, entriesRead: number): void {
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof Stream, "a group belongs to a stream");
    scope.beginEffect();
    groupEffects.encodeCreate(scope.batch, key, group, lastDeliveredId, entriesRead);
    groupEffects.create(scope.store, scope.journal, key, group, lastDeliveredId, entriesRead);
    scope.touched(key);
  }

  setGroupPosition(
    key: string,
    group: string,
    lastDeliveredId: StreamId,
    entriesRead: number,
  ): void {
    const { scope } = this;
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeSetPosition(scope.batch, key, group, lastDeliveredId, entriesRead);
    groupEffects.setPosition(scope.store, scope.journal, key, group, lastDeliveredId, entriesRead);
    scope.touched(key);
  }

  destroyGroup(key: string, group: string): void {
    const { scope } = this;
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeDestroy(scope.batch, key, group);
    groupEffects.destroy(scope.store, scope.journal, key, group);
    scope.touched(key);
  }

  /** There is no such consumer. */
  createConsumer(key: string, group: string, consumer: string, seenMs: number): void {
    const { scope } = this;
    assertTime(seenMs);
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeCreateConsumer(scope.batch, key, group, consumer, seenMs);
    groupEffects.createConsumer(scope.store, scope.journal, key, group, consumer, seenMs);
    scope.touched(key);
  }

  /** The consumer exists; what is pending for it goes with it. */
  deleteConsumer(key: string, group: string, consumer: string): void {
    const { scope } = this;
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeDeleteConsumer(scope.batch, key, group, consumer);
    groupEffects.deleteConsumer(scope.store, scope.journal, key, group, consumer);
    scope.touched(key);
  }

  /** The consumer exists; the entries are pending for it from now on, whoever had them. */
  deliver(key: string, group: string, delivery: groupEffects.Delivery): void {
    const { scope } = this;
    assertTime(delivery.deliveryMs);
    assert(delivery.ids.length > 0, "something is delivered");
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeDeliver(scope.batch, key, group, delivery);
    groupEffects.deliver(scope.store, scope.journal, key, group, delivery);
    scope.touched(key);
  }

  /** Returns how many of the entries were pending. */
  acknowledge(key: string, group: string, ids: readonly StreamId[]): number {
    const { scope } = this;
    const known = this.existingGroup(key, group);
    const found = [...new Set(ids)].filter((id) => known.pendingEntry(id) !== undefined);
    if (found.length === 0) return 0;
    scope.beginEffect();
    groupEffects.encodeAcknowledge(scope.batch, key, group, found);
    groupEffects.acknowledge(scope.store, scope.journal, key, group, found);
    scope.touched(key);
    return found.length;
  }

  /** `activeMs`: NEVER_ACTIVE or a time. */
  setConsumerTimes(
    key: string,
    group: string,
    consumer: string,
    seenMs: number,
    activeMs: number,
  ): void {
    const { scope } = this;
    assertTime(seenMs);
    this.existingGroup(key, group);
    scope.beginEffect();
    groupEffects.encodeConsumerTimes(scope.batch, key, group, consumer, seenMs, activeMs);
    groupEffects.setConsumerTimes(
      scope.store,
      scope.journal,
      key,
      group,
      consumer,
      seenMs,
      activeMs,
    );
    scope.touched(key);
  }

  private existing(key: string): Stream {
    const value = this.scope.get(key);
    assert(value instanceof Stream, "the changed stream exists");
    return value;
  }

  private existingGroup(key: string, name: string): ConsumerGroup {
    const group = this.existing(key).group(name);
    assert(group !== undefined, "the changed group exists");
    return group;
  }
}

function assertTime(ms: number): void {
  assert(
    Number.isInteger(ms) && ms >= 0 && ms <= TIME_MS_MAX,
    "a time is a whole number of milliseconds",
  );
}
