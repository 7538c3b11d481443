/**
 * Inverses of what is executed and not yet committed, oldest first: a ring of parallel columns, no object
 * per record.
 *
 *   head (committed)                tail = position
 *   |  record  |  record  |  record |
 *
 * The inverse of every string effect is `Restore(key, value, deadline)` of the pre-image, by reference:
 * strings are immutable. So is that of an effect that makes or removes a key: a collection is put back as
 * the same object. A change inside a collection has an `Inverse`. FLUSHALL's is the detached contents. A record knows the batch offset of its
 * effect's bytes, so that cutting a command off also cuts its bytes.
 */

import { assert } from "./assert.js";
import { JOURNAL_RECORDS_MIN } from "./constants.js";
import { Inverse } from "./inverse.js";
import { type Keyspace, STORE } from "./keyspace.js";
import { latin1Bytes, retainedBytes, UNDO_RECORD_BYTES } from "./memory.js";
import { Publication, type Published } from "./publication.js";
import { Contents } from "./store.js";
import type { Value } from "./value.js";

export class UndoJournal {
  private capacity = JOURNAL_RECORDS_MIN;
  private head = 0;
  private tail = 0;
  private bytes = 0;
  private effectOffset = 0;
  /** null: the whole keyspace. */
  private keys: (string | null)[] = emptyColumn(JOURNAL_RECORDS_MIN);
  /** undefined: the key did not exist. */
  private values: (Value | Contents | Inverse | undefined)[] = emptyColumn(JOURNAL_RECORDS_MIN);
  private deadlines = new Float64Array(JOURNAL_RECORDS_MIN);
  private offsets = new Float64Array(JOURNAL_RECORDS_MIN);
  private costs = new Float64Array(JOURNAL_RECORDS_MIN);

  /** Records ever made. Goes back only by rollback. */
  get position(): number {
    return this.tail;
  }

  /** Records that are not committed. */
  get length(): number {
    return this.tail - this.head;
  }

  /** What the records keep alive, in bytes (estimate). */
  get memoryBytes(): number {
    return this.bytes;
  }

  /**
   * For the effect whose bytes start at `batchOffset`: makes room for its records (two at most), so that
   * recording cannot fail after the mutation.
   */
  beginEffect(batchOffset: number): void {
    if (this.tail - this.head + 2 > this.capacity) {
      this.resize(this.capacity * 2);
    }
    this.effectOffset = batchOffset;
  }

  /** `current` is the value that replaced `old` (undefined: none). */
  pushRestore(
    key: string,
    old: Value | undefined,
    oldDeadlineMs: number,
    current: Value | undefined,
  ): void {
    this.push(key, old, oldDeadlineMs, latin1Bytes(key) + retainedBytes(old, current));
  }

  /** For a change inside the collection that is and stays the key's value. */
  pushInverse(key: string, inverse: Inverse): void {
    this.push(key, inverse, 0, latin1Bytes(key) + inverse.bytes);
  }

  /** For an effect that changes no state: its bytes are cut like others. */
  pushPublication(publication: Publication): void {
    this.push("", publication, 0, publication.bytes);
  }

  pushReattach(contents: Contents): void {
    this.push(null, contents, 0, contents.memoryBytes);
  }

  /**
   * Forgets records before `position`; tells each record's key (null: the whole keyspace; "" for a message or a library), and
   * hands out the messages among them.
   */
  commitTo(
    position: number,
    dropped: (key: string | null) => void,
    published: Published = unheard,
  ): void {
    assert(position >= this.head && position <= this.tail, "commit position is in the journal");
    const mask = this.capacity - 1;
    while (this.head < position) {
      const i = this.head & mask;
      const key = this.keys[i] as string | null;
      const value = this.values[i];
      this.clear(i);
      this.head++;
      dropped(key);
      if (value instanceof Publication) published(value.channel, value.message, value.sharded);
    }
    this.shrinkWhenEmpty();
  }

  /** Newest first. Raises the WATCH versions of what it restores. */
  rollbackTo(position: number, keyspace: Keyspace): void {
    assert(position >= this.head && position <= this.tail, "rollback position is in the journal");
    const store = keyspace[STORE];
    const mask = this.capacity - 1;
    while (this.tail > position) {
      this.tail--;
      const i = this.tail & mask;
      const key = this.keys[i] as string | null;
      const value = this.values[i];
      const deadlineMs = this.deadlines[i]!;
      this.clear(i);
      if (key === null) {
        assert(value instanceof Contents, "a record of the whole keyspace has its contents");
        store.attach(value);
      } else if (value instanceof Inverse) {
        value.play(store, key);
      } else if (value === undefined) {
        store.remove(key);
      } else {
        assert(!(value instanceof Contents), "a record of a key has its value");
        store.put(key, value, deadlineMs);
      }
    }
    this.shrinkWhenEmpty();
  }

  /** Batch offset at which the effects from `position` on begin. There is a record at `position`. */
  offsetAt(position: number): number {
    assert(position >= this.head && position < this.tail, "there is a record at the position");
    return this.offsets[position & (this.capacity - 1)]!;
  }

  /** Effects recorded from `position` on; a rename's two records are one. */
  effectsFrom(position: number): number {
    assert(position >= this.head && position <= this.tail, "position is in the journal");
    let effects = 0;
    let previous = -1;
    for (let record = position; record < this.tail; record++) {
      const offset = this.offsets[record & (this.capacity - 1)]!;
      effects += offset === previous ? 0 : 1;
      previous = offset;
    }
    return effects;
  }

  private push(
    key: string | null,
    value: Value | Contents | Inverse | undefined,
    deadlineMs: number,
    cost: number,
  ): void {
    assert(this.tail - this.head < this.capacity, "beginEffect made room");
    const i = this.tail & (this.capacity - 1);
    this.keys[i] = key;
    this.values[i] = value;
    this.deadlines[i] = deadlineMs;
    this.offsets[i] = this.effectOffset;
    this.costs[i] = cost + UNDO_RECORD_BYTES;
    this.bytes += cost + UNDO_RECORD_BYTES;
    this.tail++;
  }

  /** Lets go of what the record kept alive. */
  private clear(i: number): void {
    this.keys[i] = null;
    this.values[i] = undefined;
    this.bytes -= this.costs[i]!;
  }

  /** A burst's columns are not kept for ever. */
  private shrinkWhenEmpty(): void {
    if (this.head === this.tail) {
      assert(this.bytes === 0, "an empty journal keeps nothing alive");
      if (this.capacity > JOURNAL_RECORDS_MIN * 64) {
        this.resize(JOURNAL_RECORDS_MIN);
      }
    }
  }

  private resize(capacity: number): void {
    const keys: (string | null)[] = emptyColumn(capacity);
    const values: (Value | Contents | Inverse | undefined)[] = emptyColumn(capacity);
    const deadlines = new Float64Array(capacity);
    const offsets = new Float64Array(capacity);
    const costs = new Float64Array(capacity);
    for (let record = this.head; record < this.tail; record++) {
      const from = record & (this.capacity - 1);
      const to = record & (capacity - 1);
      keys[to] = this.keys[from] as string | null;
      values[to] = this.values[from];
      deadlines[to] = this.deadlines[from]!;
      offsets[to] = this.offsets[from]!;
      costs[to] = this.costs[from]!;
    }
    this.keys = keys;
    this.values = values;
    this.deadlines = deadlines;
    this.offsets = offsets;
    this.costs = costs;
    this.capacity = capacity;
  }
}

function unheard(): void {}

function emptyColumn<T>(capacity: number): T[] {
  return new Array<T>(capacity);
}
