/**
 * The durable log of one node: implements `DurableLog` of replica/ports on LevelDB.
 *
 *   persist() ---> queue ---> one synced batch ---> watermark ---> done, done, done
 *                    ^              |
 *                    +-- collects --+   (group commit: one batch in flight, the next fills up)
 *
 * Any failure on that way is fatal: what is on disk is unknown from then on (a failed fsync forgets its
 * pages; LevelDB that goes on after a full disk loses synced records). Nothing is retried, no `done` is
 * called any more, the host is told once.
 *
 * Trimming moves the anchor in such a batch; what lies before it is deleted behind it, a little at a time
 * (trimmer.ts). The record of the snapshot a restart begins from goes the same way: with the Persist that
 * installs it, or between two Persists when this node made it (snapshots.ts).
 *
 * Not here: opening and verifying (open.ts, scan.ts), birth (bootstrap.ts).
 */

import type { Entry, Index, InitialState, Persist, SnapshotDescription } from "@redoubt/raft";
import type { DurableLog } from "@redoubt/replica/ports";
import { assert } from "./assert.js";
import { BATCH_BYTES_MAX, SNAPSHOT_FORMAT } from "./constants.js";
import type { EntryTable } from "./entry-table.js";
import type { LogIdentity } from "./identity.js";
import { assertLargeChained, hasLarge, type NetChange, netChange } from "./net-change.js";
import {
  encodeEntry,
  encodeHardState,
  encodeMeta,
  encodeSnapshot,
  entryKey,
  HARD_STATE_KEY,
  type HardStateRecord,
  META_KEY,
  type Meta,
  payloadPiece,
  pieceCount,
  SNAPSHOT_KEY,
} from "./records.js";
import type { ScannedLog } from "./scan.js";
import type { ScannedEntries } from "./scanned-entries.js";
import type { SnapshotFiles } from "./snapshots.js";
import { eventLoopTurn, type Store, type StoreOperation } from "./store.js";
import { readStoredEntry } from "./stored-entry.js";
import { Trimmer } from "./trimmer.js";
import type { Watermark, WatermarkFile } from "./watermark.js";

/** An opened, verified store and what it holds. */
export interface LogParts {
  readonly identity: LogIdentity;
  readonly store: Store;
  readonly watermark: WatermarkFile;
  readonly scanned: ScannedLog;
  readonly snapshots: SnapshotFiles;
  /** Absent: it is not encrypted. */
  readonly encryption?: LogEncryption;
  readonly onFatal: (error: Error) => void;
}

/** How a log is encrypted. */
export interface LogEncryption {
  /** Name of the master key that its keys are wrapped by. */
  readonly masterKey: string;
  /** That one took the place of another when this log was opened. */
  readonly rewrapped: boolean;
}

interface Waiting {
  /** Null: only the record of a snapshot. */
  readonly persist: Persist | null;
  /** Takes the place of the one that is recorded. */
  readonly snapshot: SnapshotDescription | null;
  readonly done: () => void;
}

/** What one batch replaces, beside entries. */
interface Records {
  readonly hardState: HardStateRecord;
  readonly meta: Meta;
  readonly snapshot: SnapshotDescription | null;
}

/**
 * Bytes handed over so far, by what they are: keys and values of records, and files. Of what LevelDB makes of them
 * (its log, tables, compactions), of deletions and of what encryption adds nothing is counted.
 */
export interface WrittenBytes {
  readonly entries: number;
  readonly hardState: number;
  readonly meta: number;
  /** The record that names it, not its file. */
  readonly snapshot: number;
  /** Files of snapshots that came from a leader, half received ones included, and of those this node made. */
  readonly filesReceived: number;
  readonly filesMade: number;
}

type RecordBytes = { -readonly [Kind in "entries" | "hardState" | "meta" | "snapshot"]: number };

export class LevelLog implements DurableLog {
  readonly identity: LogIdentity;
  readonly initial: InitialState;
  readonly snapshots: SnapshotFiles;
  /** Null: it is not encrypted. */
  readonly encryption: LogEncryption | null;
  /** Synced batches so far. */
  syncs = 0;

  readonly #bytes: RecordBytes = { entries: 0, hardState: 0, meta: 0, snapshot: 0 };
  readonly #store: Store;
  readonly #watermark: WatermarkFile;
  readonly #trimmer: Trimmer;
  readonly #onFatal: (error: Error) => void;
  // Durable state: moves when a batch is synced, never when it is handed over.
  readonly #table: EntryTable;
  readonly #scanned: ScannedEntries;
  #hardState: HardStateRecord;
  #meta: Meta;
  #snapshot: SnapshotDescription | null;
  /** Reads go up to here: below a truncation that is in flight. */
  #readableLast: Index;
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #failed = false;
  #closed = false;

  constructor(parts: LogParts) {
    this.identity = parts.identity;
    this.initial = parts.scanned.initial;
    this.encryption = parts.encryption ?? null;
    this.#store = parts.store;
    this.#watermark = parts.watermark;
    this.#onFatal = parts.onFatal;
    this.#table = parts.scanned.table;
    this.#scanned = parts.scanned.entries;
    this.#hardState = parts.scanned.hardState;
    this.#meta = parts.scanned.meta;
    this.#snapshot = parts.scanned.snapshot;
    this.#readableLast = this.#table.lastIndex;
    this.#trimmer = new Trimmer(this.#store, (error) => this.#fail(error));
    this.#trimmer.trimTo(this.#meta.anchorIndex);
    this.snapshots = parts.snapshots;
    this.snapshots.belongTo({
      record: (snapshot, done) => this.#enqueue({ persist: null, snapshot, done }, false),
      fail: (error) => this.#fail(error),
    });
  }

  persist(persist: Persist, done: () => void, sendsFirst = false): void {
    const snapshot = persist.install ?? null;
    if (snapshot !== null) this.snapshots.installing(snapshot);
    this.#enqueue({ persist, snapshot, done }, sendsFirst);
  }

  get written(): WrittenBytes {
    const { bytesReceived, bytesAdopted } = this.snapshots;
    return { ...this.#bytes, filesReceived: bytesReceived, filesMade: bytesAdopted };
  }

  /** The log begins behind it. */
  get anchorIndex(): Index {
    return this.#meta.anchorIndex;
  }

  /** Everything before the anchor is deleted. */
  get trimIdle(): boolean {
    return this.#trimmer.idle;
  }

  #enqueue(waiting: Waiting, sendsFirst: boolean): void {
    assert(!this.#closed, "nothing is persisted after close");
    if (this.#failed) return;
    this.#queue.push(waiting);
    // A microtask later, so that everything handed over in one turn is one batch. A pass of the event loop later
    // HTTP/2 has written what the turn sent: handing over a batch takes as long as a follower's way to its own.
    this.#running ??= (sendsFirst ? eventLoopTurn() : Promise.resolve()).then(() => this.#run());
  }

  readEntries(first: Index, last: Index, bytesMax: number): Entry[] {
    assert(first <= last, "a read asks for at least one entry");
    assert(
      first >= this.#table.firstIndex && last <= this.#readableLast,
      "a read is of durable entries",
    );
    this.#scanned.forgetBefore(first);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.#entry(index, entries.length === 0 ? Infinity : bytesMax - bytes);
      if (entry === null) break;
      entries.push(entry);
      bytes += entry.payload.length;
    }
    return entries;
  }

  /** Chain checksum of a durable entry, or of the anchor. Nothing is read: a payload may have many megabytes. */
  checksumAt(index: Index): number {
    assert(index <= this.#readableLast, "a checksum is of a durable entry");
    return this.#table.checksumAt(index);
  }

  async close(): Promise<void> {
    assert(!this.#closed, "a log is closed once");
    await this.snapshots.close();
    this.#closed = true;
    await this.#running;
    await this.#trimmer.stop();
    try {
      if (!this.#failed) await this.#watermark.sync();
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#watermark.close();
      await this.#store.close();
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const taken = this.#take();
        await this.#commit(taken);
        for (const waiting of taken) waiting.done();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = null;
  }

  /** The oldest waiting Persists, at least one, up to BATCH_BYTES_MAX. */
  #take(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { persist } of this.#queue) {
      for (const entry of persist?.entries ?? []) bytes += entry.payload.length;
      count++;
      if (bytes > BATCH_BYTES_MAX) break;
    }
    const taken = this.#queue;
    this.#queue = taken.slice(count);
    taken.length = count;
    return taken;
  }

  async #commit(taken: readonly Waiting[]): Promise<void> {
    const persists: Persist[] = [];
    for (const { persist } of taken) if (persist !== null) persists.push(persist);
    const change = netChange(persists, this.#table);
    // Nearly never; and an acknowledgement waits for each step of this way.
    if (hasLarge(change)) await assertLargeChained(change, eventLoopTurn);
    const snapshot = this.#nextSnapshot(taken);
    const hardState = this.#nextHardState(change);
    const meta = this.#nextMeta(change, snapshot);
    const operations = this.#operations(change, { hardState, meta, snapshot });
    if (operations.length === 0) return;

    this.#readableLast = Math.min(this.#readableLast, change.keepLast);
    if (change.install === null) this.#scanned.truncateTo(change.keepLast);
    else this.#scanned.forget();
    await this.#store.write(operations);
    this.syncs++;
    this.#follow(change, meta);
    this.#hardState = hardState;
    this.#meta = meta;
    this.#watermark.write(watermarkOf(this.#table, hardState, meta));
    this.#readableLast = this.#table.lastIndex;
    if (snapshot !== null && snapshot !== this.#snapshot) {
      this.#snapshot = snapshot;
      this.snapshots.recorded(snapshot);
      if (change.install !== null) this.snapshots.installed();
    }
  }

  /** The table is what the store holds now; what lies before the anchor is deleted from now on. */
  #follow({ install, keepLast, entries }: NetChange, { anchorIndex }: Meta): void {
    const table = this.#table;
    if (install === null) table.truncateTo(keepLast);
    else table.reset(install.index, install.checksum);
    for (const { index, checksum, payload } of entries) {
      table.append(index, checksum, payload.length);
    }
    if (anchorIndex >= table.firstIndex) table.trimTo(anchorIndex);
    this.#trimmer.trimTo(anchorIndex);
  }

  /** Newer ones only: `SnapshotFiles` lets nothing older through (trap 50). */
  #nextSnapshot(taken: readonly Waiting[]): SnapshotDescription | null {
    let newest = this.#snapshot;
    for (const { snapshot } of taken) {
      if (snapshot === null) continue;
      assert(snapshot.index > (newest?.index ?? 0), "a snapshot takes the place of an older one");
      newest = snapshot;
    }
    return newest;
  }

  #nextHardState(change: NetChange): HardStateRecord {
    if (change.hardState === null) return this.#hardState;
    const { term, vote } = change.hardState;
    assert(term >= this.#hardState.term, "the term never goes back");
    return { term, vote, sequence: this.#hardState.sequence + 1 };
  }

  #nextMeta(change: NetChange, snapshot: SnapshotDescription | null): Meta {
    const meta = this.#changedMeta(change, snapshot);
    if (meta === this.#meta && snapshot === this.#snapshot) return meta;
    return { ...meta, revision: this.#meta.revision + 1 };
  }

  #changedMeta(change: NetChange, snapshot: SnapshotDescription | null): Meta {
    let meta = this.#meta;
    const { install, trimTo, keepLast, keepChecksum } = change;
    if (snapshot !== null && meta.format < SNAPSHOT_FORMAT) {
      meta = { ...meta, format: SNAPSHOT_FORMAT };
    }
    if (install !== null) meta = { ...meta, ...anchoredAt(install) };
    if (change.truncated || install !== null) {
      const last = change.entries.at(-1);
      meta = {
        ...meta,
        epoch: meta.epoch + 1,
        epochLastIndex: last?.index ?? keepLast,
        epochLastChecksum: last?.checksum ?? keepChecksum,
      };
    }
    if (trimTo <= meta.anchorIndex) return meta;
    assert(snapshot !== null && trimTo <= snapshot.index, "what is trimmed is in a snapshot");
    const anchor = this.#entryAt(trimTo, change);
    meta = { ...meta, ...anchoredAt(anchor) };
    if (meta.epochLastIndex >= trimTo) return meta;
    return { ...meta, epochLastIndex: trimTo, epochLastChecksum: anchor.checksum };
  }

  /** Of the log as it is after the change. */
  #entryAt(index: Index, { keepLast, entries }: NetChange): Entry {
    const entry =
      index > keepLast ? entries[index - keepLast - 1] : this.#readEntry(index, Infinity);
    assert(entry !== undefined && entry !== null, "trimming ends within the log");
    return entry;
  }

  #operations(change: NetChange, { hardState, meta, snapshot }: Records): StoreOperation[] {
    const operations: StoreOperation[] = [];
    // What lies before an install's anchor can wait; what lies behind it would be taken for the log.
    const first = Math.max(change.keepLast + 1, this.#table.firstIndex);
    for (let index = first; index <= this.#table.lastIndex; index++) {
      for (let piece = 0; piece <= this.#table.piecesAt(index); piece++) {
        operations.push({ type: "del", key: entryKey(index, piece) });
      }
    }
    const from = operations.length;
    for (const entry of change.entries) pushEntry(operations, entry, meta.epoch);
    for (let at = from; at < operations.length; at++) {
      this.#bytes.entries += bytesOf(operations[at]!);
    }
    const add = (kind: keyof RecordBytes, key: Uint8Array, value: Uint8Array): void => {
      this.#bytes[kind] += key.length + value.length;
      operations.push(put(key, value));
    };
    if (meta !== this.#meta) add("meta", META_KEY, encodeMeta(meta));
    if (hardState !== this.#hardState) {
      add("hardState", HARD_STATE_KEY, encodeHardState(hardState));
    }
    if (snapshot !== null && snapshot !== this.#snapshot) {
      add("snapshot", SNAPSHOT_KEY, encodeSnapshot(snapshot));
    }
    return operations;
  }

  /** Null: it has more bytes. */
  #entry(index: Index, bytesMax: number): Entry | null {
    const scanned = this.#scanned.at(index);
    if (scanned === undefined) return this.#readEntry(index, bytesMax);
    assert(scanned.checksum === this.#table.checksumAt(index), "what was scanned is of this log");
    return scanned.payload.length <= bytesMax ? scanned : null;
  }

  #readEntry(index: Index, bytesMax: number): Entry | null {
    const previous = this.#table.checksumAt(index - 1);
    return readStoredEntry(this.#store, index, previous, {
      bytesMax,
      checksum: this.#table.checksumAt(index),
    });
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue = [];
    this.#onFatal(error instanceof Error ? error : new Error(String(error)));
  }
}

export function watermarkOf(table: EntryTable, hardState: HardStateRecord, meta: Meta): Watermark {
  return {
    lastIndex: table.lastIndex,
    lastChecksum: table.lastChecksum,
    hardStateSequence: hardState.sequence,
    term: hardState.term,
    vote: hardState.vote,
    epoch: meta.epoch,
    revision: meta.revision,
  };
}

function anchoredAt({ index, term, checksum }: Entry | SnapshotDescription) {
  return { anchorIndex: index, anchorTerm: term, anchorChecksum: checksum };
}

/** The records of one entry: header first, then the pieces of a long payload, uncopied. */
export function pushEntry(operations: StoreOperation[], entry: Entry, epoch: number): void {
  operations.push(put(entryKey(entry.index, 0), encodeEntry(entry, epoch)));
  for (let piece = 1; piece <= pieceCount(entry.payload.length); piece++) {
    operations.push(put(entryKey(entry.index, piece), payloadPiece(entry.payload, piece)));
  }
}

export function put(key: Uint8Array, value: Uint8Array): StoreOperation {
  return { type: "put", key, value };
}

function bytesOf(operation: StoreOperation): number {
  return operation.key.length + (operation.type === "put" ? operation.value.length : 0);
}
