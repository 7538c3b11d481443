/**
 * LevelDB as this package uses it: bytes for bytes, one synced batch, exact reads, one ordered scan.
 * Translates its errors. Never repairs: LevelDB's repair serves damaged values or empties the store.
 */

import { type BatchOperation, Level } from "level";
import {
  BLOCK_CACHE_BYTES,
  OPEN_FILES_MAX,
  SCAN_STEP_BYTES,
  SCAN_STEP_RECORDS,
  STEP_BYTES,
  WRITE_BUFFER_BYTES,
} from "./constants.js";
import {
  codeOf,
  LogDamagedError,
  StoreLockedError,
  StoreUnavailableError,
  WriteFailedError,
} from "./errors.js";
import { LogSpace } from "./log-space.js";
import { LOG_BLOCK_BYTES, LOG_HEADER_BYTES } from "./table-format.js";

/** What `level` is in Node (classic-level), and its types keep silent about. */
interface Tables {
  approximateSize(gte: Uint8Array, lt: Uint8Array): Promise<number>;
  compactRange(gte: Uint8Array, lt: Uint8Array): Promise<void>;
}

type Database = Level<Uint8Array, Uint8Array> & Tables;
export type StoreOperation = BatchOperation<Database, Uint8Array, Uint8Array>;
export type StoreRecord = readonly [key: Buffer, value: Buffer];

/** Entries are read once per slow peer: they would only push LevelDB's own blocks out of its cache. */
const UNCACHED = { keyEncoding: "view", valueEncoding: "view", fillCache: false };

/** Of one put: LevelDB's binding copies options that do not name the encodings, at the price of half a put. */
const SYNCED = { keyEncoding: "view", valueEncoding: "view", sync: true };

/** Absent: no bound. */
export interface KeyRange {
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
}

/** What the log needs of a store. A seam for a store that fails, in tests. */
export interface Store {
  readonly path: string;
  /** All or nothing, in order, durable when it resolves. Rejects with WRITE_FAILED. */
  write(operations: StoreOperation[]): Promise<void>;
  /** Throws LOG_DAMAGED or STORE_UNAVAILABLE. */
  get(key: Uint8Array): Buffer | undefined;
  /** Every record in key order, a bounded number in memory. Rejects with LOG_DAMAGED or STORE_UNAVAILABLE. */
  scan(range?: KeyRange): AsyncGenerator<readonly StoreRecord[]>;
  /** Null: the range is empty. Rejects as `scan`. */
  firstKey(range: KeyRange): Promise<Buffer | null>;
  /** Deletes what is in the range, in several batches; durable at some time, or not. Rejects with WRITE_FAILED. */
  clear(range: KeyRange): Promise<void>;
  /** Roughly what the range takes on the disk, deleted records that are still there included. */
  tableBytes(range: Required<KeyRange>): Promise<number>;
  /** Gives back what deleted records of the range take. Rejects with WRITE_FAILED. */
  compact(range: Required<KeyRange>): Promise<void>;
  close(): Promise<void>;
}

/**
 * `createIfMissing` only at birth: on an existing node LevelDB would answer a deleted CURRENT with a new,
 * empty database.
 */
export async function openStore(path: string, createIfMissing: boolean): Promise<Store> {
  assertNotOpenHere(path);
  openPaths.add(path);
  try {
    return new LevelStore(path, await openDatabase(path, createIfMissing), true);
  } catch (error) {
    openPaths.delete(path);
    throw error;
  }
}

/** Throws STORE_LOCKED. With `multithreading` LevelDB's own lock is one for the process. */
export function assertNotOpenHere(path: string): void {
  if (openPaths.has(path)) throw lockedError(path, null);
}

/** One that another thread of this process has open. */
export async function openSharedStore(path: string): Promise<Store> {
  return new LevelStore(path, await openDatabase(path, false), false);
}

async function openDatabase(path: string, createIfMissing: boolean): Promise<Database> {
  const database = new Level(path, { keyEncoding: "view", valueEncoding: "view" }) as Database;
  try {
    await database.open({
      createIfMissing,
      errorIfExists: createIfMissing,
      // Entries are effects of many commands, read back rarely and thrown away by trimming.
      compression: false,
      writeBufferSize: WRITE_BUFFER_BYTES,
      cacheSize: BLOCK_CACHE_BYTES,
      maxOpenFiles: OPEN_FILES_MAX,
      // The thread that makes snapshots reads the same store.
      multithreading: true,
    });
  } catch (error) {
    throw readError(path, error);
  }
  return database;
}

/** Those this thread has open. */
const openPaths = new Set<string>();

class LevelStore implements Store {
  readonly path: string;
  readonly #database: Database;
  /** Not shared: while it is open, no other may be opened here. */
  readonly #owns: boolean;
  readonly #space: LogSpace;
  /** Writes under way, deletions included. */
  #writing = 0;
  /** From the call on: whoever opens the store next may be writing. */
  #closed = false;

  constructor(path: string, database: Database, owns: boolean) {
    this.path = path;
    this.#database = database;
    this.#owns = owns;
    this.#space = new LogSpace(path);
  }

  async write(operations: StoreOperation[]): Promise<void> {
    const bytes = bytesOf(operations);
    const isAlone = this.#owns && !this.#closed && this.#writing === 0;
    this.#space.reserve(logBytes(operations), isAlone);
    this.#writing += 1;
    try {
      const [first] = operations;
      if (operations.length === 1 && first!.type === "put" && first!.value.length <= STEP_BYTES) {
        // Nearly always. What a batch costs to be handed over is mostly its list.
        await this.#database.put(first!.key, first!.value, SYNCED);
      } else if (bytes <= STEP_BYTES) {
        await this.#database.batch(operations, { sync: true });
      } else {
        await this.#writeInSteps(operations);
      }
    } catch (error) {
      throw writeError("a synced write to the log failed", error);
    } finally {
      this.#writing -= 1;
    }
  }

  /** One batch all the same: nothing of it is written before `write`. */
  async #writeInSteps(operations: readonly StoreOperation[]): Promise<void> {
    const batch = this.#database.batch();
    try {
      let bytes = 0;
      for (const operation of operations) {
        if (bytes >= STEP_BYTES) {
          await eventLoopTurn();
          bytes = 0;
        }
        if (operation.type === "del") {
          batch.del(operation.key);
        } else {
          batch.put(operation.key, operation.value);
          bytes += operation.value.length;
        }
      }
      await batch.write({ sync: true });
    } finally {
      await batch.close();
    }
  }

  get(key: Uint8Array): Buffer | undefined {
    try {
      return asBuffer(this.#database.getSync<Uint8Array, Uint8Array>(key, UNCACHED));
    } catch (error) {
      throw readError(this.path, error);
    }
  }

  async *scan(range: KeyRange = {}): AsyncGenerator<readonly StoreRecord[]> {
    const iterator = this.#database.iterator({ ...range, highWaterMarkBytes: SCAN_STEP_BYTES });
    try {
      for (;;) {
        const records = await iterator.nextv(SCAN_STEP_RECORDS);
        if (records.length === 0) return;
        yield records.map(([key, value]) => [asBuffer(key), asBuffer(value)] as const);
      }
    } catch (error) {
      throw readError(this.path, error);
    } finally {
      await iterator.close();
    }
  }

  async firstKey(range: KeyRange): Promise<Buffer | null> {
    const iterator = this.#database.keys({ ...range, limit: 1, fillCache: false });
    try {
      const key = await iterator.next();
      return key === undefined ? null : asBuffer(key);
    } catch (error) {
      throw readError(this.path, error);
    } finally {
      await iterator.close();
    }
  }

  async clear(range: KeyRange): Promise<void> {
    this.#writing += 1;
    try {
      await this.#database.clear(range);
    } catch (error) {
      throw writeError("deleting from the log failed", error);
    } finally {
      this.#writing -= 1;
    }
  }

  tableBytes({ gte, lt }: Required<KeyRange>): Promise<number> {
    return this.#database.approximateSize(gte, lt);
  }

  async compact({ gte, lt }: Required<KeyRange>): Promise<void> {
    try {
      await this.#database.compactRange(gte, lt);
    } catch (error) {
      throw writeError("compacting the log failed", error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#database.close();
    if (this.#owns) openPaths.delete(this.path);
  }
}

/** I/O errors that are about the files' contents: one is gone, or was cut to nothing and can't be mapped. */
const CONTENT_ERRORS = ["No such file", "Invalid argument"];

/**
 * LevelDB refuses or cannot read the store. Any other I/O error (permissions, open files, a disk that refuses)
 * says nothing about what is stored; everything else is about the contents.
 */
function readError(path: string, error: unknown): Error {
  const cause = rootCause(error);
  const code = codeOf(cause);
  const reason = reasonOf(cause);
  if (code === "LEVEL_LOCKED") {
    return lockedError(path, error);
  }
  const isContent = CONTENT_ERRORS.some((text) => reason.includes(text));
  if (reason.startsWith("IO error") && !isContent) {
    const line = `the store ${path} cannot be read: ${reason}`;
    return new StoreUnavailableError(line, { cause: error });
  }
  return new LogDamagedError(`LevelDB refuses the store: ${reason}`, path, { cause: error });
}

function writeError(what: string, error: unknown): WriteFailedError {
  return new WriteFailedError(`${what}: ${reasonOf(error)}`, { cause: error });
}

export function lockedError(path: string, cause: unknown): StoreLockedError {
  const line = `the store ${path} is in use: is another process of this node running?`;
  return new StoreLockedError(line, cause === null ? {} : { cause });
}

function bytesOf(operations: readonly StoreOperation[]): number {
  let bytes = 0;
  for (const operation of operations) {
    if (operation.type === "put") bytes += operation.value.length;
  }
  return bytes;
}

/** Of LevelDB's write batch: sequence and count. */
const BATCH_HEAD_BYTES = 12;

/** What LevelDB's log grows by: a batch, the kinds and lengths of what is in it, a header in each block it touches. */
function logBytes(operations: readonly StoreOperation[]): number {
  let bytes = BATCH_HEAD_BYTES;
  for (const operation of operations) {
    bytes += 1 + fieldBytes(operation.key);
    if (operation.type === "put") bytes += fieldBytes(operation.value);
  }
  return bytes + LOG_HEADER_BYTES * (1 + Math.floor(bytes / LOG_BLOCK_BYTES));
}

/** With its length, a varint. */
function fieldBytes({ length }: Uint8Array): number {
  if (length < 2 ** 7) return 1 + length;
  return (length < 2 ** 14 ? 2 : 3) + length;
}

/** Resolves when everything else that waits in the event loop, timers and sockets, has had its go. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootCause(error.cause) : error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function asBuffer(bytes: Uint8Array): Buffer;
function asBuffer(bytes: Uint8Array | undefined): Buffer | undefined;
function asBuffer(bytes: Uint8Array | undefined): Buffer | undefined {
  if (bytes === undefined || Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
