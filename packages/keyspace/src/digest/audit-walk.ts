/**
 * The digest of the state at one point, taken a little at a time while the state goes on changing.
 *
 *   shard 0 .. s-1          shard s                          shard s+1 ..
 *   |  walked     | not yet <--cursor-- walked |  not yet            |
 *
 * A scan goes over all keys and hashes each once. Before a key changes that it has not come to (ChangeObserver), the
 * key is hashed as it still is, and noted: the scan passes noted keys over. Noted is as well
 *   - a key that is made: it was not there, or it was and was walked or noted when it went;
 *   - a key which is walked and moves to a place that is not, because the one there is removed (Dictionary).
 * Nothing is noted in shards that are walked to the end, and their notes are dropped. FLUSHALL detaches the contents,
 * which nobody changes then unless it is undone: the walk is of those contents, attached or not. Libraries of functions
 * are taken at its beginning: the sum of their hashes is kept.
 */

import { assert } from "../assert.js";
import {
  AUDIT_BOUNDS,
  AUDIT_CHANGE_WORK_MAX,
  AUDIT_NOTE_BYTES,
  AUDIT_NOTED_BYTES_MAX,
} from "../constants.js";
import { shardOfCursor } from "../dictionary.js";
import { type Keyspace, STORE } from "../keyspace.js";
import { latin1Bytes } from "../memory.js";
import type { ChangeObserver, Contents, Store } from "../store.js";
import type { Value } from "../value.js";
import { type AuditBounds, boundedHash, hashWork } from "./bounded-hash.js";
import { KeySum } from "./state-digest.js";
import { StateSum } from "./state-sum.js";

/** Digests of different formats are not compared. Raised by every change of what a digest is made of. */
export const AUDIT_FORMAT_VERSION = 3;

export interface AuditLimits {
  readonly bounds: AuditBounds;
  /** Bytes. */
  readonly notedBytesMax: number;
  /** Of what changes between two steps, in elements or as much as one takes. */
  readonly changeWorkMax: number;
}

const LIMITS: AuditLimits = {
  bounds: AUDIT_BOUNDS,
  notedBytesMax: AUDIT_NOTED_BYTES_MAX,
  changeWorkMax: AUDIT_CHANGE_WORK_MAX,
};

export class AuditWalk implements ChangeObserver {
  private readonly store: Store;
  private readonly contents: Contents;
  private readonly limits: AuditLimits;
  private readonly sum: KeySum;
  private readonly keys: number;
  private readonly deadlines: number;
  private readonly logTimeMs: number;
  private cursor = 0;
  private begun = false;
  /** By shard: keys that are passed over. */
  private readonly notes = new Map<number, Set<string>>();
  private noted = 0;
  /** Hashed since the last step because it was about to change: commands have waited for it. */
  private changeWork = 0;
  /** 16 hex digits; null: not finished, or given up. */
  digest: string | null = null;
  /** More has changed meanwhile than may be noted. */
  gaveUp = false;
  private readonly addKey = (key: string, value: Value, shard: number): void => {
    if (this.notes.get(shard)?.has(key) !== true) this.add(shard, key, value);
    this.work += hashWork(value, this.limits.bounds);
  };
  private work = 0;

  /** Of the state as it is. `check` places the windows into large values: the same on all nodes. One walk at a time. */
  constructor(keyspace: Keyspace, check: number, changed: Partial<AuditLimits> = {}) {
    const store = keyspace[STORE];
    assert(store.observer === null, "one walk at a time goes over a keyspace");
    this.store = store;
    this.contents = store.contents;
    this.limits = { ...LIMITS, ...changed };
    this.sum = new KeySum(boundedHash(check, this.limits.bounds));
    this.keys = this.contents.values.size;
    this.deadlines = this.contents.deadlines.size;
    this.logTimeMs = keyspace.logTimeMs;
    this.sum.addHashes(store.libraries.sum, 1);
    store.observer = this;
  }

  /** What the notes keep alive, in bytes (estimate). */
  get memoryBytes(): number {
    return this.noted;
  }

  get underWay(): boolean {
    return this.store.observer === this;
  }

  /** Goes on for `workMax` small keys, or larger values that cost as much; by one at least. True: it is over. */
  step(workMax: number): boolean {
    assert(this.underWay, "a walk that is over makes no step");
    const { values } = this.contents;
    const shard = shardOfCursor(this.cursor);
    this.changeWork = 0;
    for (this.work = 0; this.work < workMax; ) {
      this.cursor = values.scan(this.cursor, 1, this.addKey);
      this.begun = true;
      if (this.cursor === 0) {
        this.digest = this.sum.digest(this.keys, this.deadlines, this.logTimeMs);
        this.stop();
        return true;
      }
    }
    this.dropNotes(shard, shardOfCursor(this.cursor));
    return false;
  }

  /** Ends it before its end, or does nothing. */
  stop(): void {
    if (this.underWay) this.store.observer = null;
    this.notes.clear();
    this.noted = 0;
  }

  beforeChange(contents: Contents, shard: number, key: string): void {
    if (contents !== this.contents || this.isPassed(shard, key) || this.isNoted(shard, key)) return;
    const value = contents.values.get(shard, key);
    if (value !== undefined) {
      this.changeWork += hashWork(value, this.limits.bounds);
      if (this.changeWork > this.limits.changeWorkMax) {
        this.giveUp();
        return;
      }
      this.add(shard, key, value);
    }
    this.note(shard, key);
  }

  beforeRemoval(contents: Contents, shard: number, key: string): void {
    this.beforeChange(contents, shard, key);
    if (
      !this.underWay ||
      contents !== this.contents ||
      !this.begun ||
      shard !== shardOfCursor(this.cursor)
    )
      return;
    const moved = contents.values.successorOf(shard, key);
    if (moved === undefined || !this.isPassed(shard, moved)) return;
    if (!this.isPassed(shard, key) && !this.isNoted(shard, moved)) this.note(shard, moved);
  }

  private isPassed(shard: number, key: string): boolean {
    if (!this.begun) return false;
    const walked = shardOfCursor(this.cursor);
    if (shard !== walked) return shard < walked;
    return this.contents.values.isPassed(this.cursor, shard, key);
  }

  private isNoted(shard: number, key: string): boolean {
    return this.notes.get(shard)?.has(key) ?? false;
  }

  private add(shard: number, key: string, value: Value): void {
    const { deadlines } = this.contents;
    const deadlineMs = deadlines.size === 0 ? undefined : deadlines.get(shard, key);
    this.sum.addValue(key, value);
    if (deadlineMs !== undefined) this.sum.addDeadline(key, deadlineMs);
  }

  private note(shard: number, key: string): void {
    let notes = this.notes.get(shard);
    if (notes === undefined) {
      notes = new Set();
      this.notes.set(shard, notes);
    }
    notes.add(key);
    this.noted += AUDIT_NOTE_BYTES + latin1Bytes(key);
    if (this.noted > this.limits.notedBytesMax) this.giveUp();
  }

  private giveUp(): void {
    this.gaveUp = true;
    this.stop();
  }

  /** Of shards from `first` on that lie behind. */
  private dropNotes(first: number, end: number): void {
    for (let shard = first; shard < end; shard++) {
      const notes = this.notes.get(shard);
      if (notes === undefined) continue;
      for (const key of notes) this.noted -= AUDIT_NOTE_BYTES + latin1Bytes(key);
      this.notes.delete(shard);
    }
  }
}

/** The same digest, of the state as it is and at once. */
export function auditDigest(
  keyspace: Keyspace,
  check: number,
  bounds: AuditBounds = AUDIT_BOUNDS,
): string {
  const sum = new KeySum(boundedHash(check, bounds));
  sum.addHashes(keyspace[STORE].libraries.sum, 1);
  keyspace.forEachKey((key, value, deadlineMs) => {
    sum.addValue(key, value);
    if (deadlineMs !== 0) sum.addDeadline(key, deadlineMs);
  });
  return sum.digest(keyspace.size, keyspace.volatileSize, keyspace.logTimeMs);
}

/** The same digest, of a state that is known key by key. */
export function auditSum(check: number): StateSum {
  return new StateSum(new KeySum(boundedHash(check, AUDIT_BOUNDS)));
}
