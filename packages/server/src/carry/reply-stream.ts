/**
 * RESP2 replies of any bytes: what a dump, a payload or an entry of the log comes in. Texts stay bytes; chunks are
 * joined only when a reply is whole, so that a megabyte is copied once.
 */

import { replyBytesMax, replyDepthMax } from "./constants.js";
import { CarryError } from "./errors.js";

/** An error the node replied: a value, since which one it is decides what to do. */
export class Refusal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** MOVED, BUSYKEY, ERR... */
  get code(): string {
    return this.text.split(" ", 1)[0] ?? "";
  }
}

/** Bytes are views of what was received, for the taker to keep. */
export type BinaryReply = Buffer | number | null | Refusal | BinaryReply[];

export class ReplyStream {
  #chunks: Buffer[] = [];
  #chunksBytes = 0;
  /** Fewer bytes than this hold no whole reply. */
  #neededBytes = 1;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunksBytes += chunk.length;
  }

  /** The next whole reply; undefined: more bytes are needed. Throws NOT_UNDERSTOOD. */
  next(): BinaryReply | undefined {
    if (!this.#join()) return undefined;
    const start = this.#at;
    this.#neededBytes = 1;
    const reply = this.#read(0);
    if (reply !== undefined) return reply;
    this.#neededBytes = Math.max(this.#neededBytes - start, this.#bytes.length - start + 1);
    if (this.#neededBytes > replyBytesMax) throw notUnderstood();
    this.#at = start;
    return undefined;
  }

  #join(): boolean {
    const held = this.#bytes.length - this.#at;
    if (held + this.#chunksBytes < this.#neededBytes) return false;
    if (this.#chunks.length > 0) {
      const rest = this.#bytes.subarray(this.#at);
      this.#bytes =
        rest.length === 0 && this.#chunks.length === 1
          ? this.#chunks[0]!
          : Buffer.concat([rest, ...this.#chunks]);
      this.#at = 0;
      this.#chunks = [];
      this.#chunksBytes = 0;
    }
    return this.#at < this.#bytes.length;
  }

  #read(depth: number): BinaryReply | undefined {
    if (depth > replyDepthMax) throw notUnderstood();
    const end = this.#bytes.indexOf("\r\n", this.#at, "latin1");
    if (end < 0) return undefined;
    const type = String.fromCharCode(this.#bytes[this.#at]!);
    const from = this.#at + 1;
    this.#at = end + 2;
    switch (type) {
      case "+":
        return this.#bytes.subarray(from, end);
      case "-":
        return new Refusal(this.#bytes.toString("utf8", from, end));
      case ":":
        return this.#integer(from, end);
      case "$":
        return this.#bulk(this.#integer(from, end));
      case "*":
        return this.#array(this.#integer(from, end), depth);
      default:
        throw notUnderstood();
    }
  }

  #integer(from: number, end: number): number {
    const line = this.#bytes.toString("latin1", from, end);
    if (!/^-?\d{1,16}$/.test(line)) throw notUnderstood();
    return Number(line);
  }

  #bulk(length: number): Buffer | null | undefined {
    if (length === -1) return null;
    if (length < 0 || length > replyBytesMax) throw notUnderstood();
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) {
      this.#neededBytes = end + 2;
      return undefined;
    }
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end + 2;
    return bytes;
  }

  #array(length: number, depth: number): BinaryReply[] | null | undefined {
    if (length === -1) return null;
    if (length < 0 || length > replyBytesMax) throw notUnderstood();
    const elements: BinaryReply[] = [];
    for (let i = 0; i < length; i++) {
      const element = this.#read(depth + 1);
      if (element === undefined) return undefined;
      elements.push(element);
    }
    return elements;
  }
}

function notUnderstood(): CarryError {
  return new CarryError(
    "NOT_UNDERSTOOD",
    "what answered there does not speak as a Redis server does",
  );
}
