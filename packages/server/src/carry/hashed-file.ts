/** A file that is written once, from its start to its end, its size and digests known when it is there. */

import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { fileBlockBytes } from "./constants.js";

export interface FileFacts {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** zlib's, over all bytes: what a snapshot's description calls its digest. */
  readonly crc32: number;
}

/** Must not exist before. Not durable before `finish`. */
export class HashedFile {
  readonly #descriptor: number;
  readonly #hash = createHash("sha256");
  #crc32 = 0;
  #isOpen = true;
  bytes = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, "wx", 0o600);
  }

  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#crc32 = crc32(bytes, this.#crc32);
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#descriptor, bytes, at, bytes.length - at);
    }
    this.bytes += bytes.length;
  }

  /** Durable, all but its name. */
  finish(): FileFacts {
    fsyncSync(this.#descriptor);
    this.abandon();
    return { bytes: this.bytes, sha256: this.#hash.digest("hex"), crc32: this.#crc32 };
  }

  /** Instead of `finish`: nobody wants it. Behind it nothing happens. */
  abandon(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}

/** Of a file as it is now; as an iterator, so that a large one does not hold anybody up. */
export function* factsOfFile(path: string): Generator<void, FileFacts> {
  const descriptor = openSync(path, "r");
  try {
    const hash = createHash("sha256");
    const block = Buffer.allocUnsafe(fileBlockBytes);
    let crc = 0;
    let bytes = 0;
    for (;;) {
      const count = readSync(descriptor, block, 0, block.length, bytes);
      if (count === 0) return { bytes, sha256: hash.digest("hex"), crc32: crc };
      const read = block.subarray(0, count);
      hash.update(read);
      crc = crc32(read, crc);
      bytes += count;
      yield;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** As it is, durable but for its name. `to` must not exist. */
export function copyDurably(from: string, to: string): FileFacts {
  const descriptor = openSync(from, "r");
  const file = new HashedFile(to);
  try {
    const block = Buffer.allocUnsafe(fileBlockBytes);
    for (;;) {
      const count = readSync(descriptor, block, 0, block.length, file.bytes);
      if (count === 0) return file.finish();
      file.write(block.subarray(0, count));
    }
  } finally {
    file.abandon();
    closeSync(descriptor);
  }
}

/** Names in it, new and gone, are durable afterwards. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
