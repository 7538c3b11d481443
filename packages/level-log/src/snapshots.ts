/**
 * The snapshot files of one node: those it makes, and those a leader sends.
 *
 *   write() ---> receiving-N.tmp --- verify(): sync, CRC, rename, sync directory --+
 *   worker ----> making-N.tmp    --- adopt():              rename, sync directory --+--> <index>-<digest>.rdb
 *                                                                                   |
 *                         record 's' in the store, in the log's write queue  <------+   (an install: with its Persist)
 *
 * A file counts from the moment that the record names it, durably; only then older ones go. So a crash leaves the
 * named file and left-overs, which opening removes. Kept beside the named one: newer verified ones, which may
 * be about to be installed, and what peers are being sent (trap 21).
 *
 * Not here: what is in them. Any failed write is fatal, as the log's own.
 */

import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Index, SnapshotChunk, SnapshotDescription } from "@redoubt/raft";
import type { SnapshotStore } from "@redoubt/replica/ports";
import { assert } from "./assert.js";
import { RECEIVE_BACKLOG_BYTES_MAX, RECEIVE_BEHIND_BYTES } from "./constants.js";
import type { DataKeys, ThreadKeys } from "./encryption/data-keys.js";
import { codeOf, WriteFailedError } from "./errors.js";
import type { Files, OpenFile } from "./files.js";
import { damaged, isIntact, SnapshotSource } from "./snapshot-source.js";

export interface SnapshotFilesOptions {
  readonly files: Files;
  /** Exists. */
  readonly directory: string;
  /** The one the record names; verified. */
  readonly adopted: SnapshotDescription | null;
  /** What `files` encrypts with; absent or null: nothing. */
  readonly keys?: DataKeys | null;
}

/** The log beside them. */
export interface SnapshotRecorder {
  /** Makes the record durable, in the order of calls and Persists. Never calls `done` when it failed. */
  record(snapshot: SnapshotDescription, done: () => void): void;
  /** Fatal. */
  fail(error: Error): void;
}

/** One on its way here. */
interface Receiving {
  readonly path: string;
  readonly opened: Promise<OpenFile>;
  /** Everything handed over is in the file once it has resolved. */
  tail: Promise<void>;
  handedBytes: number;
  waitingBytes: number;
  /** More came than the disk takes. */
  overrun: boolean;
}

/** A file that is being read by peers, and how far it has been found right. */
interface Reading {
  readonly file: OpenFile;
  checkedBytes: number;
  crc: number;
}

export class SnapshotFiles implements SnapshotStore {
  readonly directory: string;
  /** Bytes written to files here so far: of those received. */
  bytesReceived = 0;
  /** Bytes of those adopted, written by whoever made them. */
  bytesAdopted = 0;
  readonly #files: Files;
  readonly #keys: DataKeys | null;
  #recorder: SnapshotRecorder | null = null;
  #adopted: SnapshotDescription | null;
  /** Files under their final names. */
  #complete: SnapshotDescription[];
  /** Newest that was handed over to be recorded, durable or not. */
  #handedIndex: Index;
  #generation = 0;
  #receiving: Receiving | null = null;
  readonly #reading = new Map<string, Reading>();
  /** Work outside of turns that `close` waits for. */
  readonly #working = new Set<Promise<void>>();
  #temporaryNames = 0;
  #closed = false;

  constructor({ files, directory, adopted, keys = null }: SnapshotFilesOptions) {
    this.directory = directory;
    this.#files = files;
    this.#keys = keys;
    this.#adopted = adopted;
    this.#complete = adopted === null ? [] : [adopted];
    this.#handedIndex = adopted?.index ?? 0;
  }

  /** Given once, by the log. */
  belongTo(recorder: SnapshotRecorder): void {
    assert(this.#recorder === null, "snapshots belong to one log");
    this.#recorder = recorder;
  }

  /**
   * Raised by every install, when it is handed over and when it is durable: what was being made, or was begun between
   * the two, is of no use any more, and its log goes away.
   */
  get generation(): number {
    return this.#generation;
  }

  newest(): SnapshotDescription | null {
    return this.#adopted;
  }

  /** Throws LOG_DAMAGED once a whole file was read that is not what was kept: no peer will take it. */
  read(snapshot: SnapshotDescription, offset: number, bytesMax: number): Uint8Array | null {
    if (!this.#holds(snapshot)) return null;
    assert(offset >= 0 && offset < snapshot.bytes, "a chunk begins inside its snapshot");
    const path = this.#pathOf(snapshot);
    const reading = this.#openForPeers(path);
    const data = Buffer.allocUnsafe(Math.min(bytesMax, snapshot.bytes - offset));
    if (reading.file.readSync(data, offset) < data.length) throw damaged(snapshot, path);
    if (offset === reading.checkedBytes) {
      reading.crc = crc32(data, reading.crc);
      reading.checkedBytes += data.length;
      const complete = reading.checkedBytes === snapshot.bytes;
      if (complete && reading.crc !== snapshot.digest) throw damaged(snapshot, path);
    }
    return data;
  }

  write(chunk: SnapshotChunk): void {
    assert(!this.#closed, "nothing is received after close");
    if (chunk.offset === 0) this.#beginReceiving();
    const receiving = this.#receiving;
    assert(receiving?.handedBytes === chunk.offset, "chunks come in order");
    const { data, offset } = chunk;
    receiving.handedBytes += data.length;
    receiving.waitingBytes += data.length;
    if (receiving.waitingBytes > RECEIVE_BACKLOG_BYTES_MAX) receiving.overrun = true;
    if (receiving.overrun) return;
    receiving.tail = receiving.tail.then(async () => {
      const file = await receiving.opened;
      await file.write(data, offset);
      this.bytesReceived += data.length;
      receiving.waitingBytes -= data.length;
    });
    void this.#track(receiving.tail);
  }

  get isBehind(): boolean {
    return (this.#receiving?.waitingBytes ?? 0) >= RECEIVE_BEHIND_BYTES;
  }

  verify(snapshot: SnapshotDescription, done: (ok: boolean) => void): void {
    assert(!this.#closed, "nothing is verified after close");
    const receiving = this.#receiving;
    assert(receiving?.handedBytes === snapshot.bytes, "all of a snapshot is verified");
    this.#receiving = null;
    const kept = this.#keep(receiving, snapshot).then((ok) => {
      if (!this.#closed) done(ok);
    });
    void this.#track(kept);
  }

  /** The state of a snapshot that is here. Throws LOG_DAMAGED when its file is gone. */
  open(snapshot: SnapshotDescription): SnapshotSource {
    const path = this.#pathOf(snapshot);
    try {
      return new SnapshotSource(snapshot, this.#files.openSync(path), path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") throw damaged(snapshot, path);
      throw error;
    }
  }

  /** Where a snapshot that is here lies, for the thread that makes the next one of it. */
  fileOf(snapshot: SnapshotDescription): string {
    return this.#pathOf(snapshot);
  }

  /** What another thread of this process reads and writes the log and the files with; null: they are not encrypted. */
  keysForThread(): ThreadKeys | null {
    return this.#keys?.forThread() ?? null;
  }

  /** A name in the same directory, for the next one that is made. Not twice the same. */
  temporaryPath(): string {
    return this.#temporaryPath("making");
  }

  /** What was being made is not wanted any more. Not an error when nothing is there. */
  async discard(path: string): Promise<void> {
    try {
      await this.#files.unlink(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }

  /**
   * A file that this node made, synced and read back, becomes the snapshot a restart begins from; resolves with
   * true once that is durable. With false, and the file is gone: an install was handed over since `generation`
   * was read, or a newer one is adopted (trap 50). `sent`: what peers are being sent, and stays.
   *
   * Looked at twice, since renaming takes time: 1. The older one is renamed. 2. An install is handed over. 3. Were
   * the record of the older one written now, the log would begin behind what it describes.
   */
  async adopt(
    snapshot: SnapshotDescription,
    path: string,
    sent: () => readonly SnapshotDescription[],
    generation: number = this.#generation,
  ): Promise<boolean> {
    assert(!this.#closed, "nothing is adopted after close");
    const isWanted = () =>
      !this.#closed && generation === this.#generation && snapshot.index > this.#handedIndex;
    if (!isWanted()) {
      await this.#track(this.discard(path));
      return false;
    }
    await this.#track(this.#publish(path, this.#pathOf(snapshot)));
    if (!isWanted()) {
      // The install may be of the very same bytes.
      if (!this.#holds(snapshot)) await this.#track(this.discard(this.#pathOf(snapshot)));
      return false;
    }
    if (!this.#holds(snapshot)) this.#complete.push(snapshot);
    this.#handedIndex = snapshot.index;
    const recorder = this.#recorder;
    assert(recorder !== null, "snapshots belong to a log");
    await new Promise<void>((resolve) => recorder.record(snapshot, resolve));
    this.bytesAdopted += snapshot.bytes;
    if (!this.#closed) await this.#track(this.#dropOthers(sent()));
    return true;
  }

  // ---- called by the log -------------------------------------------------------------------------

  /** A Persist with this install was handed over. */
  installing(snapshot: SnapshotDescription): void {
    assert(this.#holds(snapshot), "only a verified snapshot is installed");
    assert(snapshot.index > this.#handedIndex, "an install is of a newer snapshot");
    this.#generation++;
    this.#handedIndex = snapshot.index;
  }

  /** The record that names it is durable. */
  recorded(snapshot: SnapshotDescription): void {
    this.#adopted = snapshot;
  }

  /** An install is durable: who installs sends nothing. */
  installed(): void {
    this.#generation++;
    if (!this.#closed) void this.#track(this.#dropOthers([]));
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#working.size > 0) await Promise.all(this.#working);
    const { opened } = this.#receiving ?? {};
    for (const { file } of this.#reading.values()) file.closeSync();
    this.#reading.clear();
    await (await opened)?.close();
  }

  // ------------------------------------------------------------------------------------------------

  #beginReceiving(): void {
    const before = this.#receiving;
    if (before !== null) void this.#track(this.#abandon(before));
    const path = this.#temporaryPath("receiving");
    const opened = this.#files.open(path, "create");
    const tail = opened.then(() => {});
    this.#receiving = { path, opened, tail, handedBytes: 0, waitingBytes: 0, overrun: false };
    void this.#track(tail);
  }

  async #abandon({ path, opened, tail }: Receiving): Promise<void> {
    await tail;
    await (await opened).close();
    await this.discard(path);
  }

  /** Durable under its final name, or gone. */
  async #keep(receiving: Receiving, snapshot: SnapshotDescription): Promise<boolean> {
    await receiving.tail;
    const file = await receiving.opened;
    if (!receiving.overrun) await file.sync();
    if (receiving.overrun || !(await isIntact(file, snapshot))) {
      await file.close();
      await this.discard(receiving.path);
      return false;
    }
    await file.close();
    await this.#publish(receiving.path, this.#pathOf(snapshot));
    if (!this.#holds(snapshot)) this.#complete.push(snapshot);
    return true;
  }

  async #publish(path: string, final: string): Promise<void> {
    await this.#files.rename(path, final);
    await this.#files.syncDirectory(this.directory);
  }

  /** Older ones than the adopted go, but those that peers are being sent. */
  async #dropOthers(sent: readonly SnapshotDescription[]): Promise<void> {
    const adopted = this.#adopted;
    assert(adopted !== null, "there is one that counts");
    const stays = (each: SnapshotDescription) =>
      isSame(each, adopted) ||
      each.index > adopted.index ||
      sent.some((other) => isSame(each, other));
    const gone = this.#complete.filter((each) => !stays(each));
    this.#complete = this.#complete.filter(stays);
    for (const each of gone) {
      const path = this.#pathOf(each);
      this.#reading.get(path)?.file.closeSync();
      this.#reading.delete(path);
      await this.discard(path);
    }
  }

  #openForPeers(path: string): Reading {
    let reading = this.#reading.get(path);
    if (reading === undefined) {
      reading = { file: this.#files.openSync(path), checkedBytes: 0, crc: 0 };
      this.#reading.set(path, reading);
    }
    return reading;
  }

  #holds(snapshot: SnapshotDescription): boolean {
    return this.#complete.some((each) => isSame(each, snapshot));
  }

  #pathOf(snapshot: SnapshotDescription): string {
    return join(this.directory, snapshotName(snapshot));
  }

  #temporaryPath(kind: "making" | "receiving"): string {
    this.#temporaryNames++;
    return join(this.directory, `${kind}-${this.#temporaryNames}.tmp`);
  }

  /** Whatever fails is fatal: a file that can't be written or removed is a disk that can't be trusted. */
  #track(work: Promise<void>): Promise<void> {
    // Never settles after a failure: nobody goes on from there.
    return new Promise((resolve) => {
      const ended = work
        .then(resolve, (error: unknown) => {
          this.#recorder?.fail(asFailure(error, this.directory));
        })
        .finally(() => this.#working.delete(ended));
      this.#working.add(ended);
    });
  }
}

/** Format. */
export function snapshotName({ index, digest }: SnapshotDescription): string {
  return `${String(index).padStart(16, "0")}-${digest.toString(16).padStart(8, "0")}.rdb`;
}

export function isSame(a: SnapshotDescription, b: SnapshotDescription): boolean {
  return a.index === b.index && a.term === b.term && a.digest === b.digest && a.bytes === b.bytes;
}

/** At opening: what a crash left beside the named one. */
export async function removeLeftovers(
  files: Files,
  directory: string,
  adopted: SnapshotDescription | null,
): Promise<void> {
  const kept = adopted === null ? null : snapshotName(adopted);
  for (const name of await files.list(directory)) {
    if (name !== kept) await files.unlink(join(directory, name));
  }
}

function asFailure(error: unknown, where: string): Error {
  const isSystem = error instanceof Error && "syscall" in error;
  if (!isSystem) return error instanceof Error ? error : new Error(String(error));
  const line = `a snapshot file could not be written (${where}): ${error.message}`;
  return new WriteFailedError(line, { cause: error });
}
