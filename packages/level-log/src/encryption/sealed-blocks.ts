/**
 * The bytes of an encrypted snapshot file: a header, then blocks, each sealed by itself, so that reading may begin
 * anywhere. Frozen by a test.
 *
 *   magic 4, number of the data key 4, salt 32, CRC-32C 4
 *   block 0: 64 KiB of ciphertext, tag 16      block 1 ...      the last one: as many bytes as are left, tag 16
 *
 * The nonce of a block is its number and whether it is the last one (the STREAM construction; Hoang, Reyhanitabar,
 * Rogaway, Vizar 2015). A file has a key of its own, so no nonce is used twice, and no block can be cut off,
 * repeated, swapped or taken from another file. A file is written once, from its start to its end.
 */

import { assert } from "../assert.js";
import {
  CIPHER_NONCE_BYTES,
  CIPHER_TAG_BYTES,
  FILE_SALT_BYTES,
  SEALED_BLOCK_BYTES,
} from "../constants.js";
import { isSealed, sealRecord, writeU64 } from "../records.js";
import { openSealed, sealInto } from "./cipher.js";
import type { DataKeys, FileKey } from "./data-keys.js";

const MAGIC = 0x52534631; // "RSF1"
const SALT_AT = 8;
export const FILE_HEADER_BYTES = SALT_AT + FILE_SALT_BYTES + 4;
/** On disk. */
export const STORED_BLOCK_BYTES = SEALED_BLOCK_BYTES + CIPHER_TAG_BYTES;
const NOTHING = new Uint8Array(0);

export function encodeFileHeader({ number, salt }: FileKey): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(number, 4);
  header.set(salt, SALT_AT);
  return sealRecord(header);
}

/** Null: damaged, or of a data key that is not here. */
export function decodeFileHeader(header: Buffer, keys: DataKeys): FileKey | null {
  if (!isSealed(header, FILE_HEADER_BYTES) || header.readUInt32BE(0) !== MAGIC) return null;
  const salt = header.subarray(SALT_AT, SALT_AT + FILE_SALT_BYTES);
  return keys.fileKey(header.readUInt32BE(4), salt);
}

/** Where a block begins on disk. */
export function storedAt(block: number): number {
  return FILE_HEADER_BYTES + block * STORED_BLOCK_BYTES;
}

/** Plain bytes of a file that has so many on disk. Negative, or off by some: it was cut. */
export function plainBytesOf(storedBytes: number): number {
  const blocks = Math.ceil((storedBytes - FILE_HEADER_BYTES) / STORED_BLOCK_BYTES);
  return storedBytes - FILE_HEADER_BYTES - blocks * CIPHER_TAG_BYTES;
}

/** Null: not the block that was sealed at this place of this file. */
export function openBlock(
  file: FileKey,
  block: number,
  isLast: boolean,
  stored: Uint8Array,
): Buffer | null {
  return openSealed(file.key, nonceOf(block, isLast), NOTHING, stored);
}

/** Plain bytes in, in order; what is to be written to the disk out, in order. */
export class BlockSealer {
  readonly #file: FileKey;
  /** Of the block that is not sealed yet: whether it is the last one is not known. */
  readonly #open = Buffer.allocUnsafeSlow(SEALED_BLOCK_BYTES);
  #filled = 0;
  #blocks = 0;
  #isBegun = false;
  #isEnded = false;

  constructor(file: FileKey) {
    this.#file = file;
  }

  /** A buffer of the caller's, maybe empty. */
  seal(bytes: Uint8Array): Buffer {
    assert(!this.#isEnded, "nothing follows the last block");
    const sealed: Buffer[] = this.#header();
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === SEALED_BLOCK_BYTES) sealed.push(this.#block(false));
      const part = bytes.subarray(at, at + SEALED_BLOCK_BYTES - this.#filled);
      this.#open.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
    return Buffer.concat(sealed);
  }

  /** What is left. Once. */
  end(): Buffer {
    assert(!this.#isEnded, "there is one last block");
    this.#isEnded = true;
    return Buffer.concat([...this.#header(), this.#block(true)]);
  }

  #header(): Buffer[] {
    if (this.#isBegun) return [];
    this.#isBegun = true;
    return [encodeFileHeader(this.#file)];
  }

  #block(isLast: boolean): Buffer {
    const stored = Buffer.allocUnsafeSlow(this.#filled + CIPHER_TAG_BYTES);
    const plain = this.#open.subarray(0, this.#filled);
    sealInto(stored, 0, this.#file.key, nonceOf(this.#blocks, isLast), NOTHING, plain);
    this.#blocks++;
    this.#filled = 0;
    return stored;
  }
}

function nonceOf(block: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(CIPHER_NONCE_BYTES);
  nonce[0] = isLast ? 1 : 0;
  writeU64(nonce, block, CIPHER_NONCE_BYTES - 8);
  return nonce;
}
