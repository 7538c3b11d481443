/**
 * The snapshots on a node's disk: what stands in for the files of the storage and for the worker that makes
 * them. A snapshot's bytes are its state as one batch of effects. It is made as the worker will make it: from
 * the previous one and the log behind that, never from the keyspace that serves.
 */

import { applyBatch, BatchWriter, encodeState, Keyspace } from "@redoubt/keyspace";
import {
  crc32c,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type Index,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";

interface SnapshotFile {
  readonly snapshot: SnapshotDescription;
  readonly bytes: Uint8Array;
}

export class SnapshotFiles {
  /** The one that the durable log begins from. */
  adopted: SnapshotDescription | null = null;
  /** The next one that is received does not survive its way to the disk. */
  damagesNext = false;
  readonly #files: SnapshotFile[] = [];
  #received: SnapshotChunk[] = [];

  /** Of everything up to `index`; `entries`: those behind the adopted one, in order. */
  static made(
    before: SnapshotFile | null,
    entries: readonly Entry[],
    index: Index,
  ): SnapshotFile | null {
    const keyspace = new Keyspace();
    if (before !== null) applyBatch(keyspace, before.bytes);
    let configuration = before?.snapshot.configuration ?? null;
    let last: Pick<Entry, "term" | "checksum"> | null = null;
    for (const entry of entries) {
      if (entry.index > index) break;
      last = entry;
      if (entry.kind === EntryKind.batch) applyBatch(keyspace, entry.payload);
      if (entry.kind === EntryKind.configuration) {
        configuration = {
          index: entry.index,
          configuration: decodeConfiguration(entry.payload),
        };
      }
    }
    if (last === null || configuration === null) return null;
    const bytes = stateOf(keyspace);
    const { term, checksum } = last;
    const digest = crc32c(bytes);
    const size = bytes.length;
    return { snapshot: { index, term, checksum, configuration, bytes: size, digest }, bytes };
  }

  get newest(): SnapshotFile | null {
    const { adopted } = this;
    return adopted === null ? null : this.#file(adopted);
  }

  bytesOf(snapshot: SnapshotDescription): Uint8Array | null {
    return this.#file(snapshot)?.bytes ?? null;
  }

  write(chunk: SnapshotChunk): void {
    if (chunk.offset === 0) this.#received = [];
    this.#received.push(chunk);
  }

  /** What was received is durable from now on, if it is right. */
  keepReceived(snapshot: SnapshotDescription): boolean {
    const bytes = new Uint8Array(snapshot.bytes);
    for (const { offset, data } of this.#received) bytes.set(data, offset);
    this.#received = [];
    if (this.damagesNext) bytes[bytes.length >> 1]! ^= 4;
    this.damagesNext = false;
    if (crc32c(bytes) !== snapshot.digest) return false;
    this.#files.push({ snapshot, bytes });
    return true;
  }

  /**
   * The log begins from it: older ones go, but those that peers are being sent (trap 21). Newer ones may be about
   * to be installed (trap 50).
   */
  adopt(file: SnapshotFile | SnapshotDescription, sent: readonly SnapshotDescription[] = []): void {
    const snapshot = "snapshot" in file ? file.snapshot : file;
    if ("snapshot" in file) this.#files.push(file);
    if (this.#file(snapshot) === null) throw new Error("disk: a snapshot that is not there");
    this.adopted = snapshot;
    const kept = this.#files.filter(
      (each) =>
        isSame(each.snapshot, snapshot) ||
        each.snapshot.index > snapshot.index ||
        sent.some((other) => isSame(each.snapshot, other)),
    );
    this.#files.splice(0, this.#files.length, ...kept);
  }

  /** The process is gone, and what nothing refers to with it. */
  crash(): void {
    this.#received = [];
    const { newest } = this;
    this.#files.splice(0, this.#files.length, ...(newest === null ? [] : [newest]));
  }

  #file(snapshot: SnapshotDescription): SnapshotFile | null {
    return this.#files.find((each) => isSame(each.snapshot, snapshot)) ?? null;
  }
}

function isSame(a: SnapshotDescription, b: SnapshotDescription): boolean {
  return a.index === b.index && a.digest === b.digest && a.bytes === b.bytes;
}

/** One batch, never empty: it begins with taking everything away. */
function stateOf(keyspace: Keyspace): Uint8Array {
  const batch = new BatchWriter();
  batch.flushAll();
  encodeState(keyspace, batch);
  return batch.take(keyspace.logTimeMs);
}
