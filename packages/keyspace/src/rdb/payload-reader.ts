/**
 * Reads a payload from front to back. Nothing throws: what does not fit makes `failure`, after which every
 * read gives zeros and empty texts, so that whoever reads has to look only where it loops and at the end. No
 * length is believed before it was compared with the bytes that are left.
 */

import { BLOB_BYTES_MIN, TEXT_BYTES_MAX } from "../constants.js";
import { latin1 } from "../latin1.js";
import { unpackLzf } from "./lzf.js";
import * as types from "./types.js";

/** What whoever reads takes, however little of it the payload holds itself. */
export interface PayloadLimits {
  /** Bytes of the value that the payload does not hold: unpacked texts, names that entries of a stream share. */
  readonly madeBytesMax: number;
  /** Bytes of one unpacked text. */
  readonly textBytesMax: number;
}

export type ReadFailure = "damaged" | "tooLarge";

const none: Buffer = Buffer.alloc(0);
const TWO_32 = 2 ** 32;

export class PayloadReader {
  /** Whether a name that is there twice is looked for: false where whoever builds the value finds it. */
  checksNames = true;
  #failure: ReadFailure | null = null;
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #limits: PayloadLimits;
  #at = 0;
  #made = 0;

  /** The first `end` bytes. */
  constructor(bytes: Buffer, end: number, limits: PayloadLimits) {
    this.#bytes = bytes;
    this.#end = end;
    this.#limits = limits;
  }

  /** Null: everything was read as it should be. The first one stays. */
  get failure(): ReadFailure | null {
    return this.#failure;
  }

  get ok(): boolean {
    return this.#failure === null;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  fail(failure: ReadFailure = "damaged"): void {
    this.#failure ??= failure;
    this.#at = this.#end;
  }

  /** Counts bytes of the value that the payload itself does not hold. */
  make(bytes: number): boolean {
    this.#made += bytes;
    if (this.#made > this.#limits.madeBytesMax) this.fail("tooLarge");
    return this.ok;
  }

  /** A view. */
  raw(length: number): Buffer {
    if (length > this.left) {
      this.fail();
      return none;
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  byte(): number {
    return this.raw(1)[0] ?? 0;
  }

  /** Milliseconds, or another number that is exact. */
  time(): number {
    const bytes = this.raw(8);
    const value = bytes.length === 0 ? 0 : Number(bytes.readBigInt64LE(0));
    if (!Number.isSafeInteger(value)) this.fail();
    return this.ok ? value : 0;
  }

  double(): number {
    const bytes = this.raw(8);
    return bytes.length === 0 ? 0 : bytes.readDoubleLE(0);
  }

  /** A length or counter up to 2^53 - 1. */
  length(): number {
    const value = this.unsigned();
    if (typeof value === "number") return value;
    this.fail();
    return 0;
  }

  /** How many elements follow, each of at least `bytesMin`. */
  count(bytesMin: number): number {
    const count = this.length();
    if (count * bytesMin <= this.left) return count;
    this.fail();
    return 0;
  }

  /** Unsigned, of 64 bits; a bigint from 2^53 on. */
  unsigned(): number | bigint {
    return this.#unsigned(this.byte());
  }

  /** A text kept in any way; a view where it is kept plainly. */
  string(): Buffer {
    const first = this.byte();
    if (first >> 6 !== types.LENGTH_SPECIAL) {
      const length = this.#unsigned(first);
      return this.raw(typeof length === "number" ? length : Number.POSITIVE_INFINITY);
    }
    switch (first & 0x3f) {
      case types.STRING_INT8:
        return this.#integer(1);
      case types.STRING_INT16:
        return this.#integer(2);
      case types.STRING_INT32:
        return this.#integer(4);
      case types.STRING_LZF:
        return this.#lzf();
    }
    this.fail();
    return none;
  }

  text(): string {
    const bytes = this.string();
    if (bytes.length > TEXT_BYTES_MAX) this.fail("tooLarge");
    return this.ok ? latin1(bytes) : "";
  }

  /** Large ones stay bytes. */
  value(): string | Buffer {
    const bytes = this.string();
    return bytes.length < BLOB_BYTES_MIN ? latin1(bytes) : bytes;
  }

  /** 16 characters, as kept: big-endian. */
  rawId(): string {
    return latin1(this.raw(16));
  }

  #unsigned(first: number): number | bigint {
    switch (first >> 6) {
      case types.LENGTH_6:
        return first;
      case types.LENGTH_14:
        return ((first & 0x3f) << 8) | this.byte();
    }
    if (first === types.LENGTH_32) {
      const bytes = this.raw(4);
      return bytes.length === 0 ? 0 : bytes.readUInt32BE(0);
    }
    if (first === types.LENGTH_64) {
      const bytes = this.raw(8);
      if (bytes.length === 0) return 0;
      const value = bytes.readUInt32BE(0) * TWO_32 + bytes.readUInt32BE(4);
      return Number.isSafeInteger(value) ? value : bytes.readBigUInt64BE(0);
    }
    this.fail();
    return 0;
  }

  #integer(width: number): Buffer {
    const bytes = this.raw(width);
    return bytes.length === 0 ? none : Buffer.from(String(bytes.readIntLE(0, width)), "latin1");
  }

  #lzf(): Buffer {
    const packedLength = this.length();
    const length = this.length();
    const packed = this.raw(packedLength);
    if (!this.ok) return none;
    if (length > this.#limits.textBytesMax) this.fail("tooLarge");
    if (!this.make(length)) return none;
    const made = unpackLzf(packed, length);
    if (made === null) this.fail();
    return made ?? none;
  }
}
