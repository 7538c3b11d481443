/**
 * One key's record of an RDB file taken apart without decoding its value: what stands behind the key's name is,
 * with the type in front and a footer behind, what DUMP gives and RESTORE takes.
 *
 *   [AUX name value]...  [EXPIRETIME ...]  [IDLE n]  [FREQ n]  type  key  value
 */

import { crc64 } from "@redoubt/keyspace";
import { dumpFooterBytes } from "./constants.js";
import { CarryError } from "./errors.js";

const opcode = { idle: 0xf8, frequency: 0xf9, aux: 0xfa, expiryMs: 0xfc, expiry: 0xfd } as const;

export interface RecordParts {
  readonly type: number;
  /** A view. */
  readonly value: Buffer;
}

/** `record`: whole, as the reader gave it. */
export function recordParts(record: Buffer): RecordParts {
  let at = 0;
  for (;;) {
    const byte = record[at];
    at += 1;
    if (byte === opcode.aux) at = behindString(record, behindString(record, at));
    else if (byte === opcode.expiryMs) at += 8;
    else if (byte === opcode.expiry) at += 4;
    else if (byte === opcode.idle) at = behindLength(record, at);
    else if (byte === opcode.frequency) at += 1;
    else break;
  }
  const type = record[at - 1];
  const valueAt = behindString(record, at);
  if (type === undefined || valueAt > record.length) throw endsEarly();
  return { type, value: record.subarray(valueAt) };
}

/** RDB version of a DUMP: the highest that RESTORE of Redis 7.2 takes. The types say the rest. */
const dumpVersion = 11;

/** What RESTORE takes: type, value, version and checksum. */
export function dumpOf({ type, value }: RecordParts): Buffer {
  const dump = Buffer.allocUnsafe(1 + value.length + dumpFooterBytes);
  dump[0] = type;
  value.copy(dump, 1);
  const end = dump.writeUInt16LE(dumpVersion, 1 + value.length);
  const { low, high } = crc64(dump, end);
  dump.writeUInt32LE(high, dump.writeUInt32LE(low, end));
  return dump;
}

function behindLength(record: Buffer, at: number): number {
  return lengthAt(record, at).next;
}

function behindString(record: Buffer, at: number): number {
  const first = record[at];
  if (first === undefined) throw endsEarly();
  if (first >> 6 !== 3) {
    const { value, next } = lengthAt(record, at);
    return next + value;
  }
  // Integers of 1, 2 and 4 bytes, or compressed: lengths of what is there and of what it unpacks to.
  const form = first & 0x3f;
  if (form < 3) return at + 1 + (1 << form);
  const packed = lengthAt(record, at + 1);
  return behindLength(record, packed.next) + packed.value;
}

function lengthAt(record: Buffer, at: number): { value: number; next: number } {
  const first = record[at];
  if (first === undefined) throw endsEarly();
  try {
    if (first >> 6 === 0) return { value: first & 0x3f, next: at + 1 };
    if (first >> 6 === 1) return { value: record.readUInt16BE(at) & 0x3fff, next: at + 2 };
    if (first === 0x80) return { value: record.readUInt32BE(at + 1), next: at + 5 };
    return { value: Number(record.readBigUInt64BE(at + 1)), next: at + 9 };
  } catch (error) {
    if (error instanceof RangeError) throw endsEarly();
    throw error;
  }
}

function endsEarly(): CarryError {
  return new CarryError("DAMAGED", "a key's record ends too early");
}
