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
 * Not here: opening and verifying (open.ts, scan.ts), birth (bootstrap.ts), trimming.
 */

import {
  type Entry,
  entryChecksum,
  type Index,
  type InitialState,
  type Persist,
} from "@redoubt/raft";
import type { DurableLog } from "@redoubt/replica/ports";
import { assert } from "./assert.js";
import { BATCH_BYTES_MAX } from "./constants.js";
import type { EntryTable } from "./entry-table.js";
import { LogDamagedError } from "./errors.js";
import type { LogIdentity } from "./identity.js";
import { assertLargeChained, type NetChange, netChange } from "./net-change.js";
import {
  decodeEntry,
  encodeEntry,
  encodeHardState,
  encodeMeta,
  entryKey,
  HARD_STATE_KEY,
  type HardStateRecord,
  HEADER_BYTES,
  META_KEY,
  type Meta,
  payloadPiece,
  pieceCount,
} from "./records.js";
import type { ScannedLog } from "./scan.js";
import { eventLoopTurn, type Store, type StoreOperation } from "./store.js";
import type { Watermark, WatermarkFile } from "./watermark.js";

/** An opened, verified store and what it holds. */
export interface LogParts {
  readonly identity: LogIdentity;
  readonly store: Store;
  readonly watermark: WatermarkFile;
  readonly scanned: ScannedLog;
  readonly onFatal: (error: Error) => void;
}

interface Waiting {
  readonly persist: Persist;
  readonly done: () => void;
}

export class LevelLog implements DurableLog {
  readonly identity: LogIdentity;
  readonly initial: InitialState;
  /** Synced batches so far. */
  syncs = 0;
  /** Bytes of values handed to LevelDB so far. */
  bytesWritten = 0;

  readonly #store: Store;
  readonly #watermark: WatermarkFile;
  readonly #onFatal: (error: Error) => void;
  // Durable state: moves when a batch is synced, never when it is handed over.
  readonly #table: EntryTable;
  #hardState: HardStateRecord;
  #meta: Meta;
  /** Reads go up to here: below a truncation that is in flight. */
  #readableLast: Index;
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #failed = false;
  #closed = false;

  constructor(parts: LogParts) {
    this.identity = parts.identity;
    this.initial = parts.scanned.initial;
    this.#store = parts.store;
    this.#watermark = parts.watermark;
    this.#onFatal = parts.onFatal;
    this.#table = parts.scanned.table;
    this.#hardState = parts.scanned.hardState;
    this.#meta = parts.scanned.meta;
    this.#readableLast = this.#table.lastIndex;
  }

  persist(persist: Persist, done: () => void): void {
    assert(!this.#closed, "nothing is persisted after close");
    if (this.#failed) return;
    this.#queue.push({ persist, done });
    // A microtask later, so that everything handed over in one turn is one batch.
    this.#running ??= Promise.resolve().then(() => this.#run());
  }

  readEntries(first: Index, last: Index, bytesMax: number): Entry[] {
    assert(first <= last, "a read asks for at least one entry");
    assert(
      first >= this.#table.firstIndex && last <= this.#readableLast,
      "a read is of durable entries",
    );
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.#readEntry(index, entries.length === 0 ? Infinity : bytesMax - bytes);
      if (entry === null) break;
      entries.push(entry);
      bytes += entry.payload.length;
    }
    return entries;
  }

  async close(): Promise<void> {
    assert(!this.#closed, "a log is closed once");
    this.#closed = true;
    await this.#running;
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
      for (const entry of persist.entries) bytes += entry.payload.length;
      count++;
      if (bytes > BATCH_BYTES_MAX) break;
    }
    const taken = this.#queue;
    this.#queue = taken.slice(count);
    taken.length = count;
    return taken;
  }

  async #commit(taken: readonly Waiting[]): Promise<void> {
    const change = netChange(
      taken.map((waiting) => waiting.persist),
      this.#table,
    );
    await assertLargeChained(change, this.#table, eventLoopTurn);
    const hardState = this.#nextHardState(change);
    const meta = this.#nextMeta(change);
    const operations = this.#operations(change, hardState, meta);
    if (operations.length === 0) return;

    this.#readableLast = change.keepLast;
    await this.#store.write(operations);
    this.syncs++;
    this.#table.truncateTo(change.keepLast);
    for (const entry of change.entries) {
      this.#table.append(entry.index, entry.checksum, entry.payload.length);
    }
    this.#hardState = hardState;
    this.#meta = meta;
    this.#watermark.write(watermarkOf(this.#table, hardState, meta));
    this.#readableLast = this.#table.lastIndex;
  }

  #nextHardState(change: NetChange): HardStateRecord {
    if (change.hardState === null) return this.#hardState;
    const { term, vote } = change.hardState;
    assert(term >= this.#hardState.term, "the term never goes back");
    return { term, vote, sequence: this.#hardState.sequence + 1 };
  }

  #nextMeta(change: NetChange): Meta {
    if (!change.truncated) return this.#meta;
    const last = change.entries.at(-1);
    return {
      ...this.#meta,
      epoch: this.#meta.epoch + 1,
      epochLastIndex: last?.index ?? change.keepLast,
      epochLastChecksum: last?.checksum ?? this.#table.checksumAt(change.keepLast),
    };
  }

  #operations(change: NetChange, hardState: HardStateRecord, meta: Meta): StoreOperation[] {
    const operations: StoreOperation[] = [];
    for (let index = change.keepLast + 1; index <= this.#table.lastIndex; index++) {
      for (let piece = 0; piece <= this.#table.piecesAt(index); piece++) {
        operations.push({ type: "del", key: entryKey(index, piece) });
      }
    }
    if (meta !== this.#meta) operations.push(put(META_KEY, encodeMeta(meta)));
    for (const entry of change.entries) pushEntry(operations, entry, meta.epoch);
    if (hardState !== this.#hardState) {
      operations.push(put(HARD_STATE_KEY, encodeHardState(hardState)));
    }
    for (const operation of operations) {
      if (operation.type === "put") this.bytesWritten += operation.value.length;
    }
    return operations;
  }

  /** Null: its payload is longer than `bytesMax`. */
  #readEntry(index: Index, bytesMax: number): Entry | null {
    const record = this.#store.get(entryKey(index, 0));
    const header = record === undefined ? null : decodeEntry(record);
    if (record === undefined || header === null) {
      throw new LogDamagedError(`entry ${index} is missing or its header is bad`, this.#store.path);
    }
    if (header.payloadBytes > bytesMax) return null;
    const { term, kind, checksum } = header;
    const payload = this.#readPayload(index, header.payloadBytes, record);
    const previous = this.#table.checksumAt(index - 1);
    const verified =
      checksum === this.#table.checksumAt(index) &&
      checksum === entryChecksum(index, term, kind, previous, payload);
    if (!verified) {
      throw new LogDamagedError(`entry ${index} is not the one written`, this.#store.path);
    }
    return { index, term, kind, checksum, payload };
  }

  #readPayload(index: Index, payloadBytes: number, record: Buffer): Buffer {
    const pieces = pieceCount(payloadBytes);
    if (pieces === 0) return record.subarray(HEADER_BYTES);
    const chunks: Buffer[] = [];
    for (let piece = 1; piece <= pieces; piece++) {
      const chunk = this.#store.get(entryKey(index, piece));
      if (chunk === undefined) {
        throw new LogDamagedError(`piece ${piece} of entry ${index} is missing`, this.#store.path);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
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
  };
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
