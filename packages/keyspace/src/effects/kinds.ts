/**
 * Persisted numbers of the effect kinds and the layout of a batch. Append-only: a number is never changed
 * or used again (frozen by kinds.test.ts). Integers are varints: 7 bits a byte, low ones first.
 *
 *   batch   := version:u8  logTimeMs:f64 big-endian  effectCount:u32 big-endian  effect*
 *   effect  := kind:u8 fields
 *   text    := length:varint bytes
 */

/** key:text value:text deadlineMs:varint (0: none). Replaces value and deadline. */
export const PUT_STRING = 1;
/** key:text. The key exists. */
export const DELETE_KEY = 2;
/** key:text deadlineMs:varint (0: persist). The key exists. */
export const SET_DEADLINE = 3;
/** key:text suffix:text. The key exists. */
export const APPEND_STRING = 4;
/** key:text offset:varint bytes:text. Creates the key when it is missing; pads with zeros. */
export const PATCH_STRING = 5;
/** source:text destination:text. They differ; the source exists; value and deadline move. */
export const RENAME = 6;
/** source:text destination:text. They differ; the source exists; value and deadline are copied. */
export const COPY = 7;
/** No fields. */
export const FLUSH_ALL = 8;
/** channel:text message:text sharded:varint (0, 1). Changes nothing: a message, in its place among the writes. */
export const PUBLISH = 9;

// Of collections. All begin with key:text. None leaves a list, hash, set or sorted set empty: that is
// DELETE_KEY. Those that add create the key when it is missing; for all others it exists.

/** end:varint (0: head, 1: tail) count:varint value:text*. One after the other, so at the head in reverse. */
export const LIST_PUSH = 10;
/** end:varint count:varint. */
export const LIST_POP = 11;
/** index:varint value:text. */
export const LIST_SET = 12;
/** side:varint (0: before, 1: behind) pivot:text value:text. At the first element that equals the pivot. */
export const LIST_INSERT = 13;
/** end:varint count:varint value:text. The first `count` elements from that end on that equal the value. */
export const LIST_REMOVE = 14;
/** start:varint count:varint. What is kept. */
export const LIST_TRIM = 15;

/** count:varint (field:text value:text)*. */
export const HASH_SET = 20;
/** count:varint field:text*. All are there. */
export const HASH_DELETE = 21;

/** count:varint member:text*. None is there. */
export const SET_ADD = 30;
/** count:varint member:text*. All are there. */
export const SET_REMOVE = 31;

/** count:varint (score:f64 big-endian member:text)*. Adds, or changes the score. */
export const SORTED_SET_PUT = 40;
/** count:varint member:text*. All are there. */
export const SORTED_SET_REMOVE = 41;
/** rank:varint count:varint. From the low end. */
export const SORTED_SET_REMOVE_RANGE = 42;

// Of streams, which may be empty. id := 16 bytes: milliseconds and sequence, big-endian.

/** id count:varint (field:text value:text)*. */
export const STREAM_APPEND = 50;
/** count:varint id*. All are there. */
export const STREAM_DELETE = 51;
/** length:varint. How many are kept, at the high end. */
export const STREAM_TRIM = 52;
/** lastId entriesAdded:varint maxDeletedId. The stream exists. */
export const STREAM_SET_IDS = 53;
/** group:text lastDeliveredId entriesRead:varint (0: unknown, else one more). Makes the stream when it is missing. */
export const GROUP_CREATE = 54;
/** As GROUP_CREATE, for a group that is there. */
export const GROUP_SET_POSITION = 55;
/** group:text. */
export const GROUP_DESTROY = 56;
/** group:text consumer:text seenMs:varint. It is not there. */
export const CONSUMER_CREATE = 57;
/** group:text consumer:text. What is pending for it goes with it. */
export const CONSUMER_DELETE = 58;
/** group:text consumer:text deliveryMs:varint deliveryCount:varint count:varint id*. Pending for this consumer now. */
export const GROUP_DELIVER = 59;
/** group:text count:varint id*. All are pending. */
export const GROUP_ACKNOWLEDGE = 60;
/** group:text consumer:text seenMs:varint activeMs:varint (0: never, else one more). */
export const CONSUMER_TIMES = 61;

/**
 * No fields; the last of its batch. Changes nothing: the state behind this batch is what the nodes compare with each
 * other (digest/audit-walk.ts).
 */
export const AUDIT = 62;

// Of libraries of functions, which are no keys.

/** name:text code:text. Replaces what the library was. */
export const PUT_LIBRARY = 63;
/** name:text. The library is there. */
export const DELETE_LIBRARY = 64;

export const KIND_MAX = DELETE_LIBRARY;

/** Those that begin with a key and are read on by who handles them. */
export const COLLECTION_KINDS: ReadonlySet<number> = new Set([
  LIST_PUSH,
  LIST_POP,
  LIST_SET,
  LIST_INSERT,
  LIST_REMOVE,
  LIST_TRIM,
  HASH_SET,
  HASH_DELETE,
  SET_ADD,
  SET_REMOVE,
  SORTED_SET_PUT,
  SORTED_SET_REMOVE,
  SORTED_SET_REMOVE_RANGE,
  STREAM_APPEND,
  STREAM_DELETE,
  STREAM_TRIM,
  STREAM_SET_IDS,
  GROUP_CREATE,
  GROUP_SET_POSITION,
  GROUP_DESTROY,
  CONSUMER_CREATE,
  CONSUMER_DELETE,
  GROUP_DELIVER,
  GROUP_ACKNOWLEDGE,
  CONSUMER_TIMES,
]);

export const BATCH_FORMAT_VERSION = 1;
export const BATCH_LOG_TIME_OFFSET = 1;
export const BATCH_EFFECT_COUNT_OFFSET = 9;
export const BATCH_HEADER_BYTES = 13;
/** Bytes of the longest varint: 53 bits. */
export const VARINT_BYTES_MAX = 8;
