/** Limits of making snapshots: unit, reason, and how each relates to the others. */

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Bytes of one read of a snapshot's file. */
export const readBytes = 256 * kibibyte;

/**
 * Bytes. What is written is synced in portions: a file system that flushes a whole snapshot in one go makes the log's
 * own syncs, and with them every client, wait for it (Redis: rdb-save-incremental-fsync, REDIS_AUTOSYNC_BYTES).
 */
export const syncBytes = 4 * mebibyte;

/**
 * Bytes of the disk that no snapshot takes, and the share of a small one. A log that can't be written stops the node,
 * a snapshot that can't be made does not: the last of the space is the log's.
 */
export const sparedBytesMax = 64 * mebibyte;
export const sparedShare = 1 / 16;

/**
 * How much nicer the thread is than its process: below the event loops of this machine, which clients wait for, and above
 * nothing. A tenth of a core's weight where cores are contended, a whole core where they are not.
 */
export const threadNiceness = 10;

/** Linux knows no nicer thread. */
export const threadNicenessMax = 19;

/**
 * MiB of the thread's heap for what is new. What it copies is in no heap, what it holds stays: with V8's own size the
 * thread grows the process by 67 instead of 37 MB, for 300 000 keys of which a tenth changed, and is no faster.
 */
export const youngMebibytes = 12;

/** Ms between two looks at what is due (Redis: serverCron at the default of hz). */
export const lookMs = 100;

/** Ms. After a failure the next attempt waits, twice as long after each that follows (Redis: CONFIG_BGSAVE_RETRY_DELAY). */
export const retryMsMin = 5000;
export const retryMsMax = 300_000;

/**
 * Nodes do not make snapshots at the same time: each waits for its turn, by id, the leader last, by a little more
 * than the last one took. Ms, the least and the most.
 */
export const turnMsMin = 1000;
export const turnMsMax = 60_000;
export const turnShare = 1.5;

/** Bytes of entries that stay in the log behind a snapshot, at most: large ones must not fill the disk. */
export const trailingBytesMax = 64 * mebibyte;

/** Ms. How long a thread that was told to stop may take before it is ended. */
export const stopMsMax = 5000;

function assertRelations(): void {
  if (threadNiceness > threadNicenessMax) throw new RangeError("a niceness that there is");
  if (syncBytes % readBytes !== 0) throw new RangeError("a synced portion is whole blocks");
  if (lookMs >= turnMsMin) throw new RangeError("turns are told apart");
  if (retryMsMin > retryMsMax || turnMsMin > turnMsMax)
    throw new RangeError("ranges are not empty");
}
assertRelations();
