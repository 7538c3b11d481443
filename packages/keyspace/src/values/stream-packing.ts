/**
 * How the entries of a stream's chunk are packed: lengths, texts, ids. Lengths take 1, 3 or 5 bytes.
 *
 *   id = one byte: how many leading bytes of ms are the base's (high half), how many of seq are zero (low
 *        half); then the other bytes of both. The base is not above the id.
 */

import type { Buffer } from "node:buffer";
import { latin1Slice, latin1Write } from "../latin1.js";
import { STREAM_ID_BYTES, type StreamId, streamIdOfBytes } from "./stream-id.js";

const PART_BYTES = STREAM_ID_BYTES / 2;
/** First lengths that do not fit into one byte, and into three. */
const WIDE_MIN = 254;
const WIDEST_MIN = 2 ** 16;

const idBytes = new Uint8Array(STREAM_ID_BYTES);

export function lengthWidth(length: number): number {
  return length < WIDE_MIN ? 1 : length < WIDEST_MIN ? 3 : 5;
}

export function lengthWidthAt(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < WIDE_MIN ? 1 : first === WIDE_MIN ? 3 : 5;
}

export function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < WIDE_MIN) {
    return first;
  }
  return first === WIDE_MIN ? bytes.readUInt16LE(at + 1) : bytes.readUInt32LE(at + 1);
}

export function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < WIDE_MIN) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < WIDEST_MIN) {
    bytes[at] = WIDE_MIN;
    return bytes.writeUInt16LE(length, at + 1);
  }
  bytes[at] = WIDE_MIN + 1;
  return bytes.writeUInt32LE(length, at + 1);
}

export function textBytes(text: string): number {
  return lengthWidth(text.length) + text.length;
}

export function writeText(bytes: Buffer, at: number, text: string): number {
  const from = writeLength(bytes, at, text.length);
  latin1Write(bytes, text, from);
  return from + text.length;
}

/** Of a text, or of anything else that follows its length. */
export function textEnd(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  return first < WIDE_MIN ? at + 1 + first : at + lengthWidthAt(bytes, at) + lengthAt(bytes, at);
}

export function textAt(bytes: Buffer, at: number): string {
  const from = at + lengthWidthAt(bytes, at);
  return latin1Slice(bytes, from, from + lengthAt(bytes, at));
}

export function isTextAt(bytes: Buffer, at: number, text: string): boolean {
  if (lengthAt(bytes, at) !== text.length) {
    return false;
  }
  const from = at + lengthWidthAt(bytes, at);
  for (let i = 0; i < text.length; i++) {
    if (bytes[from + i] !== text.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** Leading bytes of ms that both ids have. */
export function sharedMsBytes(base: StreamId, id: StreamId): number {
  let shared = 0;
  while (shared < PART_BYTES && base.charCodeAt(shared) === id.charCodeAt(shared)) {
    shared++;
  }
  return shared;
}

export function idHead(base: StreamId, id: StreamId): number {
  const msShared = sharedMsBytes(base, id);
  let seqZeros = 0;
  while (seqZeros < PART_BYTES && id.charCodeAt(PART_BYTES + seqZeros) === 0) {
    seqZeros++;
  }
  return (msShared << 4) | seqZeros;
}

export function idWidth(head: number): number {
  return 1 + STREAM_ID_BYTES - (head >> 4) - (head & 15);
}

export function writeId(bytes: Buffer, at: number, base: StreamId, id: StreamId): number {
  const head = idHead(base, id);
  bytes[at] = head;
  let to = at + 1;
  for (let i = head >> 4; i < PART_BYTES; i++) {
    bytes[to++] = id.charCodeAt(i);
  }
  for (let i = PART_BYTES + (head & 15); i < STREAM_ID_BYTES; i++) {
    bytes[to++] = id.charCodeAt(i);
  }
  return to;
}

/**
 * Whether the packed id at `at` is below `id`, which shares `msShared` bytes of ms with base. Both are not
 * below base, so the one that leaves base's bytes earlier is the larger one.
 */
export function isBelow(bytes: Buffer, at: number, id: StreamId, msShared: number): boolean {
  const head = bytes[at]!;
  const shared = head >> 4;
  if (shared !== msShared) {
    return shared > msShared;
  }
  let from = at + 1;
  for (let i = shared; i < PART_BYTES; i++) {
    const byte = bytes[from++]!;
    const other = id.charCodeAt(i);
    if (byte !== other) {
      return byte < other;
    }
  }
  const seqZeros = head & 15;
  for (let i = 0; i < PART_BYTES; i++) {
    const byte = i < seqZeros ? 0 : bytes[from++]!;
    const other = id.charCodeAt(PART_BYTES + i);
    if (byte !== other) {
      return byte < other;
    }
  }
  return false;
}

export function idAt(bytes: Buffer, at: number, base: StreamId): StreamId {
  const head = bytes[at]!;
  const msShared = head >> 4;
  const seqZeros = head & 15;
  const ms = at + 1 - msShared;
  const seq = ms + PART_BYTES - seqZeros;
  for (let i = 0; i < msShared; i++) {
    idBytes[i] = base.charCodeAt(i);
  }
  for (let i = msShared; i < PART_BYTES; i++) {
    idBytes[i] = bytes[ms + i]!;
  }
  for (let i = 0; i < PART_BYTES; i++) {
    idBytes[PART_BYTES + i] = i < seqZeros ? 0 : bytes[seq + i]!;
  }
  return streamIdOfBytes(idBytes);
}
