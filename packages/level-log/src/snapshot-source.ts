/** The bytes of a snapshot file, in order, with the CRC of all of them: what a restart or an install reads. */

import { crc32 } from "node:zlib";
import type { SnapshotDescription } from "@redoubt/raft";
import { SNAPSHOT_STEP_BYTES } from "./constants.js";
import { LogDamagedError } from "./errors.js";
import type { OpenFile } from "./files.js";

/** Synchronous: whoever reads it decides how much at a time. */
export class SnapshotSource {
  readonly #snapshot: SnapshotDescription;
  readonly #file: OpenFile;
  readonly #path: string;
  #position = 0;
  #crc = 0;
  #closed = false;

  constructor(snapshot: SnapshotDescription, file: OpenFile, path: string) {
    this.#snapshot = snapshot;
    this.#file = file;
    this.#path = path;
  }

  /**
   * Fills `target` from its start; returns how many bytes, 0 only at the end. Throws LOG_DAMAGED there when size
   * or CRC differ from the description: what was read until then is not to be believed.
   */
  read(target: Buffer): number {
    const bytes = this.#file.readSync(target, this.#position);
    this.#position += bytes;
    this.#crc = crc32(target.subarray(0, bytes), this.#crc);
    if (bytes < target.length || this.#position >= this.#snapshot.bytes) {
      const whole = this.#position === this.#snapshot.bytes && this.#crc === this.#snapshot.digest;
      if (!whole) throw damaged(this.#snapshot, this.#path);
    }
    return bytes;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.closeSync();
  }
}

/**
 * Whether a file has the size and the CRC of the description. In steps: while one is checked, the next is on its
 * way from the disk, and the event loop has its turns.
 */
export async function isIntact(file: OpenFile, snapshot: SnapshotDescription): Promise<boolean> {
  try {
    return await hasBytes(file, snapshot);
  } catch (error) {
    // An encrypted one that does not open.
    if (error instanceof LogDamagedError) return false;
    throw error;
  }
}

async function hasBytes(file: OpenFile, snapshot: SnapshotDescription): Promise<boolean> {
  if ((await file.size()) !== snapshot.bytes) return false;
  let [current, ahead] = [
    Buffer.allocUnsafe(SNAPSHOT_STEP_BYTES),
    Buffer.allocUnsafe(SNAPSHOT_STEP_BYTES),
  ];
  let crc = 0;
  let position = 0;
  let bytes = await file.read(current, position);
  while (bytes > 0) {
    position += bytes;
    const reading = file.read(ahead, position);
    crc = crc32(current.subarray(0, bytes), crc);
    bytes = await reading;
    [current, ahead] = [ahead, current];
  }
  return position === snapshot.bytes && crc === snapshot.digest;
}

export function damaged(snapshot: SnapshotDescription, path: string): LogDamagedError {
  return new LogDamagedError(`the snapshot of index ${snapshot.index} is not the one kept`, path);
}
