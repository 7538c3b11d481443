/**
 * How commands change the keyspace. Each mutator is one call with four facts that cannot disagree: the
 * effect's bytes, its undo record, the mutation, the touched key. One Txn serves all commands of a node;
 * `begin` starts the next one.
 *
 * lead: an expired key is deleted by an effect when it is looked up, so every node loses it at the same
 * entry. observe: expired keys are invisible and nothing can be changed.
 */

import { assert } from "./assert.js";
import type { Blob } from "./blob.js";
import { STRING_BYTES_MAX, TIME_MS_MAX } from "./constants.js";
import type { BatchWriter } from "./effects/batch-writer.js";
import { deleteLibrary, putLibrary } from "./effects/library-effects.js";
import * as mutations from "./effects/mutations.js";
import { type Keyspace, STORE } from "./keyspace.js";
import { Publication } from "./publication.js";
import type { Store } from "./store.js";
import type { EffectScope } from "./txn/effect-scope.js";
import { Hashes } from "./txn/hashes.js";
import { Lists } from "./txn/lists.js";
import { Sets } from "./txn/sets.js";
import { SortedSets } from "./txn/sorted-sets.js";
import { Streams } from "./txn/streams.js";
import type { UndoJournal } from "./undo-journal.js";
import { isStringValue, keptString, type StringValue, stringLength, type Value } from "./value.js";

/** Is told of every key an effect touches, in the call that mutates (hazards). */
export interface TouchSink {
  touched(key: string): void;
  touchedAll(): void;
}

export type TxnMode = "lead" | "observe";

export class Txn {
  readonly keyspace: Keyspace;
  /** Changes inside collections, by type. */
  readonly lists: Lists;
  readonly hashes: Hashes;
  readonly sets: Sets;
  readonly sortedSets: SortedSets;
  readonly streams: Streams;
  private readonly store: Store;
  private readonly journal: UndoJournal;
  private readonly batch: BatchWriter;
  private readonly touch: TouchSink;
  private now = 0;
  private lead = false;
  private effects = 0;
  private beginBytes = 0;
  private markBytes = 0;
  private markExpired = 0;
  /**
   * Keys deleted because their time was over, since start. What a command's undo took back is not counted, what
   * a loss of leadership took back is.
   */
  expiredKeys = 0;

  constructor(keyspace: Keyspace, journal: UndoJournal, batch: BatchWriter, touch: TouchSink) {
    this.keyspace = keyspace;
    this.store = keyspace[STORE];
    this.journal = journal;
    this.batch = batch;
    this.touch = touch;
    const scope: EffectScope = {
      store: this.store,
      journal,
      batch,
      get: (key) => this.get(key),
      beginEffect: () => this.beginEffect(),
      touched: (key) => touch.touched(key),
      deleteExisting: (key) => this.deleteExisting(key),
    };
    this.lists = new Lists(scope);
    this.hashes = new Hashes(scope);
    this.sets = new Sets(scope);
    this.sortedSets = new SortedSets(scope);
    this.streams = new Streams(scope);
  }

  /** Milliseconds since the epoch: what expiry is judged by. */
  get nowMs(): number {
    return this.now;
  }

  /** Effects since begin that were not undone, deletions of expired keys included. */
  get effectCount(): number {
    return this.effects;
  }

  /** Effect bytes since begin. */
  get bytesSinceBegin(): number {
    return this.batch.bytes - this.beginBytes;
  }

  /** Effect bytes since the latest mark, or begin. */
  get bytesSinceMark(): number {
    return this.batch.bytes - this.markBytes;
  }

  begin(nowMs: number, mode: TxnMode): void {
    this.now = nowMs;
    this.lead = mode === "lead";
    this.effects = 0;
    this.beginBytes = this.batch.bytes;
    this.markBytes = this.beginBytes;
    this.markExpired = this.expiredKeys;
  }

  get(key: string): Value | undefined {
    return this.isGone(key) ? undefined : this.store.value(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Milliseconds since the epoch, 0: none. */
  deadline(key: string): number {
    return this.isGone(key) ? 0 : this.store.deadline(key);
  }

  /** Sets value and deadline (0: none). Bytes are copied, strings must be flat (no slice of a larger one). */
  putString(key: string, value: string | Uint8Array | Blob, deadlineMs: number): void {
    assertDeadline(deadlineMs);
    const kept = keptString(value);
    const { batch } = this;
    this.beginEffect();
    batch.putString(key, value, deadlineMs);
    mutations.putString(this.store, this.journal, key, kept, deadlineMs);
    this.touch.touched(key);
  }

  /** The key holds a string and keeps its deadline; returns the new length. */
  appendString(key: string, suffix: Uint8Array): number {
    const length = stringOf(this.existing(key)).length + suffix.length;
    assert(length <= STRING_BYTES_MAX, "an appended value has at most 512 MB");
    this.beginEffect();
    this.batch.appendString(key, suffix);
    mutations.appendString(this.store, this.journal, key, suffix);
    this.touch.touched(key);
    return length;
  }

  /** The key may be missing; keeps its deadline; returns the new length. No bytes, no effect. */
  patchString(key: string, offset: number, bytes: Uint8Array): number {
    assert(Number.isInteger(offset) && offset >= 0, "an offset is a whole number");
    const old = this.get(key);
    const oldLength = old === undefined ? 0 : stringLength(stringOf(old));
    if (bytes.length === 0) {
      return oldLength;
    }
    const length = Math.max(oldLength, offset + bytes.length);
    assert(length <= STRING_BYTES_MAX, "a patched value has at most 512 MB");
    this.beginEffect();
    this.batch.patchString(key, offset, bytes);
    mutations.patchString(this.store, this.journal, key, offset, bytes);
    this.touch.touched(key);
    return length;
  }

  /** False: there was no such key (an expired one is deleted, too, and counts as none). */
  delete(key: string): boolean {
    assert(this.lead, "an observer changes nothing");
    if (this.get(key) === undefined) {
      return false;
    }
    this.deleteExisting(key);
    return true;
  }

  /** The key exists. 0: persist. */
  setDeadline(key: string, deadlineMs: number): void {
    assertDeadline(deadlineMs);
    this.existing(key);
    this.beginEffect();
    this.batch.setDeadline(key, deadlineMs);
    mutations.setDeadline(this.store, this.journal, key, deadlineMs);
    this.touch.touched(key);
  }

  /** The source exists; value and deadline move. Onto itself: no effect. */
  rename(source: string, destination: string): void {
    this.existing(source);
    if (source === destination) {
      return;
    }
    this.beginEffect();
    this.batch.rename(source, destination);
    mutations.rename(this.store, this.journal, source, destination);
    this.touch.touched(source);
    this.touch.touched(destination);
  }

  /** The source exists; value and deadline are copied over what the destination was. */
  copy(source: string, destination: string): void {
    this.existing(source);
    assert(source !== destination, "a key is copied to another one");
    this.beginEffect();
    this.batch.copy(source, destination);
    mutations.copy(this.store, this.journal, source, destination);
    this.touch.touched(destination);
  }

  /** The key was written and is what it was: no effect, but who watches it sees that. Redis: signalModifiedKey. */
  writtenUnchanged(key: string): void {
    assert(this.lead, "an observer writes nothing");
    this.store.raise(key);
  }

  flushAll(): void {
    this.beginEffect();
    this.batch.flushAll();
    mutations.flushAll(this.store, this.journal);
    this.touch.touchedAll();
  }

  /** Makes the library, or replaces it. No key is touched: who asks about libraries asks about everything. */
  putLibrary(name: string, code: string): void {
    this.beginEffect();
    this.batch.putLibrary(name, code);
    putLibrary(this.store, this.journal, name, code);
  }

  /** It is there. */
  deleteLibrary(name: string): void {
    this.beginEffect();
    this.batch.deleteLibrary(name);
    deleteLibrary(this.store, this.journal, name);
  }

  /** A message in its place among the writes, for who listens when they are committed; no key is touched. */
  publish(channel: string, message: Uint8Array, sharded: boolean): void {
    this.beginEffect();
    this.batch.publish(channel, message, sharded);
    this.journal.pushPublication(new Publication(channel, message, sharded));
  }

  /** Ends a batch whose state the nodes compare: it is sealed at once. No key is touched, nothing is to be undone. */
  audit(): void {
    this.beginEffect();
    this.batch.audit();
  }

  /** A point of this command to which undoTo can return. Marks nest. */
  mark(): number {
    this.markBytes = this.batch.bytes;
    this.markExpired = this.expiredKeys;
    return this.journal.position;
  }

  /** Undoes the effects since `mark` and cuts their bytes. What they touched stays touched. */
  undoTo(mark: number): void {
    const { journal, batch } = this;
    if (mark !== journal.position) {
      const offset = journal.offsetAt(mark);
      const undone = journal.effectsFrom(mark);
      assert(undone <= this.effects, "only effects of this command are undone");
      journal.rollbackTo(mark, this.keyspace);
      batch.truncate(offset, undone);
      this.effects -= undone;
    }
    this.markBytes = batch.bytes;
    this.expiredKeys = Math.min(this.expiredKeys, this.markExpired);
  }

  /** Redis: expired when now is past the deadline, not at it. */
  private isGone(key: string): boolean {
    const deadlineMs = this.store.deadline(key);
    if (deadlineMs === 0 || this.now <= deadlineMs) {
      return false;
    }
    if (this.lead) {
      this.deleteExisting(key);
      this.expiredKeys++;
    }
    return true;
  }

  private existing(key: string): Value {
    assert(this.lead, "an observer changes nothing");
    const value = this.get(key);
    assert(value !== undefined, "the changed key exists");
    return value;
  }

  private deleteExisting(key: string): void {
    this.beginEffect();
    this.batch.deleteKey(key);
    mutations.deleteKey(this.store, this.journal, key);
    this.touch.touched(key);
  }

  private beginEffect(): void {
    assert(this.lead, "an observer emits nothing");
    this.journal.beginEffect(this.batch.bytes);
    this.effects++;
  }
}

function stringOf(value: Value): StringValue {
  assert(isStringValue(value), "a string's effect finds a string");
  return value;
}

function assertDeadline(deadlineMs: number): void {
  assert(
    Number.isInteger(deadlineMs) && deadlineMs >= 0 && deadlineMs <= TIME_MS_MAX,
    "a deadline is a whole number of milliseconds",
  );
}
