/**
 * Every limit of the durable log, with its unit and its reason. Numbers marked "format" are part of
 * what is on disk: changing one means a new `FORMAT_VERSION`.
 */

import { assert } from "./assert.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Format. What `identity` says a directory was born in: 2 may hold snapshots. The meta record says what it
 * holds: 1 until there is the first snapshot, so a directory that was born in format 1 is read as it is.
 */
export const FORMAT_VERSION = 2;
export const FORMAT_VERSION_MIN = 1;
/** Format. From which on a store may hold the record of a snapshot. */
export const SNAPSHOT_FORMAT = 2;

/** Format. What `identity` of a directory with encrypted log and snapshots says: older versions refuse it. */
export const ENCRYPTED_FORMAT = 3;

/** Format. Names inside the node's directory; `STAGING_PREFIX` is followed by random letters. */
export const LOG_DIRECTORY = "log";
export const STAGING_PREFIX = "log.new-";
/** What a log is called, with a number behind it, once another one has taken its place. */
export const REPLACED_PREFIX = "log.before-recover-";
/** Copies of a stopped node's log while it is read. */
export const READING_PREFIX = "log.reading-";
export const IDENTITY_FILE = "identity";
export const WATERMARK_FILE = "watermark";
export const STORE_DIRECTORY = "store";
export const SNAPSHOT_DIRECTORY = "snapshots";
/** Only where log and snapshots are encrypted. */
export const KEYS_FILE = "keys";

/**
 * Bytes of tables from which on a thread checks them while the process starts: it begins to pay when the check takes
 * longer than a thread's own start (50 ms; 4 to 6 ns a byte).
 */
export const EARLY_CHECK_BYTES_MIN = 16 * MIB;

/**
 * Format, bytes. A longer payload is stored as a header record plus pieces of this size. Measured
 * with 64 MiB payloads, one value against pieces of 1 MiB: the synced batch holds the main thread
 * 190-440 against 100-140 ms (no joint copy of header and payload), a scan of six takes 1.0 against
 * 0.2 s (LevelDB moves tables of whole blocks); reading one back costs the same, about 70 ms.
 */
export const PIECE_BYTES = 1 * MIB;

/** Bytes. Largest payload taken: one command or EXEC (bounded at 64 MiB of effects) plus its frame. */
export const ENTRY_BYTES_MAX = 80 * MIB;

/**
 * Bytes of payload collected into one synced batch; the Persist that exceeds it is still taken. LevelDB
 * copies a batch twice in memory, so an unbounded one after a stalled disk would cost gigabytes.
 */
export const BATCH_BYTES_MAX = 32 * MIB;

/**
 * Bytes checked or handed to LevelDB at a time; between two steps the event loop has its turn. A 64 MiB
 * payload in one go held the thread for 200 to 550 ms right behind the turn that made it, heartbeats
 * stayed away, and its leader was deposed each time (measured with two busy cores).
 */
export const STEP_BYTES = 4 * MIB;

/**
 * Bytes LevelDB gathers before it writes a table, and holds twice while it does. 4 MiB (its default) means a table every
 * few batches; 16 MiB write no faster, and 12 MB more stay resident.
 */
export const WRITE_BUFFER_BYTES = 8 * MIB;

/**
 * Bytes of zeros written ahead into LevelDB's log at a time: some 50 entries of 50 connections, and half a millisecond
 * of the one sync that makes them durable.
 */
export const LOG_SPACE_BYTES = 256 * KIB;
/**
 * Bytes of zeros in one call. What is written in one go the system may keep as one folio, and some file systems write all
 * of a folio again for every byte of it that has changed (XFS before Linux 6.6), or charge the process with it.
 */
export const LOG_SPACE_PAGE_BYTES = 4 * KIB;
/** Bytes of a write above which none are: what it has to write is more than what is saved. */
export const LOG_SPACE_WRITE_BYTES_MAX = 128 * KIB;

/** Bytes of block cache. Small: entries are read once per slow peer, and the page cache holds them too. */
export const BLOCK_CACHE_BYTES = 8 * MIB;

/**
 * Files LevelDB keeps open. Its default of 1000 is more than many processes may have, and running out of
 * descriptors is a failed write. Entries are read back rarely: opening a table again costs little.
 */
export const OPEN_FILES_MAX = 200;

/** Bytes one step of the opening scan brings into memory (one record more when it is larger). */
export const SCAN_STEP_BYTES = 4 * MIB;
/** Records one step of the opening scan brings into memory: bounds a step over many tiny entries. */
export const SCAN_STEP_RECORDS = 4096;

/**
 * Bytes of proved entries that a start keeps until they are applied, each counted with what its objects take. More
 * than a log grows between two snapshots by default; what lies beyond is read again.
 */
export const SCANNED_BYTES_MAX = 64 * MIB;
export const SCANNED_ENTRY_BYTES = 256;

/** Format, bytes. The two watermark slots are this far apart: one torn page never hurts both. */
export const WATERMARK_SLOT_STRIDE = 4 * KIB;
/** Format, bytes. Less than a disk sector, so a slot is written whole or not at all on most disks. */
export const WATERMARK_SLOT_BYTES = 64;

/** Bytes of a snapshot file that are read and checked at a time: below a millisecond of the thread. */
export const SNAPSHOT_STEP_BYTES = 1 * MIB;

/**
 * Bytes of a snapshot that have come from a leader and wait for the disk. Chunks are acknowledged when they
 * have come, so a disk that is slower than the network would fill the memory; above this the transfer fails, and
 * begins anew.
 */
export const RECEIVE_BACKLOG_BYTES_MAX = 64 * MIB;

/**
 * Bytes that wait from which on no more are taken: they are lost, and sent again. Else a disk that is slower than the
 * network fails each transfer of more than the above, and the log of the leader is kept for a peer that never finishes.
 */
export const RECEIVE_BEHIND_BYTES = 16 * MIB;

/**
 * Entries deleted at a time behind an anchor that has moved, fewer when they are large. LevelDB does it by itself, in
 * small batches, on a thread of the pool: a step, its compaction included, is as long as `close` may have to wait.
 */
export const TRIM_STEP_ENTRIES = 4096;

/**
 * Bytes of tables that hold nothing but trimmed entries, from which on LevelDB is asked to drop them; and those of one
 * step, roughly: a step deletes, and compacts, some 100 ms.
 */
export const COMPACT_BYTES_MIN = 32 * MIB;

/** Format, bytes. AES-256-GCM: key, nonce and tag (NIST SP 800-38D). */
export const CIPHER_KEY_BYTES = 32;
export const CIPHER_NONCE_BYTES = 12;
export const CIPHER_TAG_BYTES = 16;

/** Format, bytes. What is random of the key of one snapshot file: two never have the same. */
export const FILE_SALT_BYTES = 32;

/**
 * Format, bytes. An encrypted snapshot is sealed in blocks of so many: whoever reads one byte opens one block (some
 * 40 us), and 16 bytes of tag are next to nothing of it.
 */
export const SEALED_BLOCK_BYTES = 64 * KIB;

/**
 * Values sealed with one data key before the next one takes its place. Their nonces are random: two are the same
 * with a probability of 2^-37 by then. NIST SP 800-38D allows 2^32 values, and 2^-32.
 */
export const DATA_KEY_VALUES_MAX = 2 ** 30;

/**
 * Values that are booked on a data key at a time, durably and before they are sealed: a process that dies forgets
 * how many it had sealed. Every start books so many, so a node that dies at each start needs a new key after 256;
 * at 10 000 values a second the file is written every 7 minutes.
 */
export const DATA_KEY_BOOKING = 2 ** 22;

/** Characters of the name of a key in the key file, which `keys` says beside what it has wrapped. */
export const MASTER_KEY_ID_LENGTH_MAX = 64;

/** Entries per chunk of the in-memory checksum table: 16 KiB a chunk, 4 bytes an entry. */
export const CHECKSUM_CHUNK_ENTRIES = 4096;

assert(PIECE_BYTES <= SCAN_STEP_BYTES, "a scan step holds at least one piece");
assert(LOG_SPACE_WRITE_BYTES_MAX < LOG_SPACE_BYTES, "zeros written ahead are for several writes");
assert(PIECE_BYTES <= STEP_BYTES, "a piece is handed over in one step");
assert(ENTRY_BYTES_MAX < 2 ** 32, "payload length is stored in 32 bits");
assert(BATCH_BYTES_MAX + ENTRY_BYTES_MAX < 2 ** 31, "a LevelDB batch stays far below its 4 GiB");
assert(RECEIVE_BEHIND_BYTES < RECEIVE_BACKLOG_BYTES_MAX, "who is behind is not overrun at once");
assert(SNAPSHOT_STEP_BYTES % SEALED_BLOCK_BYTES === 0, "a step opens whole blocks");
assert(DATA_KEY_VALUES_MAX < 2 ** 32, "random nonces of one key stay apart");
assert(DATA_KEY_VALUES_MAX % DATA_KEY_BOOKING === 0, "bookings end with a data key's life");
assert(WATERMARK_SLOT_BYTES <= 512, "a watermark slot fits one disk sector");
assert(WATERMARK_SLOT_BYTES <= WATERMARK_SLOT_STRIDE, "watermark slots do not overlap");
