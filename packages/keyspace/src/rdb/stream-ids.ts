/** Ids of streams between their form here (16 characters, big-endian) and numbers. */

import { latin1 } from "../latin1.js";

const TWO_32 = 2 ** 32;
const PART_BYTES = 8;
export const ID_BYTES = 16;

const scratch = Buffer.alloc(ID_BYTES);

/** Unsigned parts. */
export function idOf(ms: number | bigint, seq: number | bigint): string {
  writePart(ms, 0);
  writePart(seq, PART_BYTES);
  return latin1(scratch);
}

export function idMs(id: string): number | bigint {
  return part(id, 0);
}

export function idSeq(id: string): number | bigint {
  return part(id, PART_BYTES);
}

/** The part that is `difference` (signed, of 64 bits) from another one; it wraps as in Redis. */
export function movedPart(from: number | bigint, difference: number | bigint): number | bigint {
  if (typeof from === "number" && typeof difference === "number") {
    const sum = from + difference;
    if (sum >= 0 && Number.isSafeInteger(sum)) return sum;
  }
  return BigInt.asUintN(64, BigInt(from) + BigInt(difference));
}

/** What movedPart is told to come from one to the other. */
export function partDifference(from: number | bigint, to: number | bigint): number | bigint {
  if (typeof from === "number" && typeof to === "number") return to - from;
  return BigInt.asIntN(64, BigInt(to) - BigInt(from));
}

function writePart(value: number | bigint, at: number): void {
  if (typeof value === "bigint") {
    scratch.writeBigUInt64BE(value, at);
    return;
  }
  scratch.writeUInt32BE(Math.floor(value / TWO_32), at);
  scratch.writeUInt32BE(value % TWO_32, at + 4);
}

function part(id: string, at: number): number | bigint {
  const high = word(id, at);
  const value = high * TWO_32 + word(id, at + 4);
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(word(id, at + 4));
}

function word(id: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) value = value * 256 + id.charCodeAt(i);
  return value;
}
