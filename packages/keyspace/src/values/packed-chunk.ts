/**
 * Elements packed into one Buffer: the small form of the inner chunks of a large list.
 *
 *   bytes  | spare | length text length | length text length | ... | spare |
 *                  start                                           end
 *
 * A text's length stands before and behind it, so the chunk is read both ways and an element costs its
 * text and two bytes (four from 128 on), about what it costs in Redis. Both ends give and take in place.
 * Every text is a string that is no Blob.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { latin1Slice, latin1Write } from "../latin1.js";
import type { StringValue } from "../value.js";
import {
  type Direction,
  type ElementVisitor,
  type IndexVisitor,
  packedSize,
} from "./element-sequence.js";
import { ListChunk } from "./list-chunk.js";

/** In the first byte before and the last byte behind a text: the length has a second byte. */
const LONG_MARK = 0x80;
/** Spare room of a chunk that had to grow or was made smaller: its bytes shifted right by this. */
const SPARE_SHIFT = 2;
/** A chunk is made smaller when less than its capacity shifted right by this is in use. */
const SHRINK_SHIFT = 2;

export class PackedChunk extends ListChunk {
  private bytes: Buffer;
  private start = 0;
  private end = 0;

  private constructor(bytes: Buffer) {
    super();
    this.bytes = bytes;
  }

  /** None of the elements is a Blob. */
  static of(items: readonly StringValue[]): PackedChunk {
    let size = 0;
    for (const item of items) {
      size += packedSize(item.length);
    }
    const chunk = new PackedChunk(Buffer.allocUnsafeSlow(size));
    for (const item of items) {
      chunk.insert(chunk.count, item);
    }
    return chunk;
  }

  override get(index: number): string {
    return textAt(this.bytes, this.offsetOf(index));
  }

  override set(index: number, value: StringValue): string {
    assert(typeof value === "string", "a packed element is no Blob");
    const at = this.offsetOf(index);
    const old = textAt(this.bytes, at);
    if (value.length === old.length) {
      this.write(at, value);
      this.countOut(old);
      this.countIn(value);
    } else {
      this.cut(index, at, old);
      this.insert(index, value);
    }
    return old;
  }

  override insert(index: number, value: StringValue): void {
    assert(typeof value === "string", "a packed element is no Blob");
    const size = packedSize(value.length);
    const at = this.offsetOf(index);
    const { bytes, start, end } = this;
    const roomAtTail = bytes.length - end >= size;
    if (start >= size && (index < this.count - index || !roomAtTail)) {
      move(bytes, start - size, start, at);
      this.start -= size;
      this.write(at - size, value);
    } else if (roomAtTail) {
      move(bytes, at + size, at, end);
      this.end += size;
      this.write(at, value);
    } else {
      this.growAt(at, size, index === 0);
      this.write(this.start + at - start, value);
    }
    this.countIn(value);
  }

  override remove(index: number): string {
    const at = this.offsetOf(index);
    const value = textAt(this.bytes, at);
    this.cut(index, at, value);
    const used = this.end - this.start;
    if (used < this.bytes.length >> SHRINK_SHIFT) {
      this.reallocate(used + (used >> SPARE_SHIFT));
    }
    return value;
  }

  override splitAt(index: number): PackedChunk {
    const at = this.offsetOf(index);
    const right = new PackedChunk(this.bytes);
    right.start = at;
    right.end = this.end;
    right.reallocate(this.end - at);
    right.visit(0, 1, 0, (value) => {
      right.countIn(value);
      return true;
    });
    this.subtractSums(right);
    this.end = at;
    this.reallocate(at - this.start);
    return right;
  }

  override indexAtBytes(bytes: number): number {
    let index = 0;
    for (let at = this.start; at < this.end; index++) {
      at += packedSize(lengthAt(this.bytes, at));
      if (at - this.start > bytes) {
        break;
      }
    }
    return Math.max(1, index);
  }

  override visit(
    index: number,
    direction: Direction,
    base: number,
    visit: ElementVisitor,
  ): boolean {
    const { bytes, start, end } = this;
    let at = this.offsetOf(index);
    for (let i = index; at < end; i += direction) {
      if (!visit(textAt(bytes, at), base + i)) {
        return false;
      }
      if (direction === -1 && at === start) {
        return true;
      }
      at = direction === 1 ? behind(bytes, at) : before(bytes, at);
    }
    return true;
  }

  override visitEqual(
    wanted: StringValue,
    index: number,
    direction: Direction,
    base: number,
    _last: number,
    visit: IndexVisitor,
  ): boolean {
    if (typeof wanted !== "string") {
      return true;
    }
    const { bytes, start, end } = this;
    let at = this.offsetOf(index);
    for (let i = index; at < end; i += direction) {
      if (
        lengthAt(bytes, at) === wanted.length &&
        equalsAt(bytes, at, wanted) &&
        !visit(base + i)
      ) {
        return false;
      }
      if (direction === -1 && at === start) {
        return true;
      }
      at = direction === 1 ? behind(bytes, at) : before(bytes, at);
    }
    return true;
  }

  override clone(): PackedChunk {
    const copy = new PackedChunk(this.bytes);
    copy.start = this.start;
    copy.end = this.end;
    copy.reallocate(this.end - this.start);
    copy.addSums(this);
    return copy;
  }

  override check(): void {
    const fresh = new PackedChunk(this.bytes);
    fresh.start = this.start;
    fresh.end = this.end;
    fresh.visit(0, 1, 0, (value) => {
      fresh.countIn(value);
      return true;
    });
    assert(this.sameSums(fresh), "a packed chunk's sums are those of its elements");
    assert(this.packedBytes === this.end - this.start, "a packed chunk's bytes are its elements'");
    let at = this.end;
    for (let rest = this.count; rest > 0; rest--) {
      at = before(this.bytes, at);
    }
    assert(at === this.start, "a packed chunk is read backward as forward");
  }

  /** Where the element starts; the count's is the end. Walks from the nearer side. */
  private offsetOf(index: number): number {
    const { bytes, count } = this;
    let at: number;
    if (index <= count >> 1) {
      at = this.start;
      for (let i = 0; i < index; i++) {
        at = behind(bytes, at);
      }
    } else {
      at = this.end;
      for (let i = count; i > index; i--) {
        at = before(bytes, at);
      }
    }
    return at;
  }

  private write(at: number, text: string): void {
    const { bytes } = this;
    const { length } = text;
    if (length < LONG_MARK) {
      bytes[at] = length;
      latin1Write(bytes, text, at + 1);
      bytes[at + 1 + length] = length;
    } else {
      const high = LONG_MARK | (length >> 8);
      bytes[at] = high;
      bytes[at + 1] = length;
      latin1Write(bytes, text, at + 2);
      bytes[at + 2 + length] = length;
      bytes[at + 3 + length] = high;
    }
  }

  /** Takes the element out of bytes and sums. The side with fewer elements moves. */
  private cut(index: number, at: number, value: string): void {
    const size = packedSize(value.length);
    if (index < this.count >> 1) {
      move(this.bytes, this.start + size, this.start, at);
      this.start += size;
    } else {
      move(this.bytes, at, at + size, this.end);
      this.end -= size;
    }
    this.countOut(value);
  }

  /** Opens a gap of `size` bytes at `at` in new bytes; the spare room goes where it will be used. */
  private growAt(at: number, size: number, spareAtHead: boolean): void {
    const { bytes, start, end } = this;
    const used = end - start + size;
    const spare = used >> SPARE_SHIFT;
    const grown = Buffer.allocUnsafeSlow(used + spare);
    this.start = spareAtHead ? spare : 0;
    this.end = this.start + used;
    bytes.copy(grown, this.start, start, at);
    bytes.copy(grown, this.start + at - start + size, at, end);
    this.bytes = grown;
  }

  private reallocate(capacity: number): void {
    const moved = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(moved, 0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    this.bytes = moved;
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < LONG_MARK ? first : ((first - LONG_MARK) << 8) | bytes[at + 1]!;
}

/** Start of the element behind the one at `at`. */
function behind(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < LONG_MARK ? at + first + 2 : at + lengthAt(bytes, at) + 4;
}

/** Start of the element that ends at `at`. */
function before(bytes: Buffer, at: number): number {
  const last = bytes[at - 1]!;
  if (last < LONG_MARK) {
    return at - last - 2;
  }
  return at - (((last - LONG_MARK) << 8) | bytes[at - 2]!) - 4;
}

function textAt(bytes: Buffer, at: number): string {
  const length = lengthAt(bytes, at);
  const from = length < LONG_MARK ? at + 1 : at + 2;
  return latin1Slice(bytes, from, from + length);
}

/** The lengths are equal. */
function equalsAt(bytes: Buffer, at: number, wanted: string): boolean {
  const { length } = wanted;
  const from = length < LONG_MARK ? at + 1 : at + 2;
  for (let i = 0; i < length; i++) {
    if (bytes[from + i] !== wanted.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** A native call, so not for nothing. */
function move(bytes: Buffer, target: number, from: number, end: number): void {
  if (from !== end) {
    bytes.copyWithin(target, from, end);
  }
}
