/**
 * The keys of one node as others may see them: questions, scans, WATCH. It is changed by Txn (leader),
 * applyBatch (follower) and UndoJournal only; they reach its state through STORE, which the package does
 * not export.
 */

import { assert } from "./assert.js";
import { SLOT_COUNT } from "./constants.js";
import { valueMark } from "./digest/value-hash.js";
import type { LibrariesView } from "./libraries.js";
import { keySlot, slotShard } from "./slot.js";
import { Store } from "./store.js";
import type { Value } from "./value.js";

export const STORE: unique symbol = Symbol("store");

export class Keyspace {
  /** Log time in ms of the last executed or applied entry. Set by applyBatch and by the replica. */
  logTimeMs = 0;
  readonly [STORE]: Store;

  /** `segmentEntriesMax` is lowered by tests only. */
  constructor(segmentEntriesMax?: number) {
    this[STORE] = new Store(segmentEntriesMax);
  }

  get size(): number {
    return this[STORE].contents.values.size;
  }

  /** Keys that have a deadline. */
  get volatileSize(): number {
    return this[STORE].contents.deadlines.size;
  }

  /** Estimate in bytes, kept up to date by every change. */
  get memoryBytes(): number {
    return this[STORE].contents.memoryBytes + this[STORE].libraries.memoryBytes;
  }

  /** Functions. */
  get libraries(): LibrariesView {
    return this[STORE].libraries;
  }

  /** Ignores expiry. */
  peek(key: string): Value | undefined {
    return this[STORE].value(key);
  }

  /** 32 bits over the key's value, whatever form it is held in; 0: no such key. Ignores expiry. */
  markOf(key: string): number {
    const value = this[STORE].value(key);
    return value === undefined ? 0 : valueMark(value);
  }

  /** Milliseconds since the epoch, 0: none. Ignores expiry. */
  deadlineOf(key: string): number {
    return this[STORE].deadline(key);
  }

  /** Uniform over all keys, expired ones too. `random` gives numbers in [0, 1). */
  randomKey(random: () => number): string | undefined {
    return this[STORE].contents.values.randomKey(random);
  }

  randomVolatileKey(random: () => number): string | undefined {
    return this[STORE].contents.deadlines.randomKey(random);
  }

  /**
   * Visits `count` keys and returns the next cursor, 0 when done. A key that exists during the whole scan
   * is visited at least once. `visit` may delete keys (expired ones).
   */
  scan(cursor: number, count: number, visit: (key: string) => void): number {
    return this[STORE].contents.values.scan(cursor, count, visit);
  }

  /** The keyspace must not change meanwhile. */
  forEachKey(visit: (key: string, value: Value, deadlineMs: number) => void): void {
    const { values, deadlines } = this[STORE].contents;
    const anyDeadline = deadlines.size !== 0;
    values.forEach((key, value, shard) => {
      visit(key, value, anyDeadline ? (deadlines.get(shard, key) ?? 0) : 0);
    });
  }

  countKeysInSlot(slot: number): number {
    assert(slot >= 0 && slot < SLOT_COUNT, "slot is in range");
    let count = 0;
    this[STORE].contents.values.someInShard(slotShard(slot), (key) => {
      count += keySlot(key) === slot ? 1 : 0;
      return true;
    });
    return count;
  }

  keysInSlot(slot: number, count: number): string[] {
    assert(slot >= 0 && slot < SLOT_COUNT, "slot is in range");
    const keys: string[] = [];
    if (count > 0) {
      this[STORE].contents.values.someInShard(slotShard(slot), (key) => {
        if (keySlot(key) === slot) {
          keys.push(key);
        }
        return keys.length < count;
      });
    }
    return keys;
  }

  /**
   * The key's version now; counts a reference. Redis's treatment of expired keys follows when the leader
   * looks the key up through Txn before it watches and before it compares: an expired key is then deleted
   * by an effect, which raises the version if the key expired after WATCH and comes before it otherwise.
   */
  watch(key: string): number {
    return this[STORE].watched.watch(key);
  }

  unwatch(key: string): void {
    this[STORE].watched.unwatch(key);
  }

  /** 0: nobody watches the key. */
  version(key: string): number {
    return this[STORE].watched.version(key);
  }

  /** Keys watched by at least one session. */
  get watchedSize(): number {
    return this[STORE].watched.size;
  }
}
