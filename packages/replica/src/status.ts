/** A node's state in one plain value: for INFO, ROLE, CLUSTER and metrics. */

import { stateDigest } from "@redoubt/keyspace";
import type { Configuration, Index, NodeId, Raft, Role, Term } from "@redoubt/raft";
import type { Speculation } from "./speculation.js";

export interface ReplicaStatus {
  readonly id: NodeId;
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
  /** Leader's view of the voters, itself included; empty on a follower. */
  readonly peers: ReturnType<Raft["progress"]>;
  readonly configuration: Configuration;
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
    /** Keys about which nothing may be told yet. */
    readonly hazards: number;
  };
}

export function nodeStateDigest(speculation: Speculation): string {
  return stateDigest(speculation.keyspace);
}
