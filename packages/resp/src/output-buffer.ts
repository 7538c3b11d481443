/**
 * Reply bytes of one connection, from the moment they are encoded until the gate lets them go.
 *
 *        start                                                    end
 *          |  held                                                 |
 *   taken  v                                                       v
 *   ......[=== chunk ===][=== chunk ===][ referenced bulk ][= tail =........]
 *                                                                   ^ written next
 *
 * Offsets count from the creation of the buffer and never go back, except by truncate. Bytes handed over by
 * take() are never written again: writing goes on behind them, truncate() cannot reach them. It is not
 * a pool over connections: a chunk's memory belongs to whoever holds a part of it and goes with the last.
 *
 * One command may write without end: MGET of one key a million times. When its owner says that this is too much,
 * everything is dropped, and what comes is counted and dropped, too: the connection must end (`overflowed`).
 */
import {
  chunkBytesMax,
  chunkBytesMin,
  overflowAskedBytesMin,
  referenceBytesMin,
} from "./constants.js";
import { assert } from "./errors.js";

/** `base` is the absolute offset of `bytes[0]`; `used` bytes are written, or all of them when referenced. */
class Chunk {
  readonly bytes: Buffer;
  readonly base: number;
  used: number;
  /** False: somebody else's memory, never written. */
  readonly own: boolean;

  constructor(bytes: Buffer, base: number, used: number, own: boolean) {
    this.bytes = bytes;
    this.base = base;
    this.used = used;
    this.own = own;
  }
}

const noBytes = Buffer.alloc(0);

export class OutputBuffer {
  /** Chunks behind the tail's, oldest first; all of them hold at least one byte of [start, end). */
  private readonly full: Chunk[] = [];
  /** The newest chunk. Writing goes on in the rest of its memory, also when what it holds was taken. */
  private tail = new Chunk(noBytes, 0, 0, false);
  private startOffset = 0;
  /** Bytes of the last take: what comes next is likely as long. */
  private lastTaken = 0;
  /** So many bytes are held: is that too much? Asked about every chunk of a large reply. Set by the owner. */
  overflows: (heldBytes: number) => boolean = () => false;
  /** It was: bytes are missing from now on, nothing of it may be told. */
  overflowed = false;

  /** First byte still held. */
  get start(): number {
    return this.startOffset;
  }

  /** After the last byte. */
  get end(): number {
    return this.tail.base + this.tail.used;
  }

  /** Drops [offset, end): what a command wrote before it failed. */
  truncate(offset: number): void {
    assert(offset >= this.startOffset && offset <= this.end, "truncate inside what is held");
    if (this.overflowed) {
      this.full.length = 0;
      this.tail = new Chunk(noBytes, offset, 0, false);
      return;
    }
    while (this.tail.base > offset) {
      const previous = this.full.pop();
      if (previous === undefined) break;
      this.tail = previous;
    }
    assert(this.tail.base <= offset, "the chunks are contiguous");
    this.tail.used = offset - this.tail.base;
  }

  /**
   * Hands over [start, offset); `start` becomes `offset`. The views are the caller's to read for as long
   * as it likes; nobody writes to them again.
   */
  take(offset: number): Uint8Array[] {
    assert(offset >= this.startOffset && offset <= this.end, "take inside what is held");
    const taken = this.views(this.startOffset, offset);
    let dropped = 0;
    for (const chunk of this.full) {
      if (chunk.base + chunk.used > offset) break;
      dropped++;
    }
    // Long only when much is held; then one take usually empties it, and splice is a memmove.
    if (dropped > 0) this.full.splice(0, dropped);
    this.lastTaken = offset - this.startOffset;
    this.startOffset = offset;
    // An idle connection must not keep a large reply alive that was sent long ago.
    if (offset === this.end && (!this.tail.own || this.tail.bytes.length > chunkBytesMax)) {
      this.tail = new Chunk(noBytes, offset, 0, false);
    }
    return taken;
  }

  /** A copy of the bytes [from, to). */
  copy(from: number, to: number): Uint8Array {
    assert(from >= this.startOffset && from <= to && to <= this.end, "copy inside what is held");
    const result = Buffer.allocUnsafe(to - from);
    let at = 0;
    for (const view of this.views(from, to)) {
      result.set(view, at);
      at += view.length;
    }
    return result;
  }

  /**
   * Memory with room for `count` more bytes, in one piece. Write behind `position` and say how many with
   * `advance`. Valid until the next call of this object.
   */
  reserve(count: number): Buffer {
    if (this.tail.bytes.length - this.tail.used < count || !this.tail.own) this.nextChunk(count);
    return this.tail.bytes;
  }

  /** Index in the memory `reserve` returned. */
  get position(): number {
    return this.tail.used;
  }

  advance(count: number): void {
    this.tail.used += count;
  }

  /**
   * Copies small ones, holds large ones by reference: those must not change until they are taken and sent,
   * which may be long after the turn (an argument echoed from a read buffer that is used again would).
   */
  writeBytes(bytes: Uint8Array): void {
    const length = bytes.length;
    if (length >= referenceBytesMin) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset, length);
      this.append(new Chunk(view, this.end, length, false));
      return;
    }
    const memory = this.reserve(length);
    memory.set(bytes, this.tail.used);
    this.tail.used += length;
  }

  private nextChunk(count: number): void {
    // As much again as is held, or two of what was taken last: one waiting reply costs 512 bytes, a long pipeline few
    // chunks, and replies of one length are mostly in one. Behind what is referenced comes a line end, and little more.
    const held = this.end - this.startOffset;
    const expected = this.tail.own ? Math.max(held, 2 * this.lastTaken) : 0;
    const wanted = Math.min(Math.max(expected, chunkBytesMin), chunkBytesMax);
    this.append(new Chunk(Buffer.allocUnsafe(Math.max(wanted, count)), this.end, 0, true));
  }

  private append(chunk: Chunk): void {
    const held = this.end - this.startOffset;
    if (!this.overflowed && held >= overflowAskedBytesMin && this.overflows(held)) {
      this.overflowed = true;
      this.full.length = 0;
    }
    if (!this.overflowed && held > 0 && this.tail.used > 0) this.full.push(this.tail);
    this.tail = chunk;
  }

  private views(from: number, to: number): Uint8Array[] {
    if (this.full.length === 0 && from >= this.tail.base && to > from) {
      // Nearly always. A list that is grown has room for many.
      return [this.tail.bytes.subarray(from - this.tail.base, to - this.tail.base)];
    }
    const views: Uint8Array[] = [];
    for (const chunk of this.full) pushView(views, chunk, from, to);
    pushView(views, this.tail, from, to);
    return views;
  }
}

function pushView(views: Uint8Array[], chunk: Chunk, from: number, to: number): void {
  const first = Math.max(from - chunk.base, 0);
  const next = Math.min(to - chunk.base, chunk.used);
  if (next > first) views.push(chunk.bytes.subarray(first, next));
}
