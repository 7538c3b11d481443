/** A node's state in one plain value: for INFO, ROLE, CLUSTER and metrics. */

import { stateDigest } from "@redoubt/keyspace";
import type { Configuration, Index, NodeId, Raft, Role, Term } from "@redoubt/raft";
import type { ActiveExpiry } from "./active-expiry.js";
import type { Route } from "./dispatcher.js";
import type { Driver } from "./driver.js";
import type { SnapshotStore } from "./ports.js";
import type { PubSub } from "./pub-sub.js";
import type { ReplyGate } from "./reply-gate.js";
import type { Sealer } from "./sealer.js";
import type { Speculation } from "./speculation.js";
import type { WallClockJumps } from "./wall-clock-jumps.js";

/** What the newest audit of this node found. */
export interface AuditStatus {
  /** Of the last entry this node has told its digest of; 0: none since its start. */
  readonly index: Index;
  /** 16 hex digits; "": none. */
  readonly digest: string;
  /** ok: most data members hold it, and nobody another; unknown: too few were heard of. */
  readonly verdict: "ok" | "differs" | "unknown";
  /** Since the start of the process: digests told, and check indexes at which two members differed. */
  readonly done: number;
  readonly mismatches: number;
  /** A walk over the keyspace goes on. */
  readonly underWay: boolean;
}

export interface LoadStatus {
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly totalBytes: number;
  readonly loadedBytes: number;
  /** Estimate of what is read so far. */
  readonly memoryBytes: number;
  /** Nobody is served meanwhile: this node has no other state. */
  readonly alone: boolean;
}

export interface ReplicaStatus {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly role: Role;
  /** Leader whose own no-op is applied: it executes commands. */
  readonly serving: boolean;
  /** The state of before the restart is not there yet: no local reads. */
  readonly loading: boolean;
  /** A snapshot's state that is being read, at the start or for an install; null: none. */
  readonly load: LoadStatus | null;
  /** 0: unknown. */
  readonly leader: NodeId;
  readonly term: Term;
  readonly commit: Index;
  readonly applied: Index;
  readonly executed: Index;
  readonly appended: Index;
  readonly flushed: Index;
  readonly logTimeMs: number;
  /** Jumps of this node's wall clock since its process started. */
  readonly wallClock: {
    readonly jumps: number;
    /** Negative: back. 0: there was none. */
    readonly lastJumpMs: number;
    /** Milliseconds since the Unix epoch, by the clock as it was then; 0: never. */
    readonly lastJumpSeenAtMs: number;
  };
  /** Leader's view of the members, itself included; empty on a follower. */
  readonly peers: ReturnType<Raft["progress"]>;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  /** A log-only voter: it holds no keyspace. */
  readonly witness: boolean;
  readonly leaderIsWitness: boolean;
  /** A committed configuration does not name this node any more. */
  readonly removed: boolean;
  /** Leadership is on its way to another: nothing is admitted. */
  readonly transferring: boolean;
  /** How long reads need no round, in ms; 0: no lease. */
  readonly leaseRemainingMs: number;
  readonly uncommittedBytes: number;
  /** What is executed and not committed; zeros on a follower. */
  readonly inFlight: {
    /** Payload, that of the open batch included. */
    readonly bytes: number;
    /** Sealed batches. */
    readonly batches: number;
    /** A leader that executes nothing new: its window is full, or it hands over. */
    readonly full: boolean;
  };
  /** First entry of the log; what is before it is in the snapshot. */
  readonly firstIndex: Index;
  /** Index of the newest snapshot; 0: none. */
  readonly snapshotIndex: Index;
  readonly audit: AuditStatus;
  readonly memory: {
    readonly keyspaceBytes: number;
    readonly undoBytes: number;
    readonly logBytes: number;
    /** All of these and buffers: what is held against maxmemory. */
    readonly usedBytes: number;
  };
  readonly counters: {
    readonly commandsExecuted: number;
    /** Of the log, since the start of the process: effects, and bytes of entries. */
    readonly appliedEffects: number;
    readonly appliedBytes: number;
    /** Of the last snapshot that was read as this node's state. */
    readonly loadedKeys: number;
    /** Deleted on this node because their time was over, on access or by the active cycle. */
    readonly expiredKeys: number;
    /** 0 to 1: an estimate, by the active cycle's late samples. */
    readonly expiredStaleShare: number;
    /** Active cycles that ended because their time was used up. */
    readonly expiredTimeCapReached: number;
    readonly sessions: number;
    readonly waitingSessions: number;
    readonly parkedSessions: number;
    /** Waiting for a key. */
    readonly blockedSessions: number;
    /** Keys about which nothing may be told yet. */
    readonly hazards: number;
    /** What clients of this node listen to. */
    readonly channels: number;
    readonly patterns: number;
    readonly shardChannels: number;
  };
}

/** What a status is made of. */
interface StatusParts {
  readonly raft: Raft;
  readonly speculation: Speculation;
  readonly route: Route;
  readonly driver: Driver;
  readonly snapshots: SnapshotStore | undefined;
  readonly gate: ReplyGate;
  readonly pubSub: PubSub;
  readonly usedMemoryBytes: number;
  readonly commandsExecuted: number;
  readonly sealer: Sealer;
  readonly expiry: ActiveExpiry;
  readonly clockJumps: WallClockJumps;
  readonly sessions: number;
  readonly parkedSessions: number;
  readonly blockedSessions: number;
  readonly audit: AuditStatus;
}

export function statusOf(parts: StatusParts): ReplicaStatus {
  const { raft, speculation, route, pubSub } = parts;
  return {
    id: route.self,
    incarnation: raft.incarnation,
    role: raft.role,
    serving: route.serving,
    loading: route.loading || !route.caughtUp,
    load: loadStatus(parts.driver),
    leader: raft.leader,
    term: raft.term,
    commit: raft.commit,
    applied: speculation.applied,
    executed: speculation.executed,
    appended: raft.lastIndex,
    flushed: raft.flushed,
    logTimeMs: speculation.keyspace.logTimeMs,
    wallClock: {
      jumps: parts.clockJumps.count,
      lastJumpMs: parts.clockJumps.lastMs,
      lastJumpSeenAtMs: parts.clockJumps.lastSeenAtMs,
    },
    peers: raft.progress(),
    configuration: raft.configuration,
    configurationIndex: raft.configurationIndex,
    witness: route.isWitness,
    leaderIsWitness: route.leaderIsWitness,
    removed: raft.isRemoved,
    transferring: raft.transferring,
    leaseRemainingMs: Math.max(0, raft.leaseUntilMs() - route.nowMs),
    uncommittedBytes: raft.uncommittedBytes,
    inFlight: {
      bytes: speculation.leading ? parts.sealer.inFlightBytes : 0,
      batches: speculation.sealedCount,
      full: speculation.leading && !parts.sealer.admitting,
    },
    firstIndex: raft.anchorIndex + 1,
    snapshotIndex: parts.snapshots?.newest()?.index ?? 0,
    audit: parts.audit,
    memory: {
      keyspaceBytes: speculation.keyspace.memoryBytes,
      undoBytes: speculation.journal.memoryBytes,
      logBytes: raft.memoryBytes,
      usedBytes: parts.usedMemoryBytes,
    },
    counters: {
      commandsExecuted: parts.commandsExecuted,
      appliedEffects: parts.driver.appliedEffects,
      appliedBytes: parts.driver.appliedBytes,
      loadedKeys: parts.driver.loadedKeys,
      expiredKeys: speculation.txn.expiredKeys,
      expiredStaleShare: parts.expiry.staleShare,
      expiredTimeCapReached: parts.expiry.timeCapReached,
      sessions: parts.sessions,
      waitingSessions: parts.gate.waitingSessions,
      parkedSessions: parts.parkedSessions,
      blockedSessions: parts.blockedSessions,
      hazards: speculation.hazardCount,
      channels: pubSub.count("channel"),
      patterns: pubSub.count("pattern"),
      shardChannels: pubSub.count("shard"),
    },
  };
}

function loadStatus({ load, loading }: Driver): LoadStatus | null {
  if (load === null) return null;
  return {
    startedAtMs: load.startedAtMs,
    totalBytes: load.snapshot.bytes,
    loadedBytes: load.bytesRead,
    memoryBytes: load.keyspace.memoryBytes,
    alone: loading,
  };
}

export function nodeStateDigest(speculation: Speculation): string {
  return stateDigest(speculation.keyspace);
}
