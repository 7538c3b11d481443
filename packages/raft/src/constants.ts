/** Every limit of the consensus core: unit, reason, and how it relates to the others. */
import { assert } from "./assert.js";

const kib = 1024;
const mib = 1024 * kib;

/**
 * Payload bytes one append carries at most (an entry larger than this travels alone). Large enough to
 * amortise a message, small enough that a heartbeat behind it on the same link is not late.
 */
export const appendBytesMax = 1 * mib;

/** Appends with entries on their way to one peer. Covers the bandwidth-delay product of small batches. */
export const inflightAppendsMax = 64;

/** Payload bytes on their way to one peer: what a peer that stops reading may pin in transport queues. */
export const inflightBytesMax = 16 * mib;

/** Payload bytes handed out in one `Ready.committed`: bounds the turn in which they are applied. */
export const committedPageBytes = 1 * mib;

/**
 * Bytes of entries kept in memory although every replicating peer has them: what a peer that was away
 * for a moment, or a new leader's first probe, asks for without going to disk.
 */
export const recentEntriesBytesMax = 4 * mib;

/**
 * Bytes of flushed and applied entries that peers which do not have them yet may pin. Beyond it they
 * are dropped from memory and read back from the durable log (trap 20).
 */
export const pinnedEntriesBytesMax = 32 * mib;

/** What an entry costs in memory besides its payload, in bytes: object, view and array slot (measured on Node 20: 150-190). */
export const entryOverheadBytes = 192;

/**
 * Election timeouts without a completed sync after which a leader with something to sync steps down:
 * its heartbeats go on, but nothing it executes can ever be sealed (trap 39). Many, because a sync of
 * the largest entry takes seconds on an ordinary disk, and an election may meet no better ones.
 */
export const storageStallElectionTimeouts = 10;

/** Members in one list of a configuration. Far above sense, low enough that a damaged count is refused. */
export const configurationMembersMax = 64;

/** Characters of a cluster id or peer address: a DNS name (253) with a port fits. */
export const configurationTextMax = 300;

/** Member ids fit a signed 32-bit integer: the wire's and the log's field width. */
export const nodeIdMax = 2 ** 31 - 1;

assert(appendBytesMax <= inflightBytesMax, "one append must fit the in-flight window");
assert(storageStallElectionTimeouts >= 2, "an ordinary sync may outlast an election timeout");
assert(inflightAppendsMax >= 1, "replication needs a window");
assert(inflightBytesMax <= pinnedEntriesBytesMax, "the window must be servable from memory");
assert(
  recentEntriesBytesMax <= pinnedEntriesBytesMax,
  "the recent window is part of the pinned bytes",
);

/** Heartbeat intervals. How long a process that stood still reads before it judges its peers: a round trip. */
export const stallGraceIntervals = 2;

/** Percent. By how much two monotonic clocks may drift apart: far above what crystals and NTP slewing do. */
export const clockDriftPercentMaxDefault = 10;

/** The first number of a forwarded read is drawn below this: two lives of a process do not meet in it. */
export const firstReadContextMax = 2 ** 40;

/** Forwarded reads that wait for a round on the leader. Each is some 100 bytes; beyond it askers repeat. */
export const forwardedReadsMax = 4096;

/**
 * Election timeouts for which a member that was removed is still sent the log, so that it learns of it and
 * leaves quietly instead of asking for votes nobody gives.
 */
export const farewellElectionTimeouts = 4;

/** Election timeouts a witness waits longer than a data node before it campaigns: it is the last resort. */
export const witnessPatienceElectionTimeouts = 2;

/** Milliseconds. An hour: far above sense; fits the configuration's field. */
export const electionTimeoutMsMax = 3_600_000;

/**
 * Entries a member may lack of the leader's log and still count as caught up: what a busy leader appends in a
 * round trip or two. The joint configuration that follows commits only once a majority has them all, so this
 * bounds waiting, not safety.
 */
export const caughtUpEntriesMax = 256;

/**
 * Bytes one snapshot chunk carries. Small enough that a heartbeat behind it on the same link is not late, large
 * enough that its envelope does not matter.
 */
export const snapshotChunkBytes = 256 * kib;

/** Chunks of a snapshot on their way to one peer: a round trip's worth, and little for a queue to hold. */
export const snapshotWindowChunks = 4;

/**
 * Bytes of a snapshot that one peer is sent per heartbeat interval: at 100 ms 80 MiB/s, below what a disk
 * takes, so that the log goes on beside it.
 */
export const snapshotIntervalBytesMax = 8 * mib;

/**
 * A receiver that had a snapshot whole so often, and could not use it, is not waited for any more: the log would be kept
 * for it until the disk is full.
 */
export const snapshotRefusalsMax = 3;

/**
 * How long a receiver that has a snapshot whole may be silent, ms and bytes in a second: where two states do not fit,
 * it drops the old one and takes no part until the new one is read. Were the log trimmed meanwhile, it would need the
 * next snapshot, and drop that state, too (trap 21). A multiple of what reading takes, and no more of the log than
 * is written in that time.
 */
export const snapshotReadingMsMin = 10_000;
export const snapshotReadingBytesPerSecondMin = 16 * mib;

/**
 * How long, ms, a receiver that is heard may get no further, besides what reading takes: one whose disk hangs answers
 * heartbeats for ever, and the log would be kept for it until the disk is full (trap 39). Many times what a busy disk
 * needs for what is on its way.
 */
export const snapshotStallMsMax = 120_000;

assert(snapshotReadingMsMin < snapshotStallMsMax, "who is heard is waited for longer");
assert(
  snapshotWindowChunks * snapshotChunkBytes <= snapshotIntervalBytesMax,
  "an interval carries at least a window",
);
