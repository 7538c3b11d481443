/**
 * What keys and values cost on the heap, in bytes. Measured on Node 20.20 with --expose-gc (heapUsed and
 * external before and after 1 M inserts); see `ENTRY_BYTES` and its neighbours for the numbers.
 */

import type { Value } from "./value.js";

/** One key in the dictionary without key and value text: Map slot and bucket, two array places. */
export const ENTRY_BYTES = 72;
/** One deadline: the same, and a number of its own. */
export const DEADLINE_BYTES = 72;
/** A sequential one-byte string without its text. */
export const STRING_HEADER_BYTES = 16;
/** Blob handle, storage record, Buffer and its ArrayBuffer, without the bytes. */
export const BLOB_HEADER_BYTES = 280;
/** One undo record: five places of eight bytes in the journal's columns. */
export const UNDO_RECORD_BYTES = 40;

export function latin1Bytes(text: string): number {
  return STRING_HEADER_BYTES + ((text.length + 7) & ~7);
}

export function valueBytes(value: Value): number {
  return typeof value === "string" ? latin1Bytes(value) : BLOB_HEADER_BYTES + value.capacity;
}

/** What `old` still holds when `current` has replaced it: an appended Blob shares the storage. */
export function retainedBytes(old: Value | undefined, current: Value | undefined): number {
  if (old === undefined || old === current) {
    return 0;
  }
  if (
    typeof old !== "string" &&
    current !== undefined &&
    typeof current !== "string" &&
    old.sharesStorage(current)
  ) {
    return 0;
  }
  return valueBytes(old);
}
