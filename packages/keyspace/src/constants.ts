/** Every limit of this package: unit, reason, and how it relates to the others. */

import { assert } from "./assert.js";

/** CLUSTER slots (Redis Cluster specification, "Key distribution model"). */
export const SLOT_COUNT = 16_384;

/**
 * Shards of a dictionary. A slot belongs to one shard, so questions about a slot look at one shard.
 * More shards make each table's growth pause shorter, fewer make RANDOMKEY's walk over the counts shorter and
 * their sizes, in slots, differ more finely (slot.ts).
 */
export const SHARD_COUNT = 256;

/**
 * Entries of one segment, whose table and arrays stall the event loop for 4 to 8 ms when they grow for the last time. A
 * shard that is full gets a row of further segments, so hash tags that put everything into one slot meet no limit, only
 * a lookup per row.
 */
export const SEGMENT_ENTRIES_MAX = 2 ** 18;

/** Segments of one row of a shard, a power of two: with one row 17 M keys of one slot are found by two lookups. */
export const ROW_SEGMENTS = 64;

/** Segments of one shard: what fits into a SCAN cursor. Keys whose hashes are chosen to be alike need a row for each. */
export const SHARD_SEGMENTS_MAX = 2 ** 16;

/** Keys a keyspace is built for. Evenly spread, they leave the first segment of the largest shard a quarter empty. */
export const EXPECTED_KEYS_MAX = 2 ** 25;

/** Slots of the largest shard: with twice as many as the smallest it has 1.39 times the mean. */
export const SHARD_SLOTS_MAX = 89;

/** Bytes from which a string value is a Blob (owned bytes) and no longer a latin1 string. */
export const BLOB_BYTES_MIN = 1024;

/** Bytes of one key or value: Redis's 512 MB. */
export const STRING_BYTES_MAX = 512 * 1024 * 1024;

/** Spare capacity of an appended Blob: its length shifted right by this, so APPEND is amortised O(suffix). */
export const BLOB_SPARE_SHIFT = 1;

/**
 * Bytes of a piece of a patched Blob: what SETRANGE copies of a large value at least (measured: 6 us). A value of
 * 512 MB has 8 192 pieces.
 */
export const BLOB_PIECE_BYTES = 64 * 1024;

/** Bytes from which a patched Blob is in pieces; a shorter one is copied. */
export const BLOB_PATCHED_BYTES_MIN = 4 * BLOB_PIECE_BYTES;

/** Longest text that is written byte by byte; a native call costs more below (measured: 24 to 32). */
export const SHORT_COPY_BYTES_MAX = 24;

/** First capacity of an open batch's buffer in bytes: one turn of pipelined small writes. */
export const BATCH_CAPACITY_BYTES_MIN = 64 * 1024;

/** Payload bytes from which a well filled buffer is handed over instead of copied out. */
export const BATCH_HANDOVER_BYTES_MIN = 256 * 1024;

/** First capacity of the undo journal in records; a power of two, since positions are masked. */
export const JOURNAL_RECORDS_MIN = 1024;

/** Milliseconds since the epoch of the latest deadline or log time: what a number holds exactly. */
export const TIME_MS_MAX = Number.MAX_SAFE_INTEGER;

/** Length of a key whose hash is kept for the next look, and the key with it, though it may be gone by then. */
export const KEPT_KEY_LENGTH_MAX = 256;

/** Keys of a batch that are brought near at a time: what they touch fits into a first-level cache. */
export const NEAR_KEYS = 64;

/** Length of a key that is: a longer one's hash and slot cost more than is saved (measured: 1.15 and 1.17 us at 48). */
export const NEAR_KEY_LENGTH_MAX = 48;

/** Effects of a batch from which on its keys are brought near: with fewer there is little to overlap. */
export const NEAR_EFFECTS_MIN = 8;

/** Slots of an empty segment's table, a power of two: a keyspace has hundreds of them. */
export const SEGMENT_SLOTS_MIN = 16;

assert((SLOT_COUNT & (SLOT_COUNT - 1)) === 0, "a slot's bits can be reversed");
assert(SHARD_COUNT <= 256, "a shard's number is a byte");
assert(SEGMENT_ENTRIES_MAX <= 2 ** 18, "a segment's table and arrays grow without a stall");
assert(
  (EXPECTED_KEYS_MAX / SLOT_COUNT) * SHARD_SLOTS_MAX <= SEGMENT_ENTRIES_MAX * 0.75,
  "evenly spread keys need one segment a shard, with room for an uneven spread",
);
assert((ROW_SEGMENTS & (ROW_SEGMENTS - 1)) === 0, "a hash is masked to its column");
assert(
  SHARD_COUNT * SHARD_SEGMENTS_MAX * 2 * SEGMENT_ENTRIES_MAX <= TIME_MS_MAX,
  "a SCAN cursor is exact in a number",
);
assert(BATCH_HANDOVER_BYTES_MIN > BATCH_CAPACITY_BYTES_MIN, "only grown buffers are handed over");
assert((JOURNAL_RECORDS_MIN & (JOURNAL_RECORDS_MIN - 1)) === 0, "positions are masked");
assert(BLOB_BYTES_MIN > SHORT_COPY_BYTES_MAX, "blobs are copied by native calls");
assert(BLOB_BYTES_MIN < BLOB_PATCHED_BYTES_MIN, "only blobs are in pieces");
assert(
  STRING_BYTES_MAX / BLOB_PIECE_BYTES <= 2 ** 13,
  "the list of pieces is copied in microseconds",
);

// Encodings of lists (values/list.ts)

/** Bytes. Longest list OBJECT ENCODING calls listpack: Redis's list-max-listpack-size of -2. */
export const LIST_LISTPACK_BYTES_MAX = 8192;

/** Bytes. A quicklist that is no longer than this is a listpack again: half of the above, as Redis, lest it go to and fro. */
export const LIST_LISTPACK_AGAIN_BYTES_MAX = LIST_LISTPACK_BYTES_MAX / 2;

/** Bytes of a listpack without entries: header and end. */
export const LISTPACK_BYTES = 7;

// Sorted sets (values/sorted-set.ts)

/**
 * Redis's zset-max-listpack-entries: more, and OBJECT ENCODING says skiplist. Up to here a member is found
 * by looking at all of them.
 */
export const ZSET_LISTPACK_ENTRIES_MAX = 128;

/** Redis's zset-max-listpack-value in bytes: one longer member, and OBJECT ENCODING says skiplist. */
export const ZSET_LISTPACK_VALUE_BYTES_MAX = 64;

/** Fan-out of the rank tree: 32 to 64 do best in random order, 24 and 128 cost up to a third more (measured). */
export const RANK_NODE_ENTRIES_MAX = 64;

/** Members of a score table of one part; it is divided at once when one more comes, united at a quarter. */
export const SCORE_TABLE_UNDIVIDED_MAX = 2 ** 12;

/** Members of one Map of a score table: what its rehash or its copy for a clone may take. */
export const SCORE_TABLE_SEGMENT_ENTRIES_MAX = 2 ** 16;

/** Parts of a divided score table; a power of two. A million members make Maps of 4 096. */
export const SCORE_TABLE_PART_COUNT = 256;

/** Bytes of a removed member that a score table may keep for a while, one in a Map. */
export const SCORE_TABLE_KEPT_BYTES_MAX = 64;

assert(RANK_NODE_ENTRIES_MAX % 4 === 0, "a node's bounds are quarters of its size");
assert(
  ZSET_LISTPACK_ENTRIES_MAX < SCORE_TABLE_UNDIVIDED_MAX / 4,
  "a compact set grows into an undivided table",
);
assert(
  SCORE_TABLE_UNDIVIDED_MAX <= SCORE_TABLE_SEGMENT_ENTRIES_MAX,
  "an undivided table is one segment",
);
assert(
  SCORE_TABLE_PART_COUNT * SHARD_SEGMENTS_MAX * 4 * SCORE_TABLE_SEGMENT_ENTRIES_MAX <= TIME_MS_MAX,
  "a ZSCAN cursor is exact in a number",
);
assert(
  (SCORE_TABLE_PART_COUNT & (SCORE_TABLE_PART_COUNT - 1)) === 0,
  "a hash is masked to its part",
);

/** Slots of a node of an OrderedMap (values/ordered-map.ts): bench/stream.bench.ts compares sizes. */
export const ORDERED_MAP_FAN_OUT = 64;

/** Characters of a stream id's text: Redis parses ids in a buffer of 128 bytes with its end mark. */
export const STREAM_ID_TEXT_MAX = 127;

/** Packed bytes of one chunk of a stream, unless a single entry is larger: Redis's stream-node-max-bytes. */
export const STREAM_CHUNK_BYTES_MAX = 4096;

/** Entries of one chunk of a stream: Redis's stream-node-max-entries; XTRIM ~ removes such pieces. */
export const STREAM_CHUNK_ENTRIES_MAX = 100;

/** Field and value bytes of one stream entry, packed: Redis's STREAM_LISTPACK_MAX_SIZE. */
export const STREAM_ENTRY_BYTES_MAX = 2 ** 30;

assert(ORDERED_MAP_FAN_OUT >= 4, "a node of an OrderedMap can be split and merged");
assert(STREAM_CHUNK_BYTES_MAX < STREAM_ENTRY_BYTES_MAX, "a large entry has a chunk of its own");

// Hashes and sets (values/hash.ts, values/set.ts)

/** Redis's hash-max-listpack-entries: more, and OBJECT ENCODING says hashtable. */
export const HASH_LISTPACK_ENTRIES_MAX = 512;

/** Redis's set-max-intset-entries: more members that are all integers make a hashtable. */
export const SET_INTSET_ENTRIES_MAX = 512;

/** Redis's set-max-listpack-entries: more members, one of them no integer, make a hashtable. */
export const SET_LISTPACK_ENTRIES_MAX = 128;

/**
 * Bytes of a packed field, value or member: Redis's hash-max-listpack-value and set-max-listpack-value.
 * One longer, and OBJECT ENCODING says hashtable.
 */
export const PACKED_TEXT_BYTES_MAX = 64;

/**
 * Bytes of a page of packed elements, on average at most. A change copies one page and a lookup walks over
 * one; each costs PACKED_PAGE_BYTES (memory.ts).
 */
export const PACKED_PAGE_BYTES_MAX = 512;

/** Bytes of all packed elements of a value: full of longest texts. One page may hold all of them. */
export const PACKED_BYTES_MAX =
  Math.max(2 * HASH_LISTPACK_ENTRIES_MAX, SET_INTSET_ENTRIES_MAX) * (1 + PACKED_TEXT_BYTES_MAX);

/** Longest slice of a string that V8 copies; a longer one points into the string it was taken from. */
export const PACKED_SLICE_COPIED_BYTES_MAX = 12;

/** Elements of a table of one part; it is divided at once when one more comes (measured: 1 ms). */
export const ELEMENT_TABLE_UNDIVIDED_MAX = 2 ** 12;

/** A divided table that has shrunk to so many elements is united. */
export const ELEMENT_TABLE_UNITED_MAX = 2 ** 10;

/** Parts of a divided table; a power of two. A million elements make Maps of 4 096. */
export const ELEMENT_TABLE_PART_COUNT = 256;

/**
 * Elements of one Map of a table, reached by evenly spread names at 8 M. It bounds the pause of a rehash
 * (measured: 1 ms) and of the first change of a segment that a clone shares (7 ms).
 */
export const ELEMENT_SEGMENT_ENTRIES_MAX = 2 ** 15;

/** Bytes of a removed name that a table may keep for a while, one in a Map. */
export const ELEMENT_TABLE_KEPT_BYTES_MAX = 64;

/** A choice of one element in this many is made by a byte for each, a smaller one by a Set of ranks. */
export const SAMPLE_BITMAP_SHARE = 64;

/** Segments of one part of a table: what fits into a cursor. */
export const PART_SEGMENTS_MAX = 2 ** 12;

/** Divisions and unions of a table that its cursors tell apart; each takes thousands of mutations. */
export const CURSOR_ARRANGEMENTS = 2 ** 14;

assert(PACKED_TEXT_BYTES_MAX < 256, "a packed text's length is one character");
assert(PACKED_TEXT_BYTES_MAX < BLOB_BYTES_MIN, "a packed value is never a Blob");
assert(PACKED_PAGE_BYTES_MAX <= PACKED_BYTES_MAX, "there is room for one page");
assert(PACKED_BYTES_MAX < 2 ** 17, "a page full of everything is still copied in microseconds");
assert(PACKED_SLICE_COPIED_BYTES_MAX < PACKED_TEXT_BYTES_MAX, "some packed texts are copied out");
assert(SET_LISTPACK_ENTRIES_MAX <= SET_INTSET_ENTRIES_MAX, "a full intset is no listpack");
assert(
  Math.max(HASH_LISTPACK_ENTRIES_MAX, SET_INTSET_ENTRIES_MAX) < ELEMENT_TABLE_UNDIVIDED_MAX,
  "packed elements grow into an undivided table",
);
assert(
  ELEMENT_TABLE_UNITED_MAX * 2 <= ELEMENT_TABLE_UNDIVIDED_MAX,
  "a table is not divided and united in turn",
);
assert(
  ELEMENT_TABLE_UNDIVIDED_MAX <= ELEMENT_SEGMENT_ENTRIES_MAX,
  "an undivided table is one segment",
);
assert(
  (ELEMENT_TABLE_PART_COUNT & (ELEMENT_TABLE_PART_COUNT - 1)) === 0,
  "a hash is masked to its part",
);
assert(
  ELEMENT_TABLE_PART_COUNT * PART_SEGMENTS_MAX * 2 * ELEMENT_SEGMENT_ENTRIES_MAX <=
    TIME_MS_MAX / CURSOR_ARRANGEMENTS,
  "a cursor of a table is exact in a number",
);

// Lists (values/list.ts)

/** Elements of a list that is one array. A member of it is inserted by moving the others. */
export const LIST_SMALL_ELEMENTS_MAX = 128;

/** A large list that has shrunk to so few elements is one array again. */
export const LIST_SMALL_AGAIN_ELEMENTS_MAX = 32;

/** Elements of one chunk of a large list. A packed one is walked from its nearer side. */
export const LIST_CHUNK_ELEMENTS_MAX = 128;

/** Packed bytes of one chunk, unless a single element is larger: Redis's list-max-listpack-size -2. */
export const LIST_CHUNK_BYTES_MAX = 8192;

/** Elements from which a chunk is packed: the Buffer of fewer costs more than their strings. */
export const LIST_PACK_ELEMENTS_MIN = 16;

/** Chunks of one block of a large list. Both the blocks and a block's chunks are walked. */
export const LIST_BLOCK_CHUNKS_MAX = 256;

/** Elements up to which a range is taken or put one by one; cutting chunks costs more. */
export const LIST_SINGLY_ELEMENTS_MAX = 8;

assert(
  LIST_SMALL_AGAIN_ELEMENTS_MAX * 2 <= LIST_SMALL_ELEMENTS_MAX,
  "a list does not change its form to and fro",
);
assert(
  LIST_SMALL_ELEMENTS_MAX <= LIST_CHUNK_ELEMENTS_MAX,
  "a small list of small elements becomes one chunk",
);
assert(LIST_CHUNK_BYTES_MAX >= 4 * BLOB_BYTES_MIN, "a chunk over its limit can be halved");
assert(
  LIST_CHUNK_ELEMENTS_MAX * LIST_BLOCK_CHUNKS_MAX >= 2 ** 15,
  "up to 2^30 elements, full blocks are no more than the square root of the elements",
);

/** Elements of one effect of a snapshot: whoever applies it is not held up by a large collection. */
export const KEY_EFFECT_ELEMENTS_MAX = 512;

// RDB (rdb/)

/** Members of one JavaScript Set, which throws at 2^24. */
export const SET_MEMBERS_MAX = 2 ** 23;

/**
 * Bytes of a library's first line, which names it and is read character by character: one of 8 MB took seconds, and
 * hundreds of megabytes of memory. Differs from Redis, which has no bound.
 */
export const LIBRARY_LINE_BYTES_MAX = 1024;

/** Bytes of the longest text that is a JavaScript string: V8's limit on 64-bit machines. */
export const TEXT_BYTES_MAX = 2 ** 29 - 24;

/** Bytes that are asked of an RDB's source at a time: its checksum runs at full speed, a core's cache holds them. */
export const RDB_READ_BYTES = 2 ** 18;

/** Bytes of a buffer that grew for one large value and is kept for the next one. */
export const RDB_READ_KEPT_BYTES = 2 ** 22;

/** Bytes of one record that is read as a whole: the longest Buffer of Node 20. A longer one is refused, by name. */
export const RDB_RECORD_BYTES_MAX = 2 ** 32 - 1;

/** Bytes of a block that an RDB's writer hands over: few calls, and little is held of a large value. */
export const RDB_BLOCK_BYTES = 2 ** 16;

/**
 * Bytes that a record of an RDB may make of one of its own, and the least that any may make: what LZF makes at most.
 * Names that entries of a stream share would make far more of a few bytes that somebody chose.
 */
export const RDB_MADE_FACTOR_MAX = 88;
export const RDB_MADE_BYTES_MIN = 128 * 1024 * 1024;

assert(TEXT_BYTES_MAX < STRING_BYTES_MAX, "longer values are Blobs");
assert(RDB_BLOCK_BYTES <= RDB_READ_BYTES, "what is written at once is read at once");
assert(RDB_READ_BYTES <= RDB_READ_KEPT_BYTES, "the usual buffer is kept");

// Audits (digest/audit-walk.ts)

/** How much of one value an audit hashes in one go: a command that changes the value waits for it. */
export const AUDIT_BOUNDS = {
  /** Bytes of a string that is hashed whole: 2 to 8 ms, once, since a large string's hash is kept. */
  stringBytesMax: 2 ** 20,
  /** Bytes of each of three windows into a longer one. */
  windowBytes: 2 ** 16,
  /** Elements of a collection that is hashed whole: measured 4 (set) to 12 ms (list), Node 20, CPU of a busy machine. */
  elementsMax: 2 ** 15,
  /** Elements of the window into a larger one: under 1 ms. */
  windowElements: 2 ** 12,
  /** Bytes of all elements together, shared out evenly: of a longer one its ends are hashed. With them up to 20 ms. */
  elementBytesMax: 2 ** 21,
  /** Bytes of any element that are hashed. What most elements have. */
  elementBytesMin: 64,
} as const;

/**
 * Bytes of keys that changed while an audit walks past them, with what it costs to note one. More, and the audit is
 * given up: half a million keys of 60 bytes, above what a leader changes in the time a walk takes mostly.
 */
export const AUDIT_NOTED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Elements, or as much as one takes to hash, of what changes between two steps of an audit. More, and the audit is given
 * up: DEL of a thousand sets at the limit would wait for four seconds, and a page of small effects has not half as much.
 * Measured: 50 ms (sets) to 100 ms (lists).
 */
export const AUDIT_CHANGE_WORK_MAX = 8 * AUDIT_BOUNDS.elementsMax;

/** Bytes that a noted key costs besides its own. */
export const AUDIT_NOTE_BYTES = 64;

assert(
  AUDIT_BOUNDS.elementsMax * AUDIT_BOUNDS.elementBytesMin <= AUDIT_BOUNDS.elementBytesMax,
  "the least of each element fits into what all have",
);
assert(AUDIT_BOUNDS.windowElements < AUDIT_BOUNDS.elementsMax, "a window is less than the whole");
assert(
  3 * AUDIT_BOUNDS.windowBytes < AUDIT_BOUNDS.stringBytesMax,
  "windows are less than the whole",
);
