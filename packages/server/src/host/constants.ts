/** Limits and fixed answers of the host commands. */

/** Redis Cluster's number of hash slots; the one shard owns them all. */
export const slotsTotal = 16_384;
export const slotLast = slotsTotal - 1;

/** An announced address or host name has a length byte; no host name is longer (RFC 1035: 253). */
export const announceTextBytesMax = 255;

/** Longest DEBUG SLEEP, in seconds: a day. More is a typing error that only a kill would end. */
export const debugSleepSecondsMax = 86_400;

/** Characters of a client's own word that an error text repeats, as Redis does. */
export const shownWordLengthMax = 128;

/** Hex digits of a node's name in CLUSTER's words. */
export const nodeNameLength = 40;

/** Bytes of a snapshot or of entries told in one reply: read from disk in the turn, in about a millisecond. */
export const copyBytesMax = 1024 * 1024;

/** Milliseconds a snapshot stays for whoever has read of it last. A slow copy asks several times a second. */
export const snapshotReaderPatienceMs = 60_000;

/** Snapshots kept for readers beside the newest: each is as large as the dataset. */
export const snapshotsReadMax = 2;
