/**
 * Listpacks: Redis's packed elements. Read whole, with every entry's encoding, length and back length checked.
 *
 *   bytes u32 | elements u16 (65535: unknown) | entry ... | 255
 *   entry = encoding, data, how long both are (7 bits a byte, most significant first)
 */

import { latin1 } from "../latin1.js";

const HEADER_BYTES = 6;
const END = 0xff;
const COUNT_UNKNOWN = 0xffff;
const BYTES_MIN = HEADER_BYTES + 1;

/** Texts of all elements, integers in decimal; null: damaged. */
export function readListpack(bytes: Buffer): string[] | null {
  if (bytes.length < BYTES_MIN || bytes.readUInt32LE(0) !== bytes.length) return null;
  const count = bytes.readUInt16LE(4);
  const end = bytes.length - 1;
  if (bytes[end] !== END) return null;
  const elements: string[] = [];
  let at = HEADER_BYTES;
  while (at < end) {
    const head = headBytes(bytes, at, end);
    if (head === 0) return null;
    const size = head + dataBytes(bytes, at);
    const next = at + size + backLengthBytes(size);
    if (next > end || !backLengthOk(bytes, at + size, size)) return null;
    elements.push(elementText(bytes, at, head, size));
    at = next;
  }
  return count === COUNT_UNKNOWN || count === elements.length ? elements : null;
}

/** Bytes before a string's data, or all of an integer; 0: no such encoding, or it does not fit. */
function headBytes(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]!;
  let head = 0;
  if (first < 0xc0) head = 1;
  else if (first < 0xf0) head = 2;
  else if (first === 0xf0) head = 5;
  else if (first <= 0xf3) head = first - 0xf0 + 2;
  else if (first === 0xf4) head = 9;
  return at + head <= end ? head : 0;
}

/** Of a string whose head fits; 0 for integers. */
function dataBytes(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first >= 0x80 && first < 0xc0) return first & 0x3f;
  if (first >= 0xe0 && first < 0xf0) return ((first & 0x0f) << 8) | bytes[at + 1]!;
  return first === 0xf0 ? bytes.readUInt32LE(at + 1) : 0;
}

function elementText(bytes: Buffer, at: number, head: number, size: number): string {
  const first = bytes[at]!;
  if (first < 0x80) return String(first);
  if (first < 0xc0 || (first >= 0xe0 && first <= 0xf0)) {
    return latin1(bytes.subarray(at + head, at + size));
  }
  if (first < 0xe0) {
    const value = ((first & 0x1f) << 8) | bytes[at + 1]!;
    return String(value >= 0x1000 ? value - 0x2000 : value);
  }
  if (first === 0xf4) return String(bytes.readBigInt64LE(at + 1));
  return String(bytes.readIntLE(at + 1, head - 1));
}

function backLengthBytes(size: number): number {
  if (size <= 127) return 1;
  if (size < 16_383) return 2;
  if (size < 2_097_151) return 3;
  return size < 268_435_455 ? 4 : 5;
}

function backLengthOk(bytes: Buffer, at: number, size: number): boolean {
  const width = backLengthBytes(size);
  for (let i = 0; i < width; i++) {
    if (bytes[at + i] !== backLengthByte(size, width, i)) return false;
  }
  return true;
}

function backLengthByte(size: number, width: number, i: number): number {
  const bits = Math.floor(size / 128 ** (width - 1 - i)) & 0x7f;
  return i === 0 ? bits : bits | 0x80;
}

/** One listpack, element by element. */
export class ListpackWriter {
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #count = 0;

  get bytes(): number {
    return BYTES_MIN + this.#bytes;
  }

  addText(text: string): void {
    const { length } = text;
    const head = length < 64 ? 1 : length < 4096 ? 2 : 5;
    const entry = Buffer.allocUnsafe(head + length + backLengthBytes(head + length));
    if (head === 1) entry[0] = 0x80 | length;
    else if (head === 2) entry.writeUInt16BE(0xe000 | length, 0);
    else entry[0] = 0xf0;
    if (head === 5) entry.writeUInt32LE(length, 1);
    entry.write(text, head, "latin1");
    this.#add(entry, head + length);
  }

  /** Of 64 bits. */
  addInteger(value: number | bigint): void {
    const isSmall = value >= 0 && value < 128;
    const entry = Buffer.allocUnsafe(isSmall ? 2 : 10);
    if (isSmall) {
      entry[0] = Number(value);
    } else {
      entry[0] = 0xf4;
      entry.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)), 1);
    }
    this.#add(entry, isSmall ? 1 : 9);
  }

  finish(): Buffer {
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeUInt32LE(this.bytes, 0);
    head.writeUInt16LE(Math.min(this.#count, COUNT_UNKNOWN), 4);
    return Buffer.concat([head, ...this.#parts, Buffer.of(END)]);
  }

  #add(entry: Buffer, size: number): void {
    const width = backLengthBytes(size);
    for (let i = 0; i < width; i++) entry[size + i] = backLengthByte(size, width, i);
    this.#parts.push(entry);
    this.#bytes += entry.length;
    this.#count++;
  }
}
