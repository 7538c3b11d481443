/** Effects on the entries of streams. Those on consumer groups are in group-effects.ts. */

import { assert } from "../assert.js";
import { Inverse } from "../inverse.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection } from "../value.js";
import type { RemovedEntries } from "../values/removed-entries.js";
import { Stream } from "../values/stream.js";
import { formatStreamId, STREAM_ID_BYTES, type StreamId } from "../values/stream-id.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew } from "./collections.js";
import { type Argument, integerArgument, latin1Argument } from "./command-arguments.js";
import * as kind from "./kinds.js";

// ---- encoding ------------------------------------------------------------------------------------

/** `fields`: names and values in turn. */
export function encodeAppend(
  batch: BatchWriter,
  key: string,
  id: StreamId,
  fields: readonly string[],
): void {
  batch.beginCollection(kind.STREAM_APPEND, key);
  batch.addRaw(id);
  batch.addInteger(fields.length / 2);
  for (const text of fields) batch.addText(text);
}

export function encodeDelete(batch: BatchWriter, key: string, ids: readonly StreamId[]): void {
  batch.beginCollection(kind.STREAM_DELETE, key);
  encodeIds(batch, ids);
}

export function encodeTrim(batch: BatchWriter, key: string, length: number): void {
  batch.beginCollection(kind.STREAM_TRIM, key);
  batch.addInteger(length);
}

export function encodeSetIds(
  batch: BatchWriter,
  key: string,
  lastId: StreamId,
  entriesAdded: number,
  maxDeletedId: StreamId,
): void {
  batch.beginCollection(kind.STREAM_SET_IDS, key);
  batch.addRaw(lastId);
  batch.addInteger(entriesAdded);
  batch.addRaw(maxDeletedId);
}

export function encodeIds(batch: BatchWriter, ids: readonly StreamId[]): void {
  batch.addInteger(ids.length);
  for (const id of ids) batch.addRaw(id);
}

// ---- state ---------------------------------------------------------------------------------------

export function append(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  id: StreamId,
  fields: readonly string[],
): void {
  const found = existingOrNone(store.value(key), Stream);
  if (found === undefined) {
    const made = new Stream();
    made.append(id, fields);
    putNew(store, journal, key, made);
    return;
  }
  changeExisting(store, journal, key, found, (stream, isRecorded) => {
    const { lastId } = stream;
    stream.append(id, fields);
    return isRecorded ? new UndoAppend(lastId) : null;
  });
}

export function remove(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  ids: readonly StreamId[],
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const removed = ids.map((id) => {
      const entry = stream.removeEntry(id);
      assert(entry !== undefined, "a deleted entry is there");
      return entry;
    });
    return new UndoRemoval(removed);
  });
}

export function trim(store: Store, journal: UndoJournal | null, key: string, length: number): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    assert(length < stream.length, "a trim removes entries");
    return new UndoRemoval([stream.takeLow(stream.length - length)]);
  });
}

export function setIds(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  lastId: StreamId,
  entriesAdded: number,
  maxDeletedId: StreamId,
): void {
  changeExisting(store, journal, key, existing(store, key, Stream), (stream) => {
    const undo = new UndoSetIds(stream.lastId, stream.entriesAdded, stream.maxDeletedId);
    stream.setIds(lastId, entriesAdded, maxDeletedId);
    return undo;
  });
}

// ---- undo ----------------------------------------------------------------------------------------

export abstract class StreamInverse extends Inverse {
  protected override undo(value: Collection): void {
    assert(value instanceof Stream, "a stream's change is undone on it");
    this.undoIn(value);
  }

  protected abstract undoIn(stream: Stream): void;
}

class UndoAppend extends StreamInverse {
  readonly bytes = STREAM_ID_BYTES;
  private readonly lastId: StreamId;

  constructor(lastId: StreamId) {
    super();
    this.lastId = lastId;
  }

  protected override undoIn(stream: Stream): void {
    stream.removeLast(this.lastId);
  }
}

class UndoRemoval extends StreamInverse {
  readonly bytes: number;
  private readonly removed: readonly RemovedEntries[];

  constructor(removed: readonly RemovedEntries[]) {
    super();
    this.removed = removed;
    this.bytes = removed.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  protected override undoIn(stream: Stream): void {
    for (let i = this.removed.length - 1; i >= 0; i--) stream.putBack(this.removed[i]!);
  }
}

class UndoSetIds extends StreamInverse {
  readonly bytes = 2 * STREAM_ID_BYTES;
  private readonly lastId: StreamId;
  private readonly entriesAdded: number;
  private readonly maxDeletedId: StreamId;

  constructor(lastId: StreamId, entriesAdded: number, maxDeletedId: StreamId) {
    super();
    this.lastId = lastId;
    this.entriesAdded = entriesAdded;
    this.maxDeletedId = maxDeletedId;
  }

  protected override undoIn(stream: Stream): void {
    stream.setIds(this.lastId, this.entriesAdded, this.maxDeletedId);
  }
}

// ---- followers -----------------------------------------------------------------------------------

/** The effect's kind and key are read. False: it is not one of these. */
export function applyStreamEffect(store: Store, effect: BatchReader): boolean {
  const { key } = effect;
  switch (effect.kind) {
    case kind.STREAM_APPEND:
      append(store, null, key, readId(effect), readFields(effect));
      return true;
    case kind.STREAM_DELETE:
      remove(store, null, key, readIds(effect));
      return true;
    case kind.STREAM_TRIM:
      trim(store, null, key, effect.integer());
      return true;
    case kind.STREAM_SET_IDS:
      setIds(store, null, key, readId(effect), effect.integer(), readId(effect));
      return true;
    default:
      return false;
  }
}

/** null: it is not one of these. */
export function streamCommand(effect: BatchReader): Argument[] | null {
  const text = latin1Argument;
  const key = text(effect.key);
  switch (effect.kind) {
    case kind.STREAM_APPEND: {
      const id = idArgument(readId(effect));
      return [text("XADD"), key, id, ...readFields(effect).map(text)];
    }
    case kind.STREAM_DELETE:
      return [text("XDEL"), key, ...readIds(effect).map(idArgument)];
    case kind.STREAM_TRIM:
      return [text("XTRIM"), key, text("MAXLEN"), text("="), integerArgument(effect.integer())];
    case kind.STREAM_SET_IDS: {
      const lastId = idArgument(readId(effect));
      const added = integerArgument(effect.integer());
      const maxDeletedId = idArgument(readId(effect));
      const options = [text("ENTRIESADDED"), added, text("MAXDELETEDID"), maxDeletedId];
      return [text("XSETID"), key, lastId, ...options];
    }
    default:
      return null;
  }
}

export function readId(effect: BatchReader): StreamId {
  return effect.raw(STREAM_ID_BYTES);
}

export function readIds(effect: BatchReader): StreamId[] {
  const ids: StreamId[] = [];
  for (let rest = effect.count(STREAM_ID_BYTES); rest > 0; rest--) ids.push(readId(effect));
  return ids;
}

export function idArgument(id: StreamId): Argument {
  return latin1Argument(formatStreamId(id));
}

function readFields(effect: BatchReader): string[] {
  const fields: string[] = [];
  for (let rest = effect.count(2); rest > 0; rest--) fields.push(effect.text(), effect.text());
  return fields;
}
