/**
 * Effects on consumer groups. What XREADGROUP, XCLAIM and XAUTOCLAIM do becomes deliveries (a pending entry's
 * consumer, time and count, all absolute), acknowledgements, positions and times of consumers.
 *
 * Longer than other files: as in every family, an effect's bytes, mutation, inverse and Redis command stand together.
 */

import { assert } from "../assert.js";
import { CONSUMER_BYTES, latin1Bytes, PENDING_ENTRY_BYTES } from "../memory.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import {
  type Consumer,
  type ConsumerGroup,
  ENTRIES_READ_UNKNOWN,
  NEVER_ACTIVE,
} from "../values/consumer-group.js";
import { Stream } from "../values/stream.js";
import { STREAM_ID_BYTES, type StreamId } from "../values/stream-id.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew } from "./collections.js";
import { type Argument, integerArgument, latin1Argument } from "./command-arguments.js";
import * as kind from "./kinds.js";
import { encodeIds, idArgument, readId, readIds, StreamInverse } from "./stream-effects.js";

/** Pending entries that a consumer has now, all delivered at one time and for the same time. */
export interface Delivery {
  readonly consumer: string;
  /** Milliseconds since the epoch. */
  readonly deliveryMs: number;
  readonly deliveryCount: number;
  readonly ids: readonly StreamId[];
}

// ---- encoding ------------------------------------------------------------------------------------

export function encodeCreate(
  batch: BatchWriter,
  key: string,
  group: string,
  lastDeliveredId: StreamId,
  entriesRead: number,
): void {
  encodePosition(batch, kind.GROUP_CREATE, key, group, lastDeliveredId, entriesRead);
}

export function encodeSetPosition(
  batch: BatchWriter,
  key: string,
  group: string,
  lastDeliveredId: StreamId,
  entriesRead: number,
): void {
  encodePosition(batch, kind.GROUP_SET_POSITION, key, group, lastDeliveredId, entriesRead);
}

function encodePosition(
  batch: BatchWriter,
  effectKind: number,
  key: string,
  group: string,
  lastDeliveredId: StreamId,
  entriesRead: number,
): void {
  batch.beginCollection(effectKind, key);
  batch.addText(group);
  batch.addRaw(lastDeliveredId);
  batch.addInteger(entriesRead === ENTRIES_READ_UNKNOWN ? 0 : entriesRead + 1);
}

export function encodeDestroy(batch: BatchWriter, key: string, group: string): void {
  batch.beginCollection(kind.GROUP_DESTROY, key);
  batch.addText(group);
}

export function encodeCreateConsumer(
  batch: BatchWriter,
  key: string,
  group: string,
  consumer: string,
  seenMs: number,
): void {
  batch.beginCollection(kind.CONSUMER_CREATE, key);
  batch.addText(group);
  batch.addText(consumer);
  batch.addInteger(seenMs);
}

export function encodeDeleteConsumer(
  batch: BatchWriter,
  key: string,
  group: string,
  consumer: string,
): void {
  batch.beginCollection(kind.CONSUMER_DELETE, key);
  batch.addText(group);
  batch.addText(consumer);
}

export function encodeDeliver(
  batch: BatchWriter,
  key: string,
  group: string,
  { consumer, deliveryMs, deliveryCount, ids }: Delivery,
): void {
  batch.beginCollection(kind.GROUP_DELIVER, key);
  batch.addText(group);
  batch.addText(consumer);
  batch.addInteger(deliveryMs);
  batch.addInteger(deliveryCount);
  encodeIds(batch, ids);
}

export function encodeAcknowledge(
  batch: BatchWriter,
  key: string,
  group: string,
  ids: readonly StreamId[],
): void {
  batch.beginCollection(kind.GROUP_ACKNOWLEDGE, key);
  batch.addText(group);
  encodeIds(batch, ids);
}

export function encodeConsumerTimes(
  batch: BatchWriter,
  key: string,
  group: string,
  consumer: string,
  seenMs: number,
  activeMs: number,
): void {
  batch.beginCollection(kind.CONSUMER_TIMES, key);
  batch.addText(group);
  batch.addText(consumer);
  batch.addInteger(seenMs);
  batch.addInteger(activeMs === NEVER_ACTIVE ? 0 : activeMs + 1);
}

// ---- state ---------------------------------------------------------------------------------------

export function create(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  lastDeliveredId: StreamId,
  entriesRead: number,
): void {
  const found = existingOrNone(store.value(key), Stream);
  if (found === undefined) {
    const made = new Stream();
    made.createGroup(group, lastDeliveredId, entriesRead);
    putNew(store, journal, key, made);
    return;
  }
  changeExisting(store, journal, key, found, (stream) => {
    assert(stream.group(group) === undefined, "a created group is not there");
    stream.createGroup(group, lastDeliveredId, entriesRead);
    return new UndoCreate(group);
  });
}

export function setPosition(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  lastDeliveredId: StreamId,
  entriesRead: number,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const found = groupOf(stream, group);
    const undo = new UndoSetPosition(group, found.lastDeliveredId, found.entriesRead);
    found.setPosition(lastDeliveredId, entriesRead);
    return undo;
  });
}

export function destroy(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    groupOf(stream, group);
    return new UndoDestroy(stream.detachGroup(group));
  });
}

export function createConsumer(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  consumer: string,
  seenMs: number,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const found = groupOf(stream, group);
    assert(found.consumer(consumer) === undefined, "a created consumer is not there");
    found.createConsumer(consumer, seenMs, NEVER_ACTIVE);
    return new UndoCreateConsumer(group, consumer);
  });
}

export function deleteConsumer(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  consumer: string,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const found = groupOf(stream, group);
    assert(found.consumer(consumer) !== undefined, "a deleted consumer is there");
    return new UndoDeleteConsumer(group, found.detachConsumer(consumer));
  });
}

/** The consumer exists. */
export function deliver(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  { consumer, deliveryMs, deliveryCount, ids }: Delivery,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream, isRecorded) => {
    const found = groupOf(stream, group);
    const before = isRecorded ? ids.map((id) => pendingOf(found, id)) : [];
    for (const id of ids) found.setPending(id, consumer, deliveryMs, deliveryCount);
    return isRecorded ? new UndoPending(group, before) : null;
  });
}

/** They are all pending, and all different. */
export function acknowledge(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  ids: readonly StreamId[],
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream, isRecorded) => {
    const found = groupOf(stream, group);
    const before = isRecorded ? ids.map((id) => pendingOf(found, id)) : [];
    for (const id of ids) found.removePending(id);
    return isRecorded ? new UndoPending(group, before) : null;
  });
}

export function setConsumerTimes(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  group: string,
  consumer: string,
  seenMs: number,
  activeMs: number,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const found = groupOf(stream, group);
    const known = found.consumer(consumer);
    assert(known !== undefined, "a consumer with times is there");
    const undo = new UndoConsumerTimes(group, consumer, known.seenMs, known.activeMs);
    found.setConsumerTimes(consumer, seenMs, activeMs);
    return undo;
  });
}

function groupOf(stream: Stream, name: string): ConsumerGroup {
  const group = stream.group(name);
  assert(group !== undefined, "a changed group is there");
  return group;
}

// ---- undo ----------------------------------------------------------------------------------------

/** A pending entry before a change; without consumer: it was not pending. */
interface PendingBefore {
  readonly id: StreamId;
  readonly consumer: string | null;
  readonly deliveryMs: number;
  readonly deliveryCount: number;
}

function pendingOf(group: ConsumerGroup, id: StreamId): PendingBefore {
  const entry = group.pendingEntry(id);
  if (entry === undefined) return { id, consumer: null, deliveryMs: 0, deliveryCount: 0 };
  const { consumer, deliveryMs, deliveryCount } = entry;
  return { id, consumer: consumer.name, deliveryMs, deliveryCount };
}

abstract class GroupInverse extends StreamInverse {
  readonly bytes: number;
  private readonly group: string;

  constructor(group: string, bytes: number) {
    super();
    this.group = group;
    this.bytes = bytes + latin1Bytes(group);
  }

  protected override undoIn(stream: Stream): void {
    this.undoInGroup(groupOf(stream, this.group));
  }

  protected abstract undoInGroup(group: ConsumerGroup): void;
}

class UndoCreate extends StreamInverse {
  readonly bytes: number;
  private readonly group: string;

  constructor(group: string) {
    super();
    this.group = group;
    this.bytes = latin1Bytes(group);
  }

  protected override undoIn(stream: Stream): void {
    stream.detachGroup(this.group);
  }
}

class UndoDestroy extends StreamInverse {
  readonly bytes: number;
  private readonly group: ConsumerGroup;

  constructor(group: ConsumerGroup) {
    super();
    this.group = group;
    this.bytes = group.memoryBytes;
  }

  protected override undoIn(stream: Stream): void {
    stream.attachGroup(this.group);
  }
}

class UndoSetPosition extends GroupInverse {
  private readonly lastDeliveredId: StreamId;
  private readonly entriesRead: number;

  constructor(group: string, lastDeliveredId: StreamId, entriesRead: number) {
    super(group, STREAM_ID_BYTES);
    this.lastDeliveredId = lastDeliveredId;
    this.entriesRead = entriesRead;
  }

  protected override undoInGroup(group: ConsumerGroup): void {
    group.setPosition(this.lastDeliveredId, this.entriesRead);
  }
}

class UndoCreateConsumer extends GroupInverse {
  private readonly consumer: string;

  constructor(group: string, consumer: string) {
    super(group, latin1Bytes(consumer));
    this.consumer = consumer;
  }

  protected override undoInGroup(group: ConsumerGroup): void {
    group.detachConsumer(this.consumer);
  }
}

class UndoDeleteConsumer extends GroupInverse {
  private readonly consumer: Consumer;

  constructor(group: string, consumer: Consumer) {
    super(group, CONSUMER_BYTES + consumer.pending.size * PENDING_ENTRY_BYTES);
    this.consumer = consumer;
  }

  protected override undoInGroup(group: ConsumerGroup): void {
    group.attachConsumer(this.consumer);
  }
}

class UndoPending extends GroupInverse {
  private readonly before: readonly PendingBefore[];

  constructor(group: string, before: readonly PendingBefore[]) {
    super(group, before.length * PENDING_ENTRY_BYTES);
    this.before = before;
  }

  protected override undoInGroup(group: ConsumerGroup): void {
    for (let i = this.before.length - 1; i >= 0; i--) {
      const { id, consumer, deliveryMs, deliveryCount } = this.before[i]!;
      if (consumer === null) group.removePending(id);
      else group.setPending(id, consumer, deliveryMs, deliveryCount);
    }
  }
}

class UndoConsumerTimes extends GroupInverse {
  private readonly consumer: string;
  private readonly seenMs: number;
  private readonly activeMs: number;

  constructor(group: string, consumer: string, seenMs: number, activeMs: number) {
    super(group, latin1Bytes(consumer));
    this.consumer = consumer;
    this.seenMs = seenMs;
    this.activeMs = activeMs;
  }

  protected override undoInGroup(group: ConsumerGroup): void {
    group.setConsumerTimes(this.consumer, this.seenMs, this.activeMs);
  }
}

// ---- followers -----------------------------------------------------------------------------------

/** The effect's kind and key are read. False: it is not one of these. */
export function applyGroupEffect(store: Store, effect: BatchReader): boolean {
  if (effect.kind < kind.GROUP_CREATE || effect.kind > kind.CONSUMER_TIMES) return false;
  const { key } = effect;
  const group = effect.text();
  switch (effect.kind) {
    case kind.GROUP_CREATE:
      create(store, null, key, group, readId(effect), readEntriesRead(effect));
      break;
    case kind.GROUP_SET_POSITION:
      setPosition(store, null, key, group, readId(effect), readEntriesRead(effect));
      break;
    case kind.GROUP_DESTROY:
      destroy(store, null, key, group);
      break;
    case kind.CONSUMER_CREATE:
      createConsumer(store, null, key, group, effect.text(), effect.integer());
      break;
    case kind.CONSUMER_DELETE:
      deleteConsumer(store, null, key, group, effect.text());
      break;
    case kind.GROUP_DELIVER:
      deliver(store, null, key, group, readDelivery(effect));
      break;
    case kind.GROUP_ACKNOWLEDGE:
      acknowledge(store, null, key, group, readIds(effect));
      break;
    default:
      setConsumerTimes(
        store,
        null,
        key,
        group,
        effect.text(),
        effect.integer(),
        readActive(effect),
      );
  }
  return true;
}

/**
 * null: it is not one of these. A consumer's times alone are no command of Redis: there it is its clock that
 * sets them.
 */
export function groupCommands(effect: BatchReader): Argument[][] | null {
  if (effect.kind < kind.GROUP_CREATE || effect.kind > kind.CONSUMER_TIMES) return null;
  const text = latin1Argument;
  const key = text(effect.key);
  const group = text(effect.text());
  switch (effect.kind) {
    case kind.GROUP_CREATE:
    case kind.GROUP_SET_POSITION: {
      const isNew = effect.kind === kind.GROUP_CREATE;
      const head = [text("XGROUP"), text(isNew ? "CREATE" : "SETID"), key, group];
      const id = idArgument(readId(effect));
      const read = [text("ENTRIESREAD"), integerArgument(readEntriesRead(effect))];
      return [[...head, id, ...(isNew ? [text("MKSTREAM")] : []), ...read]];
    }
    case kind.GROUP_DESTROY:
      return [[text("XGROUP"), text("DESTROY"), key, group]];
    case kind.CONSUMER_CREATE: {
      const consumer = text(effect.text());
      effect.integer();
      return [[text("XGROUP"), text("CREATECONSUMER"), key, group, consumer]];
    }
    case kind.CONSUMER_DELETE:
      return [[text("XGROUP"), text("DELCONSUMER"), key, group, text(effect.text())]];
    case kind.GROUP_DELIVER: {
      const { consumer, deliveryMs, deliveryCount, ids } = readDelivery(effect);
      const head = [text("XCLAIM"), key, group, text(consumer), text("0"), ...ids.map(idArgument)];
      const time = [text("TIME"), integerArgument(deliveryMs)];
      const count = [text("RETRYCOUNT"), integerArgument(deliveryCount)];
      return [[...head, ...time, ...count, text("FORCE"), text("JUSTID")]];
    }
    case kind.GROUP_ACKNOWLEDGE:
      return [[text("XACK"), key, group, ...readIds(effect).map(idArgument)]];
    default:
      effect.text();
      effect.integer();
      effect.integer();
      return [];
  }
}

function readEntriesRead(effect: BatchReader): number {
  const read = effect.integer();
  return read === 0 ? ENTRIES_READ_UNKNOWN : read - 1;
}

function readActive(effect: BatchReader): number {
  const active = effect.integer();
  return active === 0 ? NEVER_ACTIVE : active - 1;
}

function readDelivery(effect: BatchReader): Delivery {
  const consumer = effect.text();
  const deliveryMs = effect.integer();
  const deliveryCount = effect.integer();
  return { consumer, deliveryMs, deliveryCount, ids: readIds(effect) };
}
