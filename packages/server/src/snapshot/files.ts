/**
 * A snapshot's file as the thread that makes it reads and writes it: synchronous, in order, its CRC beside it. Sizes
 * and CRCs are of the plain bytes; where there are `keys`, those on the disk are encrypted.
 */

import { closeSync, fdatasyncSync, fsyncSync, openSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import {
  LogDamagedError,
  readSnapshotFile,
  type SnapshotFileReader,
  type SnapshotSealer,
  snapshotSealer,
  type ThreadKeys,
} from "@redoubt/level-log";
import { readBytes, sparedBytesMax, sparedShare, syncBytes } from "./constants.js";

/** One that is written once: truncated when it is there. It leaves the last of the disk to the log. */
export class FileSink {
  readonly #path: string;
  readonly #fd: number;
  readonly #sealer: SnapshotSealer;
  readonly #wrote: (bytes: number) => void;
  #bytes = 0;
  #digest = 0;
  #syncedBytes = 0;

  /** `wrote` is told how much there is after every block; it may throw to end it. */
  constructor(path: string, keys: ThreadKeys | null, wrote: (bytes: number) => void) {
    this.#path = path;
    this.#sealer = snapshotSealer(keys);
    this.#fd = openSync(path, "w");
    this.#wrote = wrote;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** CRC-32 of all bytes. */
  get digest(): number {
    return this.#digest;
  }

  /** Throws NoRoomError, or the system's error. */
  write(block: Uint8Array): void {
    demandRoom(this.#path, block.length);
    this.#store(this.#sealer.seal(block));
    this.#digest = crc32(block, this.#digest);
    this.#bytes += block.length;
    this.#wrote(this.#bytes);
    if (this.#bytes - this.#syncedBytes < syncBytes) return;
    fdatasyncSync(this.#fd);
    this.#syncedBytes = this.#bytes;
  }

  /** What was written is all of it, and durable. Once. */
  end(): void {
    this.#store(this.#sealer.end());
    fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #store(block: Uint8Array): void {
    for (let at = 0; at < block.length; ) at += writeSync(this.#fd, block, at, block.length - at);
  }
}

/** One that is read from its start to its end. */
export class FileSource {
  readonly #file: SnapshotFileReader;
  readonly #expected: { readonly bytes: number; readonly digest: number };
  readonly #path: string;
  readonly #look: () => void;
  readonly #block = Buffer.allocUnsafeSlow(readBytes);
  #at = 0;
  #end = 0;
  #bytes = 0;
  #digest = 0;

  /** `look` is called before every block; it may throw to end it. */
  constructor(
    path: string,
    keys: ThreadKeys | null,
    expected: { readonly bytes: number; readonly digest: number },
    look: () => void = () => {},
  ) {
    this.#path = path;
    this.#look = look;
    this.#expected = expected;
    this.#file = readSnapshotFile(path, keys);
  }

  /** Throws FileDamagedError at the end, when what was read is not what was expected. */
  read(target: Buffer): number {
    if (this.#at === this.#end) this.#fill();
    const bytes = this.#block.copy(target, 0, this.#at, this.#end);
    this.#at += bytes;
    return bytes;
  }

  close(): void {
    this.#file.closeSync();
  }

  #fill(): void {
    this.#look();
    this.#at = 0;
    this.#end = this.#readBlock();
    const block = this.#block.subarray(0, this.#end);
    this.#digest = crc32(block, this.#digest);
    this.#bytes += this.#end;
    const { bytes, digest } = this.#expected;
    const isDone = this.#end === 0;
    if (this.#bytes > bytes || (isDone && (this.#bytes !== bytes || this.#digest !== digest))) {
      throw new FileDamagedError(this.#path);
    }
  }

  #readBlock(): number {
    try {
      return this.#file.readSync(this.#block, this.#bytes);
    } catch (error) {
      // One that was encrypted and does not open: the file is, the log is not.
      if (!(error instanceof LogDamagedError)) throw error;
      throw new FileDamagedError(this.#path, error);
    }
  }
}

/** Asked before every block: others write to this disk, too. */
function demandRoom(path: string, bytes: number): void {
  const { bsize, blocks, bavail } = statfsSync(dirname(path));
  // Some file systems do not tell.
  if (blocks === 0) return;
  const spared = Math.min(sparedBytesMax, blocks * bsize * sparedShare);
  if (bavail * bsize - bytes < spared) throw new NoRoomError(dirname(path), Math.ceil(spared));
}

/** The disk has no room for a snapshot, or only the room that the log may need. */
export class NoRoomError extends Error {
  readonly code = "SNAPSHOT_NO_ROOM";
  override readonly name = "NoRoomError";

  constructor(directory: string, sparedBytes: number) {
    super(`no room for a snapshot in ${directory}: the last ${sparedBytes} bytes are the log's`);
  }
}

/** A snapshot's file does not have the bytes it was written with. */
export class FileDamagedError extends Error {
  readonly code = "SNAPSHOT_DAMAGED";
  override readonly name = "FileDamagedError";

  constructor(path: string, cause?: Error) {
    super(`${path} does not have the bytes it was written with`, { cause });
  }
}
