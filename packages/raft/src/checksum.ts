/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 appendix B.4), slicing-by-8: eight
 * table lookups per eight bytes instead of one dependent lookup per byte.
 */
import type { EntryKind, Index, Term } from "./types.js";

const polynomial = 0x82f63b78;
/** Table k is the checksum of a byte followed by k zero bytes. One flat array: 8 x 256 words. */
const tables = buildTables();

function buildTables(): Int32Array {
  const built = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    built[byte] = crc;
  }
  for (let at = 256; at < built.length; at += 1) {
    const previous = built[at - 256]!;
    built[at] = (previous >>> 8) ^ built[previous & 0xff]!;
  }
  return built;
}

/** `seed` is the checksum of the bytes before: crc32c(b, crc32c(a)) equals crc32c(a followed by b). */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const t = tables;
  const length = bytes.length;
  const sliced = length - (length % 8);
  let crc = ~seed;
  let at = 0;
  for (; at < sliced; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < length; at += 1) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** index 8, term 8, kind 1, previous checksum 4; little-endian. Part of the log format: never changed. */
const headerBytes = 21;
/** Reused: the function is synchronous and keeps nothing. */
const header = new Uint8Array(headerBytes);
const headerView = new DataView(header.buffer);

/**
 * The chain checksum of an entry. The entry before the first has checksum 0. It covers the position,
 * so an entry moved elsewhere, or put behind another history, does not verify.
 */
export function entryChecksum(
  index: Index,
  term: Term,
  kind: EntryKind,
  previousChecksum: number,
  payload: Uint8Array,
): number {
  writeSafeInteger(0, index);
  writeSafeInteger(8, term);
  header[16] = kind;
  headerView.setUint32(17, previousChecksum, true);
  return crc32c(payload, crc32c(header));
}

function writeSafeInteger(offset: number, value: number): void {
  headerView.setUint32(offset, value >>> 0, true);
  headerView.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}
