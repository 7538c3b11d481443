/**
 * What keys and values cost, in bytes: an estimate kept entry by entry. Measured on Node 20.20.2 with
 * --expose-gc (heapUsed + external before and after filling a Dictionary, 0.1 to 2 M keys of 16 bytes).
 */

import { Blob } from "./blob.js";
import type { Value } from "./value.js";

/** One key without its key and value text: slots, hash, two array places. Measured 33 to 35: shards grow one by one. */
export const ENTRY_BYTES = 40;
/** One deadline without its key text: the same, and a number of its own. Measured 49 to 51. */
export const DEADLINE_BYTES = 56;
/** A sequential one-byte string without its text (map, hash, length). */
export const STRING_HEADER_BYTES = 16;
/** Blob handle, storage, Buffer and ArrayBuffer, without the bytes. Measured 271 heap, 365 resident. */
export const BLOB_HEADER_BYTES = 320;
/** One undo record: five columns of eight bytes. */
export const UNDO_RECORD_BYTES = 40;

export function latin1Bytes(text: string): number {
  return STRING_HEADER_BYTES + ((text.length + 7) & ~7);
}

export function valueBytes(value: Value): number {
  if (typeof value === "string") {
    return latin1Bytes(value);
  }
  return value instanceof Blob ? BLOB_HEADER_BYTES + value.capacity : value.memoryBytes;
}

/** A key with its value, without its deadline. */
export function entryBytes(key: string, value: Value): number {
  return ENTRY_BYTES + latin1Bytes(key) + valueBytes(value);
}

/** What `old` still holds when `current` has replaced it: an appended or patched Blob shares most of it. */
export function retainedBytes(old: Value | undefined, current: Value | undefined): number {
  if (old === undefined || old === current) {
    return 0;
  }
  if (old instanceof Blob && current instanceof Blob) {
    const bytes = old.bytesBeside(current);
    return bytes === 0 ? 0 : BLOB_HEADER_BYTES + bytes;
  }
  return valueBytes(old);
}

/** One slot of an OrderedMap, without its key text: key, value, share of nodes. Measured 20 to 30. */
export const ORDERED_SLOT_BYTES = 24;
/** A library of functions without its texts: its object, the hash beside it. */
export const LIBRARY_BYTES = 96;

/** A stream without chunks' bytes and groups. Measured 171 empty, 320 with one chunk. */
export const STREAM_BYTES = 320;
/** A chunk without its packed bytes: object, ids, Buffer and its storage, slot. Measured 340 heap. */
export const STREAM_CHUNK_BYTES = 400;
/** What a removal from a stream keeps for its inverse, without chunks and packed entries. */
export const STREAM_REMOVAL_BYTES = 150;
/** A consumer group or a consumer, without its name. Measured 150 to 290, first nodes included. */
export const CONSUMER_GROUP_BYTES = 230;
export const CONSUMER_BYTES = 180;
/** A pending entry: object, id and its two slots. Measured 136 to 184. */
export const PENDING_ENTRY_BYTES = 2 * ORDERED_SLOT_BYTES + 96;

/** Packed elements of a hash or set without their pages: the value's object, theirs, the list of pages. */
export const PACKED_ELEMENTS_BYTES = 150;
/** A page without its characters: string header, rounding, place in the list. */
export const PACKED_PAGE_BYTES = 28;
/** The table of a large hash or set without its elements. */
export const ELEMENT_TABLE_BYTES = 500;
/**
 * One element of a table without its texts: Map slot and bucket, place in two arrays. Measured 48 to 75, by
 * how full the Map is; a member has no value and costs 8 less (39 to 62). A plain Map's element: 29 to 46.
 */
export const ELEMENT_BYTES = 64;

/** A list without elements: the object, a chunk's object and its array. */
export const LIST_BYTES = 160;
/** An element of a small list above its packed size: header and padding of a string, array slot. */
export const LIST_SMALL_ELEMENT_BYTES = 28;
/** A large list without its full chunks: rope, blocks and the loose ends' difference. */
export const LIST_ROPE_BYTES = 3000;
/** A chunk of a large list without its packed bytes: object, Buffer and its storage, slot in the block. */
export const LIST_CHUNK_BYTES = 450;

/** A compact sorted set without entries: the value's object, the form's, two columns' headers. */
export const SORTED_COMPACT_BYTES = 184;
/** One compact entry without its member text: places in two columns, and their spare room. */
export const SORTED_COMPACT_ENTRY_BYTES = 18;
/** A ranked sorted set without entries: an empty tree and table. */
export const SORTED_RANKED_BYTES = 1800;
/**
 * One ranked entry without its member text: table slot, bucket and places, tree places and spare room.
 * Measured 67 (a million in order), 78 (a million in random order) and 98 (10 000).
 */
export const SORTED_RANKED_ENTRY_BYTES = 80;
