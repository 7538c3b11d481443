/** Payloads of RESTORE made by hand, in forms that today's servers read and no longer write. */

import { crc64 } from "@redoubt/keyspace";

/** Type and value, with a footer. */
export function payloadOf(body: Buffer, version = 10): Buffer {
  const bytes = Buffer.concat([body, Buffer.alloc(10)]);
  bytes.writeUInt16LE(version, body.length);
  return withChecksum(bytes);
}

/** In place. */
export function withChecksum(payload: Buffer): Buffer {
  const at = payload.length - 8;
  const { low, high } = crc64(payload, at);
  payload.writeUInt32LE(low, at);
  payload.writeUInt32LE(high, at + 4);
  return payload;
}

export function length(value: number): Buffer {
  if (value < 64) return Buffer.of(value);
  if (value < 16_384) return Buffer.of(0x40 | (value >> 8), value & 0xff);
  const bytes = Buffer.of(0x80, 0, 0, 0, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  return Buffer.concat([length(bytes.length), bytes]);
}

export function typed(type: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(type), ...parts]);
}

/** Numbers are kept as integers. */
export function ziplist(elements: readonly (string | bigint)[]): Buffer {
  const entries: Buffer[] = [];
  let previous = 0;
  let offset = 10;
  for (const element of elements) {
    if (entries.length > 0) offset += entries.at(-1)!.length;
    const before = Buffer.of(Math.min(previous, 254), 0, 0, 0, 0);
    if (previous >= 254) before.writeUInt32LE(previous, 1);
    const entry = Buffer.concat([before.subarray(0, previous < 254 ? 1 : 5), ziplistData(element)]);
    entries.push(entry);
    previous = entry.length;
  }
  const bytes = Buffer.concat([Buffer.alloc(10), ...entries, Buffer.of(255)]);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(offset, 4);
  bytes.writeUInt16LE(elements.length, 8);
  return bytes;
}

function ziplistData(element: string | bigint): Buffer {
  if (typeof element === "string") {
    const text = Buffer.from(element, "latin1");
    if (text.length < 64) return Buffer.concat([Buffer.of(text.length), text]);
    if (text.length < 16_384) {
      return Buffer.concat([Buffer.of(0x40 | (text.length >> 8), text.length & 0xff), text]);
    }
    const head = Buffer.of(0x80, 0, 0, 0, 0);
    head.writeUInt32BE(text.length, 1);
    return Buffer.concat([head, text]);
  }
  if (element >= 0n && element <= 12n) return Buffer.of(0xf1 + Number(element));
  const [first, width] = integerForms.find(
    ([, bytes]) => BigInt.asIntN(bytes * 8, element) === element,
  )!;
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(element, 1);
  bytes[0] = first;
  return bytes.subarray(0, 1 + width);
}

const integerForms = [
  [0xfe, 1],
  [0xc0, 2],
  [0xf0, 3],
  [0xd0, 4],
  [0xe0, 8],
] as const;

/** Names and values in turn; `unused` bytes behind each value. */
export function zipmap(texts: readonly string[], unused: number): Buffer {
  const parts = texts.map((text, i) => {
    const bytes = Buffer.from(text, "latin1");
    const head = Buffer.of(254, 0, 0, 0, 0);
    head.writeUInt32LE(bytes.length, 1);
    const size = bytes.length < 254 ? Buffer.of(bytes.length) : head;
    if (i % 2 === 0) return Buffer.concat([size, bytes]);
    return Buffer.concat([size, Buffer.of(unused), bytes, Buffer.alloc(unused)]);
  });
  return Buffer.concat([Buffer.of(Math.min(texts.length / 2, 254)), ...parts, Buffer.of(255)]);
}

/** A score as its text. */
export function textScore(score: string): Buffer {
  if (score === "nan") return Buffer.of(253);
  if (score === "inf") return Buffer.of(254);
  if (score === "-inf") return Buffer.of(255);
  return Buffer.concat([Buffer.of(score.length), Buffer.from(score)]);
}
