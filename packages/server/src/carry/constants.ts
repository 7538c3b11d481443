/** Limits of carrying data in and out: unit, reason, and how each relates to the others. */

import { LIBRARIES_BYTES_MAX, LIBRARIES_MAX } from "@redoubt/commands";
import { ENTRY_BYTES_MAX } from "@redoubt/level-log";
import { assert } from "../gateway/assert.js";

/** Milliseconds until a connection stands; a host that drops packets never refuses one. */
export const connectTimeoutMs = 5_000;

/** Milliseconds without a byte while a reply is awaited: a majority's disks on a bad day, Redis forking for a dump. */
export const silenceTimeoutMs = 60_000;

/** Milliseconds in which a leader must be found: several elections. */
export const leaderPatienceMs = 60_000;

/** Milliseconds between looks for a leader: an election takes longer. */
export const leaderPollMs = 200;

/** Bytes of one reply. An entry of the log is the longest thing a node answers. */
export const replyBytesMax = 1024 * 1024 * 1024;

/** Arrays within arrays: a status has maps in a list in a map. */
export const replyDepthMax = 8;

/**
 * Bytes on their way to the leader whose reply is awaited: what it executes in a few turns. More would only wait
 * in its query buffers, and count against its memory.
 */
export const windowBytesMax = 4 * 1024 * 1024;

/** Keys on their way: small ones are bounded by the work they make, some turns of it, not by their bytes. */
export const windowKeysMax = 2048;

/** Bytes of a record that RESTORE carries as a whole; a larger value holds the leader up and goes in pieces. */
export const wholeRecordBytesMax = 1024 * 1024;

/** Bytes of one piece of a large string. */
export const pieceBytesMax = 1024 * 1024;

/** Bytes of the sources of all function libraries together, and how many: what a node keeps. */
export const libraryBytesMax = LIBRARIES_BYTES_MAX;
export const librariesMax = LIBRARIES_MAX;

/** Keys named by one EXISTS when a cluster that holds data is checked for collisions. */
export const existsKeysMax = 200;

/** Keys whose names an error tells: enough to see which kind they are of. */
export const shownKeysMax = 5;

/** Characters of a key's name in an error or a report. */
export const shownKeyLengthMax = 64;

/** Milliseconds between two lines of progress. */
export const progressIntervalMs = 500;

/** Bytes a file is read or written by: as much as one system call is worth. */
export const fileBlockBytes = 256 * 1024;

/** Bytes of a snapshot or of log entries asked for at once: a node answers it in about a millisecond. */
export const chunkBytesMax = 1024 * 1024;

/** How often a copy begins anew because the snapshot it read was replaced by a newer one meanwhile. */
export const copyAttemptsMax = 5;

/** Bytes of a marker that ends a dump of unknown length (Redis: CONFIG_RUN_ID_SIZE). */
export const endMarkBytes = 40;

assert(pieceBytesMax <= windowBytesMax, "a piece fits into the window");
assert(wholeRecordBytesMax <= windowBytesMax, "a whole record fits into the window");
assert(leaderPollMs < connectTimeoutMs, "several looks fit into one attempt");

/** Milliseconds of work between two turns of the event loop: no signal and no reply waits longer. */
export const sliceMs = 10;

/** Bytes of the longest text a key may hold: what APPEND may make and the greatest proto-max-bulk-len allows. */
export const textBytesMax = 64 * 1024 * 1024;

/** Bytes of a file whose keys are asked for at once when an import is read back. */
export const verifyBytesMax = 4 * 1024 * 1024;

/** Bytes behind the value of a DUMP: version and checksum. */
export const dumpFooterBytes = 10;

/** Milliseconds two machines' clocks may differ by before a key that expired there is missed here. */
export const clockSlackMs = 60_000;

/** Bytes of the longest payload of an entry: the log's own bound. */
export const entryBytesMax = ENTRY_BYTES_MAX;

/** Entries asked for at once: some hundred bytes of reply each beside their payloads. */
export const readEntriesMax = 4096;

/** Milliseconds a follower is given to learn that an entry is committed which its leader has committed. */
export const followPatienceMs = 30_000;

/** Milliseconds a snapshot that was asked for may take: some gigabytes on a slow disk. */
export const freshPatienceMs = 3_600_000;
