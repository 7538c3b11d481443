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

export const BATCH_FORMAT_VERSION = 1;
export const BATCH_LOG_TIME_OFFSET = 1;
export const BATCH_EFFECT_COUNT_OFFSET = 9;
export const BATCH_HEADER_BYTES = 13;
/** Bytes of the longest varint: 53 bits. */
export const VARINT_BYTES_MAX = 8;
