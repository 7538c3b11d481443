/**
 * Frames of an open stream: messages packed together, pieces of a message too large for a frame, pings.
 *
 *   outbox --> packMessages / PieceSource --> gRPC --> FrameReader --> deliver(message)
 */

import type { Message } from "@redoubt/raft";
import { type AuditDigest, decodeAudit } from "./audit-codec.js";
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX, PIECE_BYTES_MAX } from "./constants.js";
import { assert, MalformedFrame } from "./errors.js";
import { decodeMessage, type EncodedMessage } from "./message-codec.js";
import { varintSize, WireReader, WireType, WireWriter } from "./wire.js";

/** Field numbers of peer.proto's Frame. */
const MESSAGES_FIELD = 5;
const PIECE_FIELD = 6;
const PING_FIELD = 7;
const AUDITS_FIELD = 10;
/** The newest field of a frame that this version knows; later ones are skipped. */
const FRAME_FIELD_LAST = 10;
const PIECE_TOTAL_FIELD = 1;
const PIECE_DATA_FIELD = 2;
/** Tags and lengths around a piece's data. */
const PIECE_HEAD_BYTES_MAX = 32;

/** The frame that says only "still here". */
export const PING_FRAME: Buffer = Buffer.from([PING_FIELD * 8 + WireType.varint, 1]);

/** Bytes the message takes in a frame. */
export function packedBytes(message: EncodedMessage): number {
  return 1 + varintSize(message.bytes) + message.bytes;
}

/** One frame of all these messages. `bytes` is the sum of their packedBytes. */
export function packMessages(messages: readonly EncodedMessage[], bytes: number): Buffer {
  const writer = new WireWriter(Buffer.allocUnsafe(bytes));
  for (const message of messages) {
    writer.tag(message.isAudit ? AUDITS_FIELD : MESSAGES_FIELD, WireType.bytes);
    writer.varint(message.bytes);
    for (const segment of message.segments) {
      writer.raw(segment);
    }
  }
  assert(writer.position === bytes, "a packed frame has the predicted size");
  return writer.buffer;
}

/** Cuts one message into frames, one at a time, so that a large payload is never copied as a whole. */
export class PieceSource {
  readonly #message: EncodedMessage;
  #segment = 0;
  /** Bytes of the current segment already sent. */
  #offset = 0;
  #rest: number;

  constructor(message: EncodedMessage) {
    assert(message.bytes <= MESSAGE_BYTES_MAX, "a message in pieces is within its limit");
    this.#message = message;
    this.#rest = message.bytes;
  }

  get done(): boolean {
    return this.#rest === 0;
  }

  next(): Buffer {
    assert(this.#rest > 0, "a piece is taken while some are left");
    const dataBytes = Math.min(this.#rest, PIECE_BYTES_MAX);
    const total = this.#message.bytes;
    const innerBytes = 1 + varintSize(total) + 1 + varintSize(dataBytes) + dataBytes;
    const writer = new WireWriter(Buffer.allocUnsafe(innerBytes + PIECE_HEAD_BYTES_MAX));
    writer.tag(PIECE_FIELD, WireType.bytes);
    writer.varint(innerBytes);
    writer.uint(PIECE_TOTAL_FIELD, total);
    writer.tag(PIECE_DATA_FIELD, WireType.bytes);
    writer.varint(dataBytes);
    this.#copy(writer, dataBytes);
    this.#rest -= dataBytes;
    return writer.buffer.subarray(0, writer.position);
  }

  #copy(writer: WireWriter, bytes: number): void {
    let rest = bytes;
    while (rest > 0) {
      const segment = this.#message.segments[this.#segment];
      assert(segment !== undefined, "segments hold the message's bytes");
      const taken = segment.subarray(this.#offset, this.#offset + rest);
      writer.raw(taken);
      rest -= taken.length;
      this.#offset += taken.length;
      if (this.#offset === segment.length) {
        this.#segment += 1;
        this.#offset = 0;
      }
    }
  }
}

/** Reads the frames of one stream in order. Holds at most one message in pieces. */
export class FrameReader {
  /** The message being put together, as long as the whole of it; null when none. */
  #partial: Buffer | null = null;
  #filled = 0;
  readonly #takesPieces: boolean;

  /** Without `takesPieces` it keeps nothing between frames. */
  constructor({ takesPieces }: { readonly takesPieces: boolean } = { takesPieces: true }) {
    this.#takesPieces = takesPieces;
  }

  /**
   * The messages this frame completes, in order; its state digests are added to `audits`, without which it may have
   * none. Throws MalformedFrame; the stream is then useless.
   */
  read(frame: Buffer, audits: AuditDigest[] | null = null): Message[] {
    const messages: Message[] = [];
    const reader = new WireReader(frame, 0, frame.length);
    while (!reader.done) {
      const tag = reader.varint();
      if (tag === MESSAGES_FIELD * 8 + WireType.bytes) {
        this.#checkNoPartial();
        const end = reader.length();
        messages.push(decodeMessage(frame, reader.position, end));
        reader.position = end;
      } else if (tag === PIECE_FIELD * 8 + WireType.bytes) {
        const end = reader.length();
        const message = this.#piece(new WireReader(frame, reader.position, end));
        reader.position = end;
        if (message !== null) {
          messages.push(message);
        }
      } else if (tag === AUDITS_FIELD * 8 + WireType.bytes && audits !== null) {
        const end = reader.length();
        audits.push(decodeAudit(new WireReader(frame, reader.position, end)));
        reader.position = end;
      } else if (tag === PING_FIELD * 8 + WireType.varint) {
        reader.varint();
      } else if (tag >= (FRAME_FIELD_LAST + 1) * 8) {
        reader.skip(tag % 8);
      } else {
        throw new MalformedFrame("frame does not belong on an open stream");
      }
    }
    return messages;
  }

  #piece(reader: WireReader): Message | null {
    if (!this.#takesPieces) throw new MalformedFrame("a message in pieces does not belong here");
    let total = 0;
    let data: Buffer | null = null;
    while (!reader.done) {
      const tag = reader.varint();
      if (tag === PIECE_TOTAL_FIELD * 8 + WireType.varint) {
        total = reader.varint();
      } else if (tag === PIECE_DATA_FIELD * 8 + WireType.bytes) {
        data = reader.bytes();
      } else {
        throw new MalformedFrame("impossible field in a piece");
      }
    }
    if (data === null || data.length === 0) {
      throw new MalformedFrame("piece is empty");
    }
    return this.#append(total, data);
  }

  #append(total: number, data: Buffer): Message | null {
    if (this.#partial === null) {
      if (total <= FRAME_BYTES_MAX / 2 || total > MESSAGE_BYTES_MAX) {
        throw new MalformedFrame("message in pieces has an impossible size");
      }
      this.#partial = Buffer.allocUnsafeSlow(total);
      this.#filled = 0;
    }
    if (total !== this.#partial.length || this.#filled + data.length > total) {
      throw new MalformedFrame("pieces do not fit together");
    }
    this.#partial.set(data, this.#filled);
    this.#filled += data.length;
    if (this.#filled < total) {
      return null;
    }
    const whole = this.#partial;
    this.#partial = null;
    return decodeMessage(whole, 0, whole.length);
  }

  #checkNoPartial(): void {
    if (this.#partial !== null) {
      throw new MalformedFrame("a message interrupts the pieces of another");
    }
  }
}
