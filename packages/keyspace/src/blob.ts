/**
 * A large string value: the first `length` bytes of owned storage. Written bytes never change, so handles
 * can be shared by undo records, copies and replies that are still waiting. An append writes behind the
 * longest handle's end, where nobody looks yet; a handle that is not the longest one is copied first.
 *
 *   storage  | written by put | appended | spare |
 *   handles   ----length A---->
 *             ----------length B--------->           B.append may go on in place, A.append copies
 */

import { Buffer } from "node:buffer";
import { assert } from "./assert.js";
import { BLOB_SPARE_SHIFT, STRING_BYTES_MAX } from "./constants.js";
import { latin1Write } from "./latin1.js";

interface Storage {
  readonly bytes: Buffer;
  /** Bytes that some handle shows. */
  written: number;
}

export class Blob {
  readonly length: number;
  private readonly storage: Storage;

  private constructor(storage: Storage, length: number) {
    this.storage = storage;
    this.length = length;
  }

  static copyOf(bytes: Uint8Array): Blob {
    const storage = newStorage(bytes.length, 0);
    storage.bytes.set(bytes);
    return new Blob(storage, bytes.length);
  }

  /** Takes over `bytes`: nobody else writes to them. */
  static owning(bytes: Buffer): Blob {
    assert(bytes.length <= STRING_BYTES_MAX, "an owned value has at most 512 MB");
    return new Blob({ bytes, written: bytes.length }, bytes.length);
  }

  static fromLatin1(text: string): Blob {
    const storage = newStorage(text.length, 0);
    latin1Write(storage.bytes, text, 0);
    return new Blob(storage, text.length);
  }

  /** Bytes allocated for all handles of the storage together. */
  get capacity(): number {
    return this.storage.bytes.length;
  }

  /** A view without copy. Its bytes never change and must not be changed. */
  bytes(): Uint8Array {
    return this.storage.bytes.subarray(0, this.length);
  }

  sharesStorage(other: Blob): boolean {
    return this.storage === other.storage;
  }

  append(suffix: Uint8Array): Blob {
    const length = this.length + suffix.length;
    const { storage } = this;
    if (this.length === storage.written && length <= storage.bytes.length) {
      storage.bytes.set(suffix, this.length);
      storage.written = length;
      return new Blob(storage, length);
    }
    const grown = newStorage(length, length >> BLOB_SPARE_SHIFT);
    grown.bytes.set(this.bytes());
    grown.bytes.set(suffix, this.length);
    return new Blob(grown, length);
  }
}

/** `written` bytes are about to be filled by the caller. */
function newStorage(written: number, spare: number): Storage {
  assert(written <= STRING_BYTES_MAX, "a value has at most 512 MB");
  return { bytes: Buffer.allocUnsafeSlow(written + spare), written };
}
