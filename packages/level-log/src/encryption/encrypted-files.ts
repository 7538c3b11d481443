/**
 * Files whose contents are encrypted, by names that are not: what snapshots are kept in. Sizes, positions and bytes
 * are the plain ones; what does not open is LOG_DAMAGED. A file is written in order, and whole once it was synced.
 */

import { assert } from "../assert.js";
import { SEALED_BLOCK_BYTES } from "../constants.js";
import { LogDamagedError } from "../errors.js";
import type { Files, OpenFile } from "../files.js";
import type { DataKeys, FileKey } from "./data-keys.js";
import {
  BlockSealer,
  decodeFileHeader,
  FILE_HEADER_BYTES,
  openBlock,
  plainBytesOf,
  STORED_BLOCK_BYTES,
  storedAt,
} from "./sealed-blocks.js";

export function encryptedFiles(files: Files, keys: DataKeys): Files {
  return {
    ...files,
    open: async (path, mode) => {
      assert(mode !== "update", "an encrypted file is written once");
      const file = await files.open(path, mode);
      const isNew = mode !== "read";
      if (isNew) return new EncryptedFile(file, path, keys, keys.newFileKey());
      return new EncryptedFile(file, path, keys, null);
    },
    openSync: (path) => new EncryptedFile(files.openSync(path), path, keys, null),
  };
}

class EncryptedFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #path: string;
  readonly #keys: DataKeys;
  /** Null: read from the header when it is needed. */
  #key: FileKey | null;
  /** Null: it is read, or was ended. */
  #sealer: BlockSealer | null;
  #plainBytes = 0;
  #storedBytes = 0;
  /** The block that was opened last: small reads in order open each block once. */
  #opened: { readonly block: number; readonly plain: Buffer } | null = null;

  constructor(file: OpenFile, path: string, keys: DataKeys, created: FileKey | null) {
    this.#file = file;
    this.#path = path;
    this.#keys = keys;
    this.#key = created;
    this.#sealer = created === null ? null : new BlockSealer(created);
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    if (target.length === 0) return 0;
    const key = this.#key ?? this.#keyIn(await this.#stored(FILE_HEADER_BYTES, 0));
    const { block, count } = blocksOf(target, position);
    if (this.#opened?.block === block && count === 1) {
      const copied = this.#copyOpened(target, position);
      if (copied > 0) return copied;
    }
    const stored = await this.#stored(count * STORED_BLOCK_BYTES + 1, storedAt(block));
    return this.#copy(key, { target, position, block, count }, stored);
  }

  readSync(target: Uint8Array, position: number): number {
    if (target.length === 0) return 0;
    const key = this.#key ?? this.#keyIn(this.#storedSync(FILE_HEADER_BYTES, 0));
    const { block, count } = blocksOf(target, position);
    if (this.#opened?.block === block && count === 1) {
      const copied = this.#copyOpened(target, position);
      if (copied > 0) return copied;
    }
    const stored = this.#storedSync(count * STORED_BLOCK_BYTES + 1, storedAt(block));
    return this.#copy(key, { target, position, block, count }, stored);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const sealed = this.#seal(bytes, position);
    const at = this.#storedBytes;
    this.#storedBytes += sealed.length;
    await this.#file.write(sealed, at);
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const sealed = this.#seal(bytes, position);
    this.#file.writeSync(sealed, this.#storedBytes);
    this.#storedBytes += sealed.length;
  }

  /** What was written is all there will be. */
  async sync(): Promise<void> {
    const sealer = this.#sealer;
    if (sealer !== null) {
      this.#sealer = null;
      const sealed = sealer.end();
      const at = this.#storedBytes;
      this.#storedBytes += sealed.length;
      await this.#file.write(sealed, at);
    }
    await this.#file.sync();
  }

  async size(): Promise<number> {
    return plainBytesOf(await this.#file.size());
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  closeSync(): void {
    this.#file.closeSync();
  }

  #seal(bytes: Uint8Array, position: number): Buffer {
    assert(this.#sealer !== null, "an encrypted file is written before it is synced");
    assert(position === this.#plainBytes, "an encrypted file is written in order");
    this.#plainBytes += bytes.length;
    return this.#sealer.seal(bytes);
  }

  #keyIn(header: Buffer): FileKey {
    const key = decodeFileHeader(header, this.#keys);
    if (key === null) throw new LogDamagedError("an encrypted file has no header", this.#path);
    this.#key = key;
    return key;
  }

  async #stored(bytes: number, position: number): Promise<Buffer> {
    const stored = Buffer.allocUnsafe(bytes);
    return stored.subarray(0, await this.#file.read(stored, position));
  }

  #storedSync(bytes: number, position: number): Buffer {
    const stored = Buffer.allocUnsafe(bytes);
    return stored.subarray(0, this.#file.readSync(stored, position));
  }

  /** 0: the read goes on behind that block. */
  #copyOpened(target: Uint8Array, position: number): number {
    const opened = this.#opened;
    assert(opened !== null, "a block is open");
    const from = position - opened.block * SEALED_BLOCK_BYTES;
    const isInside = from + target.length <= opened.plain.length;
    return isInside ? opened.plain.copy(target, 0, from, from + target.length) : 0;
  }

  /** One byte more was asked for than the blocks have: whether it came says whether the last of them is the last. */
  #copy(key: FileKey, { target, position, block, count }: BlockRead, stored: Buffer): number {
    let copied = 0;
    for (let at = 0; at < count; at++) {
      const from = at * STORED_BLOCK_BYTES;
      if (from >= stored.length) break;
      const end = from + STORED_BLOCK_BYTES;
      const isLast = stored.length <= end;
      const plain = openBlock(key, block + at, isLast, stored.subarray(from, end));
      if (plain === null) {
        throw new LogDamagedError(
          `block ${block + at} of an encrypted file does not open`,
          this.#path,
        );
      }
      const begin = at === 0 ? position - block * SEALED_BLOCK_BYTES : 0;
      if (begin < plain.length) copied += plain.copy(target as Buffer, copied, begin);
      this.#opened = { block: block + at, plain };
    }
    return copied;
  }
}

interface BlockRead {
  readonly target: Uint8Array;
  readonly position: number;
  readonly block: number;
  readonly count: number;
}

/** The blocks that hold what is read. */
function blocksOf(target: Uint8Array, position: number): { block: number; count: number } {
  const block = Math.floor(position / SEALED_BLOCK_BYTES);
  const last = Math.floor((position + target.length - 1) / SEALED_BLOCK_BYTES);
  return { block, count: last - block + 1 };
}
