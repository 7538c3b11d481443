/**
 * The mutable state of a keyspace: values, deadlines, libraries, memory estimate, watched versions. Every change of
 * every path (Txn, undo, follower apply) goes through these methods, so the estimate and the versions
 * cannot be forgotten. Not exported from the package.
 */

import { assert } from "./assert.js";
import { Dictionary } from "./dictionary.js";
import { Libraries } from "./libraries.js";
import { DEADLINE_BYTES, ENTRY_BYTES, latin1Bytes, valueBytes } from "./memory.js";
import { keyShard } from "./slot.js";
import type { Value } from "./value.js";
import { WatchTable } from "./watch-table.js";

/** All keys at once, detached by FLUSHALL and given back by its undo. */
export class Contents {
  readonly values: Dictionary<Value>;
  /** Milliseconds since the epoch; only keys that have a deadline. */
  readonly deadlines: Dictionary<number>;
  memoryBytes = 0;

  constructor(segmentEntriesMax?: number) {
    this.values = new Dictionary(segmentEntriesMax);
    this.deadlines = new Dictionary(segmentEntriesMax);
  }
}

/** Is told of every change of a key before it happens, by whatever path it comes. */
export interface ChangeObserver {
  /** The key's value or deadline is about to change, or the key to be made. */
  beforeChange(contents: Contents, shard: number, key: string): void;
  /** The key, if it is there, is about to be removed. */
  beforeRemoval(contents: Contents, shard: number, key: string): void;
}

export class Store {
  contents: Contents;
  /** Functions: FLUSHALL leaves them, a snapshot replaces them. */
  libraries = new Libraries();
  /** null mostly: a check is all it costs then. */
  observer: ChangeObserver | null = null;
  readonly watched = new WatchTable();
  /** A command asks for its key several times in a row; the slot is computed once. */
  private lastKey = "";
  private lastShard = keyShard("");

  constructor(segmentEntriesMax?: number) {
    this.contents = new Contents(segmentEntriesMax);
  }

  value(key: string): Value | undefined {
    return this.contents.values.get(this.shard(key), key);
  }

  deadline(key: string): number {
    const { deadlines } = this.contents;
    return deadlines.size === 0 ? 0 : (deadlines.get(this.shard(key), key) ?? 0);
  }

  /** Sets value and deadline (0: none); returns the old value. */
  put(key: string, value: Value, deadlineMs: number): Value | undefined {
    const { contents } = this;
    const shard = this.shard(key);
    if (this.observer !== null) this.observer.beforeChange(contents, shard, key);
    const old = contents.values.set(shard, key, value);
    const replaced = old === undefined ? -(ENTRY_BYTES + latin1Bytes(key)) : valueBytes(old);
    contents.memoryBytes += valueBytes(value) - replaced;
    placeDeadline(contents, shard, key, deadlineMs);
    this.raise(key);
    return old;
  }

  /** While nobody is served: no one watches or observes. False: the key is there, and nothing has changed. */
  load(key: string, value: Value, deadlineMs: number): boolean {
    const { contents } = this;
    const shard = this.shard(key);
    assert(
      this.observer === null && this.watched.size === 0,
      "nobody is served while keys are loaded",
    );
    if (!contents.values.insert(shard, key, value)) return false;
    contents.memoryBytes += ENTRY_BYTES + latin1Bytes(key) + valueBytes(value);
    if (deadlineMs !== 0) placeDeadline(contents, shard, key, deadlineMs);
    return true;
  }

  /** The key exists; its deadline stays. */
  replace(key: string, value: Value): void {
    const { contents } = this;
    this.beforeChange(key);
    const old = contents.values.set(this.shard(key), key, value)!;
    contents.memoryBytes += valueBytes(value) - valueBytes(old);
    this.raise(key);
  }

  /** The key's collection is about to be changed in place. */
  beforeChange(key: string): void {
    if (this.observer !== null) this.observer.beforeChange(this.contents, this.shard(key), key);
  }

  /** The key's collection was changed in place, and has grown by so many bytes. */
  changed(key: string, grownBytes: number): void {
    this.contents.memoryBytes += grownBytes;
    this.raise(key);
  }

  /** Removes value and deadline; returns the old value. */
  remove(key: string): Value | undefined {
    const { contents } = this;
    const shard = this.shard(key);
    if (this.observer !== null) this.observer.beforeRemoval(contents, shard, key);
    const old = contents.values.remove(shard, key);
    if (old !== undefined) {
      contents.memoryBytes -= ENTRY_BYTES + latin1Bytes(key) + valueBytes(old);
      placeDeadline(contents, shard, key, 0);
      this.raise(key);
    }
    return old;
  }

  /** The key exists. */
  setDeadline(key: string, deadlineMs: number): void {
    this.beforeChange(key);
    placeDeadline(this.contents, this.shard(key), key, deadlineMs);
    this.raise(key);
  }

  /** Leaves nothing behind; takes time by shards, not by keys. Only keys that existed have changed. */
  detach(): Contents {
    const { contents } = this;
    if (this.watched.size !== 0) {
      this.watched.raiseWhere((key) => contents.values.get(this.shard(key), key) !== undefined);
    }
    this.contents = new Contents(contents.values.segmentEntriesMax);
    return contents;
  }

  attach(contents: Contents): void {
    this.contents = contents;
    this.watched.raiseWhere(() => true);
  }

  private shard(key: string): number {
    if (key !== this.lastKey) {
      this.lastKey = key;
      this.lastShard = keyShard(key);
    }
    return this.lastShard;
  }

  /** Tells who watches the key that it was written. */
  raise(key: string): void {
    if (this.watched.size !== 0) {
      this.watched.raise(key);
    }
  }
}

function placeDeadline(contents: Contents, shard: number, key: string, deadlineMs: number): void {
  const { deadlines } = contents;
  if (deadlineMs !== 0) {
    if (deadlines.set(shard, key, deadlineMs) === undefined) {
      contents.memoryBytes += DEADLINE_BYTES + latin1Bytes(key);
    }
  } else if (deadlines.size !== 0 && deadlines.remove(shard, key) !== undefined) {
    contents.memoryBytes -= DEADLINE_BYTES + latin1Bytes(key);
  }
}
