/**
 * The snapshots on a node's disk: what stands in for the files of the storage. They are made as the worker makes
 * them, by the same code: from the previous one and the log behind that, never from the keyspace that serves.
 */

import {
  crc32c,
  type Entry,
  type Index,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";
import { buildSnapshot, type SnapshotSource, verifySnapshot } from "@redoubt/replica";

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
    const suffix = entries.filter((entry) => entry.index <= index);
    if (suffix.length === 0) return null;
    const previous =
      before === null ? null : { snapshot: before.snapshot, open: () => sourceOf(before.bytes) };
    const blocks: Uint8Array[] = [];
    const built = buildSnapshot(
      { previous, entries: () => suffix, to: index },
      { write: (block) => blocks.push(block) },
    );
    const bytes = Buffer.concat(blocks);
    const { term, checksum, configuration, stateDigest } = verifySnapshot(sourceOf(bytes));
    if (stateDigest !== built.stateDigest) throw new Error("disk: another state is read back");
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

export function sourceOf(bytes: Uint8Array): SnapshotSource {
  let at = 0;
  return {
    read: (target) => {
      const part = bytes.subarray(at, at + target.length);
      target.set(part);
      at += part.length;
      return part.length;
    },
    close: () => undefined,
  };
}
