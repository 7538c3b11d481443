/**
 * The bytes of an RDB from front to back, through a window. What the file claims is never believed: the window grows
 * only as far as bytes come.
 *
 *   file    ... passed ... | window: pinned | read | not yet read | spare |
 *                          0        pin     at     end
 *
 * Bytes from the pin on stay in the window; nothing is pinned mostly. The checksum takes them in as they leave it.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import {
  BLOB_BYTES_MIN,
  RDB_READ_BYTES,
  RDB_READ_KEPT_BYTES,
  RDB_RECORD_BYTES_MAX,
  STRING_BYTES_MAX,
  TEXT_BYTES_MAX,
} from "../constants.js";
import { RdbError } from "../errors.js";
import { latin1Slice } from "../latin1.js";
import { keptString, type StringValue } from "../value.js";
import { Crc64Sum } from "./crc64.js";
import { unpackLzf } from "./lzf.js";
import * as types from "./types.js";

/** Sequential bytes. */
export interface RdbSource {
  /** Fills `target` from its start, returns how many bytes. Fewer than asked is allowed; 0: the end. */
  read(target: Buffer): number;
}

/** Takes bytes that are read; they are its own only until it returns. */
export interface RdbCopy {
  raw(bytes: Uint8Array): void;
}

const NO_PIN = -1;
const TWO_32 = 2 ** 32;

export class RdbInput {
  private readonly source: RdbSource;
  /** null: nobody wants it. */
  private readonly sum: Crc64Sum | null;
  private window = Buffer.allocUnsafeSlow(RDB_READ_BYTES);
  private at = 0;
  private end = 0;
  private pinned = NO_PIN;
  /** Takes what is pinned whenever room is needed. */
  private copy: RdbCopy | null = null;
  /** Of the window: up to here the checksum has taken it in. */
  private summed = 0;
  private passed = 0;

  /** `sums`: `checksum` will be asked. It is a tenth of what loading costs. */
  constructor(source: RdbSource, sums: boolean) {
    this.source = source;
    this.sum = sums ? new Crc64Sum() : null;
  }

  /** Bytes that were read. */
  get offset(): number {
    return this.passed + this.at;
  }

  /** From here on bytes stay where `sincePin` finds them. */
  pin(): void {
    this.pinned = this.at;
  }

  unpin(): void {
    this.pinned = NO_PIN;
  }

  /** What was read since the pin, and what is read until `endCopy`, goes to `copy`: no more than a window is held. */
  beginCopy(copy: RdbCopy): void {
    this.copy = copy;
  }

  endCopy(): void {
    this.handOn();
    this.copy = null;
  }

  /** A view, valid until the next read. */
  sincePin(): Buffer {
    return this.window.subarray(this.pinned, this.at);
  }

  /** Over all bytes that were read. */
  checksum(): Crc64Sum {
    assert(this.sum !== null, "a checksum that is asked for was computed");
    this.sum.add(this.window, this.summed, this.at);
    this.summed = this.at;
    return this.sum;
  }

  /** Whether there is nothing more. */
  isAtEnd(): boolean {
    return this.at === this.end && !this.fill(1);
  }

  damaged(what: string): never {
    throw new RdbError("RDB_DAMAGED", what, this.offset);
  }

  unsupported(what: string): never {
    throw new RdbError("RDB_UNSUPPORTED", what, this.offset);
  }

  byte(): number {
    if (this.at === this.end) this.need(1);
    return this.window[this.at++]!;
  }

  skip(bytes: number): void {
    let rest = bytes;
    while (rest > this.end - this.at) {
      rest -= this.end - this.at;
      this.at = this.end;
      this.need(1);
    }
    this.at += rest;
  }

  /** A view, valid until the next read. */
  raw(bytes: number): Buffer {
    this.need(bytes);
    this.at += bytes;
    return this.window.subarray(this.at - bytes, this.at);
  }

  int32(): number {
    this.need(4);
    this.at += 4;
    return this.window.readInt32LE(this.at - 4);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  int64(): bigint {
    this.need(8);
    this.at += 8;
    return this.window.readBigInt64LE(this.at - 8);
  }

  double(): number {
    this.need(8);
    this.at += 8;
    return this.window.readDoubleLE(this.at - 8);
  }

  /** A count or a length; what is beyond 2^53 is more than any file holds. */
  length(): number {
    const first = this.byte();
    if (first >> 6 === types.LENGTH_SPECIAL) this.damaged("an encoded text where a length is due");
    return this.lengthAfter(first);
  }

  /** Of 64 bits, exact below 2^53. */
  private lengthAfter(first: number): number {
    if (first < 64) return first;
    if (first < 128) return ((first & 0x3f) << 8) | this.byte();
    if (first === types.LENGTH_32) {
      this.need(4);
      this.at += 4;
      return this.window.readUInt32BE(this.at - 4);
    }
    if (first !== types.LENGTH_64) this.damaged("a length of no known form");
    this.need(8);
    this.at += 8;
    const { window, at } = this;
    return window.readUInt32BE(at - 8) * TWO_32 + window.readUInt32BE(at - 4);
  }

  /** As any text, without looking at it. */
  skipText(): void {
    const first = this.byte();
    if (first >> 6 !== types.LENGTH_SPECIAL) {
      this.skip(this.boundedLength(first));
    } else if ((first & 0x3f) === types.STRING_LZF) {
      const packed = this.length();
      if (this.length() > STRING_BYTES_MAX || packed > STRING_BYTES_MAX) this.tooLong();
      this.skip(packed);
    } else {
      this.skip(this.integerBytes(first));
    }
  }

  text(): string {
    const first = this.byte();
    if (first >> 6 === types.LENGTH_SPECIAL) {
      const bytes = this.encoded(first);
      if (bytes.length > TEXT_BYTES_MAX) this.tooLong();
      return latin1Slice(bytes, 0, bytes.length);
    }
    const length = this.boundedLength(first);
    if (length > TEXT_BYTES_MAX) this.tooLong();
    this.need(length);
    this.at += length;
    return latin1Slice(this.window, this.at - length, this.at);
  }

  /** In the form in which keys keep it. */
  value(): StringValue {
    const first = this.byte();
    if (first >> 6 === types.LENGTH_SPECIAL) return keptString(this.encoded(first));
    const length = this.boundedLength(first);
    this.need(length);
    this.at += length;
    const { window, at } = this;
    if (length < BLOB_BYTES_MIN) return latin1Slice(window, at - length, at);
    return keptString(window.subarray(at - length, at));
  }

  private boundedLength(first: number): number {
    const length = this.lengthAfter(first);
    if (length > STRING_BYTES_MAX) this.tooLong();
    return length;
  }

  private tooLong(): never {
    return this.unsupported(`a text of more than ${STRING_BYTES_MAX} bytes`);
  }

  private integerBytes(first: number): number {
    const width = [1, 2, 4][first & 0x3f];
    return width ?? this.damaged("a text of no known encoding");
  }

  private encoded(first: number): Uint8Array {
    if ((first & 0x3f) !== types.STRING_LZF) {
      const width = this.integerBytes(first);
      return Buffer.from(String(this.raw(width).readIntLE(0, width)), "latin1");
    }
    const packed = this.length();
    const length = this.length();
    if (length > STRING_BYTES_MAX || packed > STRING_BYTES_MAX) this.tooLong();
    return (
      unpackLzf(this.raw(packed), length) ?? this.damaged("a packed text that does not unpack")
    );
  }

  private need(bytes: number): void {
    if (this.end - this.at >= bytes) return;
    if (!this.fill(bytes)) this.damaged("the file ends too early");
  }

  private handOn(): void {
    this.copy?.raw(this.sincePin());
    this.pinned = this.at;
  }

  /** False: there are fewer. */
  private fill(bytes: number): boolean {
    if (this.copy !== null) this.handOn();
    const keep = this.pinned === NO_PIN ? this.at : this.pinned;
    if (this.sum !== null && keep > this.summed) {
      this.sum.add(this.window, this.summed, keep);
      this.summed = keep;
    }
    this.makeRoom(keep, this.at - keep + bytes);
    while (this.end - this.at < bytes) {
      if (this.end === this.window.length) this.grow();
      const read = this.source.read(this.window.subarray(this.end));
      if (read === 0) return false;
      this.end += read;
    }
    return true;
  }

  /** What is kept goes to the front. */
  private makeRoom(keep: number, wanted: number): void {
    if (keep === 0) return;
    const { window } = this;
    const isGrown = window.length > RDB_READ_KEPT_BYTES;
    if (isGrown && Math.max(wanted, this.end - keep) <= RDB_READ_BYTES) {
      this.window = Buffer.allocUnsafeSlow(RDB_READ_BYTES);
      window.copy(this.window, 0, keep, this.end);
    } else {
      window.copyWithin(0, keep, this.end);
    }
    this.passed += keep;
    this.at -= keep;
    this.end -= keep;
    this.summed = Math.max(this.summed - keep, 0);
    if (this.pinned !== NO_PIN) this.pinned = 0;
  }

  /** The window is full of bytes that were there: it doubles. */
  private grow(): void {
    const { window } = this;
    if (window.length === RDB_RECORD_BYTES_MAX) {
      this.unsupported(`a record of more than ${RDB_RECORD_BYTES_MAX} bytes`);
    }
    this.window = Buffer.allocUnsafeSlow(Math.min(2 * window.length, RDB_RECORD_BYTES_MAX));
    window.copy(this.window, 0, 0, this.end);
  }
}
