/**
 * What DUMP gives and RESTORE takes: type, value, RDB version (u16) and the CRC-64 of all before it, both
 * little-endian.
 */

import type { Value } from "../value.js";
import { crc64 } from "./crc64.js";
import { type PayloadLimits, PayloadReader, type ReadFailure } from "./payload-reader.js";
import { FOOTER_BYTES, PayloadWriter } from "./payload-writer.js";
import { readValue } from "./read-value.js";
import { RDB_VERSION_MAX, type Restored } from "./types.js";
import { rdbTypeOf, writeValue } from "./write-value.js";

const CHECKSUM_BYTES = 8;

/** Null: it would have more than `bytesMax`. */
export function dumpPayload(value: Value, bytesMax: number): Buffer | null {
  const writer = new PayloadWriter(bytesMax);
  writer.byte(rdbTypeOf(value));
  writeValue(writer, value);
  return writer.finish();
}

export function footerOk(payload: Buffer): boolean {
  if (payload.length < FOOTER_BYTES) return false;
  const footer = payload.length - FOOTER_BYTES;
  if (payload.readUInt16LE(footer) > RDB_VERSION_MAX) return false;
  const at = payload.length - CHECKSUM_BYTES;
  const { low, high } = crc64(payload, at);
  return payload.readUInt32LE(at) === low && payload.readUInt32LE(at + 4) === high;
}

/** Of a payload whose footer is right. Bytes behind the value are ignored, as in Redis. */
export function readPayload(payload: Buffer, limits: PayloadLimits): Restored | ReadFailure {
  const reader = new PayloadReader(payload, payload.length - FOOTER_BYTES, limits);
  return readValue(reader, reader.byte()) ?? reader.failure ?? "damaged";
}
