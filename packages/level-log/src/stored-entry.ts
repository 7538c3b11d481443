/** One entry out of the store, verified against its predecessor before anybody sees it. */

import { type Entry, entryChecksum, type Index } from "@redoubt/raft";
import { LogDamagedError } from "./errors.js";
import { decodeEntry, entryKey, HEADER_BYTES, pieceCount } from "./records.js";
import type { Store } from "./store.js";

export interface EntryExpectation {
  /** An entry with a longer payload is not read. */
  readonly bytesMax: number;
  /** What was written; null: whatever continues the chain. */
  readonly checksum: number | null;
}

/** Null: its payload is longer than `bytesMax`. Throws LOG_DAMAGED. */
export function readStoredEntry(
  store: Store,
  index: Index,
  previousChecksum: number,
  expected: EntryExpectation,
): Entry | null {
  const record = store.get(entryKey(index, 0));
  const header = record === undefined ? null : decodeEntry(record);
  if (record === undefined || header === null) {
    throw new LogDamagedError(`entry ${index} is missing or its header is bad`, store.path);
  }
  if (header.payloadBytes > expected.bytesMax) return null;
  const { term, kind, checksum } = header;
  const payload = readPayload(store, index, header.payloadBytes, record);
  const verified =
    (expected.checksum === null || checksum === expected.checksum) &&
    checksum === entryChecksum(index, term, kind, previousChecksum, payload);
  if (!verified) throw new LogDamagedError(`entry ${index} is not the one written`, store.path);
  return { index, term, kind, checksum, payload };
}

function readPayload(store: Store, index: Index, payloadBytes: number, record: Buffer): Buffer {
  const pieces = pieceCount(payloadBytes);
  if (pieces === 0) return record.subarray(HEADER_BYTES);
  const chunks: Buffer[] = [];
  for (let piece = 1; piece <= pieces; piece++) {
    const chunk = store.get(entryKey(index, piece));
    if (chunk === undefined) {
      throw new LogDamagedError(`piece ${piece} of entry ${index} is missing`, store.path);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
