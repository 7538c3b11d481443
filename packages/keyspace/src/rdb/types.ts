/** Numbers of Redis's RDB format for values (its rdb.h): what DUMP writes and RESTORE reads. */

/** Of Redis 7.0, which 7.2 (11) reads as well. */
export const RDB_VERSION_WRITTEN = 10;
/** Of payloads that RESTORE takes. */
export const RDB_VERSION_MAX = 11;
/** Of files that are read: Redis 7.4. */
export const RDB_FILE_VERSION_MAX = 12;
/** From it on a file ends with its checksum. */
export const RDB_VERSION_CHECKSUM = 5;

export const rdbType = {
  string: 0,
  list: 1,
  set: 2,
  sortedSet: 3,
  hash: 4,
  sortedSet2: 5,
  modulePreRelease: 6,
  module2: 7,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  sortedSetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  streamListpacks: 15,
  hashListpack: 16,
  sortedSetListpack: 17,
  listQuicklist2: 18,
  streamListpacks2: 19,
  setListpack: 20,
  streamListpacks3: 21,
  hashFieldExpiryPreRelease: 22,
  hashListpackFieldExpiryPreRelease: 23,
  hashFieldExpiry: 24,
  hashListpackFieldExpiry: 25,
} as const;

/** What stands in a file where a key's type may stand. */
export const opcode = {
  slotInfo: 244,
  function: 245,
  functionPreRelease: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resize: 251,
  deadlineMs: 252,
  deadlineSeconds: 253,
  selectDatabase: 254,
  end: 255,
} as const;

export const MAGIC = "REDIS";
export const VERSION_DIGITS = 4;
export const CHECKSUM_BYTES = 8;

/** Lengths: the two upper bits of the first byte, or all of it. */
export const LENGTH_6 = 0;
export const LENGTH_14 = 1;
export const LENGTH_SPECIAL = 3;
export const LENGTH_32 = 0x80;
export const LENGTH_64 = 0x81;

/** Strings kept otherwise, by the lower six bits of a special length. */
export const STRING_INT8 = 0;
export const STRING_INT16 = 1;
export const STRING_INT32 = 2;
export const STRING_LZF = 3;

/** Longest text of a score is one less; these lengths name what has no digits. */
export const SCORE_NAN = 253;
export const SCORE_INFINITE = 254;
export const SCORE_NEGATIVE_INFINITE = 255;

/** Nodes of a quicklist. */
export const NODE_PLAIN = 1;
export const NODE_PACKED = 2;

/** Flags of an entry in a stream's listpack. */
export const ENTRY_DELETED = 1;
export const ENTRY_SAME_FIELDS = 2;

/** An unknown entries-read counter of a consumer group: -1 in 64 bits. */
export const ENTRIES_READ_UNKNOWN_SAVED = 2n ** 64n - 1n;

/** A value as RESTORE found it, whole and checked. Texts are flat; large values are views of the payload. */
export type Restored =
  | { readonly type: "string"; readonly value: RestoredText }
  | { readonly type: "list"; readonly elements: readonly RestoredText[] }
  | { readonly type: "set"; readonly members: readonly string[] }
  | {
      readonly type: "hash";
      readonly fields: readonly string[];
      readonly values: readonly RestoredText[];
    }
  | {
      readonly type: "sortedSet";
      readonly members: readonly string[];
      readonly scores: readonly number[];
    }
  | RestoredStream;

export type RestoredText = string | Buffer;

export interface RestoredStream {
  readonly type: "stream";
  readonly entries: readonly RestoredEntry[];
  readonly lastId: string;
  readonly maxDeletedId: string;
  readonly entriesAdded: number;
  readonly groups: readonly RestoredGroup[];
}

export interface RestoredEntry {
  readonly id: string;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}

export interface RestoredGroup {
  readonly name: string;
  readonly lastDeliveredId: string;
  readonly entriesRead: number;
  readonly consumers: readonly RestoredConsumer[];
}

export interface RestoredConsumer {
  readonly name: string;
  readonly seenMs: number;
  readonly activeMs: number;
  readonly pending: readonly RestoredPending[];
}

export interface RestoredPending {
  readonly id: string;
  readonly deliveryMs: number;
  readonly deliveryCount: number;
}
