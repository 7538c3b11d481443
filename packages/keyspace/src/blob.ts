/**
 * A large string value: the first `length` bytes of owned storage. Written bytes never change, so handles
 * can be shared by undo records, copies and replies that are still waiting. An append writes behind the
 * longest handle's end, where nobody looks yet; a handle that is not the longest one is copied first.
 *
 *   storage  | written by put | appended | spare |
 *   handles   ----length A---->
 *             ----------length B--------->           B.append may go on in place, A.append copies
 *
 * A patch of a very large value copies the pieces it changes, not the value. Handles before it and behind it
 * share the others. Whoever asks for all bytes gets them in one piece again.
 *
 *   storage  | piece 0 | piece 1 | piece 2 | pi |
 *   pieces     null      owned     null      null    null: the storage's
 */

import { Buffer } from "node:buffer";
import { assert } from "./assert.js";
import {
  BLOB_PATCHED_BYTES_MIN,
  BLOB_PIECE_BYTES,
  BLOB_SPARE_SHIFT,
  STRING_BYTES_MAX,
} from "./constants.js";
import { latin1Write } from "./latin1.js";

interface Storage {
  readonly bytes: Buffer;
  /** Bytes that some handle shows. */
  written: number;
}

type Pieces = readonly (Buffer | null)[];

/** Of blobs all pieces of which are owned. */
const NO_STORAGE: Storage = { bytes: Buffer.alloc(0), written: 0 };

export class Blob {
  readonly length: number;
  /**
   * Bytes allocated for all handles of the storage together, and for the owned pieces of this one, when it was made:
   * joining its pieces changes no estimate.
   */
  readonly capacity: number;
  private storage: Storage;
  /** null: all bytes are the storage's. */
  private pieces: Pieces | null;

  private constructor(storage: Storage, length: number, pieces: Pieces | null, capacity: number) {
    this.storage = storage;
    this.length = length;
    this.pieces = pieces;
    this.capacity = capacity;
  }

  static copyOf(bytes: Uint8Array): Blob {
    const storage = newStorage(bytes.length, 0);
    storage.bytes.set(bytes);
    return Blob.ofStorage(storage, bytes.length);
  }

  /** Takes over `bytes`: nobody else writes to them. */
  static owning(bytes: Buffer): Blob {
    assert(bytes.length <= STRING_BYTES_MAX, "an owned value has at most 512 MB");
    return Blob.ofStorage({ bytes, written: bytes.length }, bytes.length);
  }

  static fromLatin1(text: string): Blob {
    const storage = newStorage(text.length, 0);
    latin1Write(storage.bytes, text, 0);
    return Blob.ofStorage(storage, text.length);
  }

  private static ofStorage(storage: Storage, length: number): Blob {
    return new Blob(storage, length, null, storage.bytes.length);
  }

  /** A view, without copy unless the value was patched. Its bytes never change and must not be changed. */
  bytes(): Uint8Array {
    if (this.pieces !== null) {
      const joined = newStorage(this.length, 0);
      this.copyTo(joined.bytes, 0, this.length);
      this.storage = joined;
      this.pieces = null;
    }
    return this.storage.bytes.subarray(0, this.length);
  }

  /** A view of some of them, or a copy; takes time by those alone. */
  slice(from: number, end: number): Uint8Array {
    assert(from >= 0 && from <= end && end <= this.length, "a part is inside its value");
    if (this.pieces === null) {
      return this.storage.bytes.subarray(from, end);
    }
    const part = Buffer.allocUnsafeSlow(end - from);
    this.copyTo(part, from, end);
    return part;
  }

  /** What this handle keeps alive, beside its header, while `other` is alive. */
  bytesBeside(other: Blob): number {
    if (this.storage !== other.storage) {
      return this.capacity;
    }
    let bytes = 0;
    this.pieces?.forEach((piece, i) => {
      bytes += piece === null || piece === other.pieces?.[i] ? 0 : piece.length;
    });
    return bytes;
  }

  append(suffix: Uint8Array): Blob {
    const length = this.length + suffix.length;
    if (this.pieces !== null) {
      return this.replaced(this.length, suffix, length);
    }
    const { storage } = this;
    if (this.length === storage.written && length <= storage.bytes.length) {
      storage.bytes.set(suffix, this.length);
      storage.written = length;
      return Blob.ofStorage(storage, length);
    }
    const grown = newStorage(length, length >> BLOB_SPARE_SHIFT);
    grown.bytes.set(this.bytes());
    grown.bytes.set(suffix, this.length);
    return Blob.ofStorage(grown, length);
  }

  /** `bytes` in the place of those at `offset`. */
  patch(offset: number, bytes: Uint8Array): Blob {
    assert(offset >= 0 && offset + bytes.length <= this.length, "patched bytes are there");
    if (this.length >= BLOB_PATCHED_BYTES_MIN) {
      return this.replaced(offset, bytes, this.length);
    }
    const storage = newStorage(this.length, 0);
    storage.bytes.set(this.bytes());
    storage.bytes.set(bytes, offset);
    return Blob.ofStorage(storage, this.length);
  }

  /** `bytes` go over what is at `offset`, up to the new `length` at most. Other pieces are shared. */
  private replaced(offset: number, bytes: Uint8Array, length: number): Blob {
    assert(length <= STRING_BYTES_MAX, "a value has at most 512 MB");
    const pieces: (Buffer | null)[] = this.pieces?.slice() ?? [];
    while (pieces.length * BLOB_PIECE_BYTES < length) {
      pieces.push(null);
    }
    // What was joined is owned no more, though it is still estimated as it was made.
    let capacity = this.pieces === null ? this.storage.bytes.length : this.capacity;
    const end = offset + bytes.length;
    for (let i = Math.floor(offset / BLOB_PIECE_BYTES); i * BLOB_PIECE_BYTES < end; i++) {
      const from = i * BLOB_PIECE_BYTES;
      const piece = Buffer.allocUnsafeSlow(Math.min(BLOB_PIECE_BYTES, length - from));
      this.copyTo(piece, from, Math.min(from + piece.length, this.length));
      const first = Math.max(offset, from);
      const last = Math.min(end, from + piece.length);
      piece.set(bytes.subarray(first - offset, last - offset), first - from);
      capacity += piece.length - (pieces[i]?.length ?? 0);
      pieces[i] = piece;
    }
    // Looked at and not counted: a storage that is dropped too early is lost data.
    return pieces.includes(null)
      ? new Blob(this.storage, length, pieces, capacity)
      : new Blob(NO_STORAGE, length, pieces, length);
  }

  /** Bytes from `from` to `end`, if there are any; they go to the target's start. */
  private copyTo(target: Buffer, from: number, end: number): void {
    const { pieces, storage } = this;
    for (let at = from; at < end; ) {
      const index = Math.floor(at / BLOB_PIECE_BYTES);
      const start = index * BLOB_PIECE_BYTES;
      const stop = Math.min(end, start + BLOB_PIECE_BYTES);
      const piece = pieces === null ? null : pieces[index]!;
      if (piece === null) {
        assert(stop <= storage.bytes.length, "what was not patched is in the storage");
        storage.bytes.copy(target, at - from, at, stop);
      } else {
        piece.copy(target, at - from, at - start, stop - start);
      }
      at = stop;
    }
  }
}

/** `written` bytes are about to be filled by the caller. */
function newStorage(written: number, spare: number): Storage {
  assert(written <= STRING_BYTES_MAX, "a value has at most 512 MB");
  return { bytes: Buffer.allocUnsafeSlow(written + spare), written };
}
