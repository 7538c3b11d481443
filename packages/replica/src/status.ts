/** A node's state in one plain value: for INFO, ROLE, CLUSTER and metrics. */

import { stateDigest } from "@redoubt/keyspace";
import type { Configuration, Index, NodeId, Raft, Role, Term } from "@redoubt/raft";
import type { Speculation } from "./speculation.js";

export interface ReplicaStatus {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly role: Role;
  /** Leader whose own no-op is applied: it executes commands. */
  readonly serving: boolean;
  /** Entries of before the restart are still being applied: no local reads. */
  readonly loading: boolean;
  /** 0: unknown. */
  readonly leader: NodeId;
  readonly term: Term;
  readonly commit: Index;
  readonly applied: Index;
  readonly executed: Index;
  readonly appended: Index;
  readonly flushed: Index;
  readonly logTimeMs: number;
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
  /** First entry of the log; what is before it is in the snapshot. */
  readonly firstIndex: Index;
  /** Index of the newest snapshot; 0: none. */
  readonly snapshotIndex: Index;
  readonly memory: {
    readonly keyspaceBytes: number;
    readonly undoBytes: number;
    readonly logBytes: number;
    /** All of these and buffers: what is held against maxmemory. */
    readonly usedBytes: number;
  };
  readonly counters: {
    readonly commandsExecuted: number;
    readonly expiredKeys: number;
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

export function nodeStateDigest(speculation: Speculation): string {
  return stateDigest(speculation.keyspace);
}
