/**
 * Ziplists, zipmaps and intsets: packed elements of earlier Redis versions, and of small sets of integers. Read
 * whole; null: damaged.
 *
 *   ziplist  bytes u32 | offset of the last entry u32 | entries u16 (65535: unknown) | entry ... | 255
 *            entry = length of the one before (1 byte, or 254 and u32), encoding, data
 *   zipmap   pairs (254: unknown) | (length, name, length, unused, value, unused bytes) ... | 255
 *   intset   width u32 | count u32 | ascending integers
 */

import { latin1 } from "../latin1.js";

const ZIPLIST_HEADER_BYTES = 10;
const END = 0xff;
const LONG_LENGTH = 254;
const COUNT_UNKNOWN = 0xffff;

export function readZiplist(bytes: Buffer): string[] | null {
  if (bytes.length <= ZIPLIST_HEADER_BYTES || bytes.readUInt32LE(0) !== bytes.length) return null;
  const tail = bytes.readUInt32LE(4);
  const count = bytes.readUInt16LE(8);
  const end = bytes.length - 1;
  if (bytes[end] !== END) return null;
  const elements: string[] = [];
  let at = ZIPLIST_HEADER_BYTES;
  let last = at;
  let previous = 0;
  while (at < end) {
    const isLong = bytes[at] === LONG_LENGTH;
    const head = at + (isLong ? 5 : 1);
    // The encoding's longest head may reach over the end mark's byte, not further.
    if (head >= end || (isLong ? bytes.readUInt32LE(at + 1) : bytes[at]!) !== previous) return null;
    const data = head + headBytes(bytes[head]!);
    if (data === head || data > end) return null;
    const next = data + dataBytes(bytes, head);
    if (next > end) return null;
    elements.push(elementText(bytes, head, data, next));
    last = at;
    previous = next - at;
    at = next;
  }
  if (tail !== last) return null;
  return count === COUNT_UNKNOWN || count === elements.length ? elements : null;
}

/** 0: no such encoding. */
function headBytes(first: number): number {
  if (first < 0x40) return 1;
  if (first < 0x80) return 2;
  if (first === 0x80) return 5;
  const isInteger = [0xc0, 0xd0, 0xe0, 0xf0].includes(first) || (first > 0xf0 && first <= 0xfe);
  return isInteger ? 1 : 0;
}

function dataBytes(bytes: Buffer, head: number): number {
  const first = bytes[head]!;
  if (first < 0x40) return first;
  if (first < 0x80) return ((first & 0x3f) << 8) | bytes[head + 1]!;
  if (first === 0x80) return bytes.readUInt32BE(head + 1);
  if (first < 0xf0) return first === 0xc0 ? 2 : first === 0xd0 ? 4 : 8;
  if (first === 0xf0) return 3;
  return first === 0xfe ? 1 : 0;
}

function elementText(bytes: Buffer, head: number, data: number, next: number): string {
  const first = bytes[head]!;
  if (first <= 0x80) return latin1(bytes.subarray(data, next));
  if (first === 0xe0) return String(bytes.readBigInt64LE(data));
  return String(next === data ? (first & 0x0f) - 1 : bytes.readIntLE(data, next - data));
}

/** Names and values in turn. */
export function readZipmap(bytes: Buffer): string[] | null {
  const end = bytes.length - 1;
  if (bytes.length < 2 || bytes[end] !== END) return null;
  const elements: string[] = [];
  let at = 1;
  while (at < end) {
    const isValue = elements.length % 2 === 1;
    const isLong = bytes[at] === LONG_LENGTH;
    const start = at + (isLong ? 5 : 1) + (isValue ? 1 : 0);
    if (start > end) return null;
    const length = isLong ? bytes.readUInt32LE(at + 1) : bytes[at]!;
    const unused = isValue ? bytes[start - 1]! : 0;
    if ((!isLong && length === END) || start + length + unused > end) return null;
    elements.push(latin1(bytes.subarray(start, start + length)));
    at = start + length + unused;
  }
  const count = bytes[0]!;
  const counted = count >= LONG_LENGTH || count * 2 === elements.length;
  return counted && elements.length % 2 === 0 ? elements : null;
}

export function readIntset(bytes: Buffer): string[] | null {
  const headerBytes = 8;
  if (bytes.length < headerBytes) return null;
  const width = bytes.readUInt32LE(0);
  const count = bytes.readUInt32LE(4);
  if (![2, 4, 8].includes(width) || headerBytes + width * count !== bytes.length) return null;
  const elements: string[] = [];
  let previous: number | bigint = Number.NEGATIVE_INFINITY;
  for (let at = headerBytes; at < bytes.length; at += width) {
    const value = width === 8 ? bytes.readBigInt64LE(at) : bytes.readIntLE(at, width);
    if (value <= previous) return null;
    elements.push(String(value));
    previous = value;
  }
  return elements;
}
