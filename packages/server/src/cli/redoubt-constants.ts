/** Limits of the `redoubt` command: unit, reason, and how each relates to the others. */

import { assert } from "../gateway/assert.js";

/** Where a node listens unless it is told otherwise, as Redis. */
export const portDefault = 6379;

/** Milliseconds until a connection stands; a host that drops packets never refuses one. */
export const connectTimeoutMs = 3_000;

/**
 * Milliseconds until one reply. A node holds commands back while leadership is on its way, and a change's
 * reply waits for a majority's disks: seconds on a bad day.
 */
export const replyTimeoutMs = 15_000;

/** Milliseconds in which a leader must be found: several elections. */
export const leaderPatienceMs = 15_000;

/** Milliseconds between questions while something is waited for: an election takes longer. */
export const pollIntervalMs = 200;

/** Seconds a change is waited for by default: a learner of some gigabytes is brought level meanwhile. */
export const waitSecondsDefault = 120;
/** A day. */
export const waitSecondsMax = 86_400;

/** Bytes of one reply. A status of all members is a few kilobytes; what is larger comes from no node of ours. */
export const replyBytesMax = 1024 * 1024;

/** Arrays within arrays: a status has maps in a list in a map. */
export const replyDepthMax = 8;

/** Entries between two lines of progress: a few a second. */
export const progressEntries = 10_000;

assert(pollIntervalMs < connectTimeoutMs, "several looks fit into one attempt");
assert(connectTimeoutMs < leaderPatienceMs, "a dead node leaves time to ask another");

/** Milliseconds between two lines of progress of an import, export or backup: as fast as somebody reads. */
export const progressLineIntervalMs = 250;

/** Highest number of a database in Redis: a C int. */
export const databaseMax = 2 ** 31 - 1;
