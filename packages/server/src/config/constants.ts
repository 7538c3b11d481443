/** Limits of configuration: unit, reason, and how each relates to the others. */

export const mebibyte = 1024 * 1024;

/** Redis's bound for `loglevel`-like 32-bit options (timeout, tcp-keepalive). */
export const int32Max = 2_147_483_647;

export const portMin = 1;
export const portMax = 65_535;

/** Bytes. One value must fit one entry (80 MiB) together with the key and the effect's header. */
export const bulkBytesMax = 64 * mebibyte;
/** Bytes. Redis's lower bounds of proto-max-bulk-len and client-query-buffer-limit. */
export const bulkBytesMin = mebibyte;
export const queryBufferBytesMin = mebibyte;

/** Bytes. Room for a pipeline of several of the largest values, far from exhausting a small machine. */
export const queryBufferBytesDefault = 256 * mebibyte;

/** Bytes. Below this the fixed state of a node is larger than its data; tests use it too. */
export const maxmemoryBytesMin = 8 * mebibyte;
/** The default of maxmemory is the machine's memory over this: three nodes of `npm start` fit one machine. */
export const maxmemoryDefaultDivisor = 4;

/** Members. Every write goes to every peer; beyond nine the leader's network is the bottleneck. */
export const peersMax = 9;
/** Raft's `NodeId`. */
export const nodeIdMax = int32Max;

/** Percent. With half of the election timeout gone, leases are not worth having. */
export const clockDriftPercentMaxMax = 50;
/** Milliseconds. Longer than anybody waits for a leader that may be dead. */
export const busyLeaderMsMax = 300_000;

/** ms. Far above an entry's time: a follower that lacks more than that is of little use to those who fail over to it. */
export const reserveDelayMsMax = 1000;
/** Milliseconds. Lower: the timers of a busy event loop elect for no reason. Upper: an outage of minutes. */
export const electionTimeoutMsMin = 50;
export const electionTimeoutMsMax = 60_000;
export const heartbeatIntervalMsMin = 5;
export const heartbeatIntervalMsMax = 10_000;
/**
 * A follower campaigns after one to two election timeouts without a word. Five heartbeats fit the
 * shortest: four may be lost, or late by a garbage collection, without a needless election.
 */
export const heartbeatsPerElectionTimeoutMin = 5;

/** Redis's range of active-expire-effort. */
export const expireEffortMin = 1;
export const expireEffortMax = 10;

/**
 * Bytes of log that a start replays at most, and that a follower is sent again if need be: some seconds of either.
 * Below the least a node makes snapshots of next to nothing.
 */
export const logSnapshotBytesDefault = 256 * mebibyte;
export const logSnapshotBytesMin = 4096;
/** Entries that a start replays at most: 10 to 20 us each. */
export const logSnapshotEntriesDefault = 1_000_000;

/** Files. An include chain longer than this is a cycle. */
export const includeDepthMax = 16;

/** Bytes. A secret shorter than this can be guessed offline from one recorded handshake. */
export const peerSecretBytesMin = 16;

function assertRelations(): void {
  if (bulkBytesMin > bulkBytesMax) throw new RangeError("bulk range is empty");
  if (queryBufferBytesDefault < 2 * bulkBytesMax) {
    throw new RangeError("the default query buffer holds at least two of the largest values");
  }
  if (heartbeatIntervalMsMin * heartbeatsPerElectionTimeoutMin > electionTimeoutMsMin) {
    throw new RangeError("the smallest election timeout has a heartbeat interval that fits it");
  }
}
assertRelations();
