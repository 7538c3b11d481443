/**
 * What waits to be sent to one peer on one stream: a bounded queue that packs what waits into frames.
 *
 *   send() --> queue --(end of the tick, or a frame was taken)--> frame --> stream
 *
 * Messages of one tick leave as one frame. A message larger than a frame leaves in pieces, the next
 * one only when an earlier one was taken, so that the other stream of the connection gets its turn.
 */

import type { Message } from "@redoubt/raft";
import { type AuditDigest, encodeAudit } from "./audit-codec.js";
import {
  APPEND_QUEUE_BYTES_MAX,
  APPEND_QUEUE_MESSAGES_MAX,
  CONTROL_QUEUE_BYTES_MAX,
  CONTROL_QUEUE_MESSAGES_MAX,
  FRAME_BYTES_MAX,
  FRAMES_IN_FLIGHT_MAX,
  MESSAGE_BYTES_MAX,
} from "./constants.js";
import { PieceSource, packedBytes, packMessages } from "./frame-codec.js";
import { StreamKind } from "./handshake.js";
import { type EncodedMessage, encodeMessage } from "./message-codec.js";
import type { PeerStream } from "./stream.js";

/** Taken messages at the front of the queue before it is compacted. */
const COMPACT_AFTER = 1024;
/** Stands where a message was taken, so that the queue does not keep its payload alive. */
const TAKEN: EncodedMessage = { bytes: 0, segments: [] };

export class Outbox {
  readonly #stream: PeerStream;
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  /** Waiting messages from #first on; a FIFO by cursor. */
  #queue: EncodedMessage[] = [];
  #first = 0;
  #queuedBytes = 0;
  #pieces: PieceSource | null = null;
  #flushAsked = false;
  readonly #taken = (): void => this.#pump();

  constructor(stream: PeerStream) {
    const control = stream.kind === StreamKind.control;
    this.#stream = stream;
    this.#messagesMax = control ? CONTROL_QUEUE_MESSAGES_MAX : APPEND_QUEUE_MESSAGES_MAX;
    this.#bytesMax = control ? CONTROL_QUEUE_BYTES_MAX : APPEND_QUEUE_BYTES_MAX;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get queuedMessages(): number {
    return this.#queue.length - this.#first;
  }

  /** False: the queue is full (or the message larger than any queue) and the message was dropped. */
  send(message: Message): boolean {
    return this.#add(encodeMessage(message));
  }

  /** As `send`. */
  sendAudit(audit: AuditDigest): boolean {
    const bytes = encodeAudit(audit);
    return this.#add({ bytes: bytes.length, segments: [bytes], isAudit: true });
  }

  #add(encoded: EncodedMessage): boolean {
    if (encoded.bytes > MESSAGE_BYTES_MAX || !this.#fits(encoded.bytes)) {
      return false;
    }
    this.#queue.push(encoded);
    this.#queuedBytes += encoded.bytes;
    if (!this.#flushAsked) {
      this.#flushAsked = true;
      queueMicrotask(() => {
        this.#flushAsked = false;
        this.#pump();
      });
    }
    return true;
  }

  /** The front does not count: while one huge message leaves, small ones behind it still fit. */
  #fits(bytes: number): boolean {
    const front = this.#queue[this.#first];
    if (front === undefined) {
      return true;
    }
    const waiting = this.#queuedBytes - front.bytes;
    return this.queuedMessages < this.#messagesMax && waiting + bytes <= this.#bytesMax;
  }

  #pump(): void {
    while (!this.#stream.closed && this.#stream.framesInFlight < FRAMES_IN_FLIGHT_MAX) {
      const frame = this.#nextFrame();
      if (frame === null) {
        return;
      }
      this.#stream.write(frame, this.#taken);
    }
  }

  #nextFrame(): Buffer | null {
    if (this.#pieces !== null) {
      return this.#nextPiece(this.#pieces);
    }
    const batch: EncodedMessage[] = [];
    let bytes = 0;
    while (this.#first < this.#queue.length) {
      const message = this.#queue[this.#first]!;
      const size = packedBytes(message);
      if (bytes + size > FRAME_BYTES_MAX) {
        break;
      }
      batch.push(message);
      bytes += size;
      this.#shift(message);
    }
    if (batch.length > 0) {
      return packMessages(batch, bytes);
    }
    const large = this.#queue[this.#first];
    if (large === undefined) {
      return null;
    }
    // It stays at the front, and counted, until its last piece was cut.
    this.#pieces = new PieceSource(large);
    return this.#nextPiece(this.#pieces);
  }

  #nextPiece(pieces: PieceSource): Buffer {
    const frame = pieces.next();
    if (pieces.done) {
      this.#pieces = null;
      this.#shift(this.#queue[this.#first]!);
    }
    return frame;
  }

  #shift(message: EncodedMessage): void {
    this.#queue[this.#first] = TAKEN;
    this.#first += 1;
    this.#queuedBytes -= message.bytes;
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#first = 0;
    } else if (this.#first >= COMPACT_AFTER) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }
}
