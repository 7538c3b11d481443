/**
 * The words of the consensus core: what goes in, what comes out.
 *
 * Everything here is plain data. Times are milliseconds of a monotonic clock the host supplies;
 * indexes and terms are safe integers (asserted <= 2^53 - 1), never bigint.
 */

/** Position in the log, from 1. 0 means "before the first entry". */
export type Index = number;
/** Raft term, from 1. 0 means "no term seen yet". */
export type Term = number;
/** A member's id: an integer from 1 to 2^31 - 1. 0 means "nobody". */
export type NodeId = number;

/** Persisted numbers: append-only, frozen by a test. */
export const EntryKind = { noop: 0, batch: 1, configuration: 2 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/**
 * One log entry. `checksum` is CRC-32C over (index, term, kind, previous entry's checksum, payload):
 * a chain, computed once by the leader that created the entry, verified by every node that receives
 * or reads it. Immutable once created; `payload` is never mutated by anyone.
 */
export interface Entry {
  readonly index: Index;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly checksum: number;
  readonly payload: Uint8Array;
}

/** Raft's persistent state besides the log (Raft, figure 2). `vote` is 0 when no vote was cast in `term`. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId;
}

/**
 * A member as the configuration names it. (id, incarnation) is the node as Raft's proofs know it: a wiped
 * node comes back under a higher incarnation, and is another node (trap 17).
 */
export interface Member {
  readonly id: NodeId;
  /**
   * 1 for those a cluster is born with; else the index of the entry that first named it. So no two nodes
   * of one cluster's history ever share (id, incarnation).
   */
  readonly incarnation: number;
  /** host:port other nodes reach its peer listener at. */
  readonly peerAddress: string;
  /** Votes, persists and acknowledges, holds no keyspace. Absent: a data node. */
  readonly witness?: true;
  /** A learner that the leader makes a voter once it has caught up. Absent on voters. */
  readonly promote?: true;
}

/** What leases rest on: the same on every member (design, section 6). */
export interface Timing {
  readonly electionTimeoutMs: number;
  /** By how much two monotonic clocks may drift apart, in percent of the time that passes. */
  readonly clockDriftPercentMax: number;
}

/**
 * Who votes. `votersOutgoing` is non-empty only in a joint configuration, where both majorities are
 * needed, each counted alone (Raft section 6). Effective when appended, not when applied.
 *
 * One id may stand in two lists with two incarnations: a learner that is to replace the voter of the same
 * id, and, in the joint configuration that does it, a voter beside its outgoing predecessor. The higher
 * incarnation is the living one.
 */
export interface Configuration {
  readonly clusterId: string;
  readonly voters: readonly Member[];
  readonly votersOutgoing: readonly Member[];
  readonly learners: readonly Member[];
  /** Absent in configurations of format version 1. */
  readonly timing?: Timing;
}

/** A configuration and the index of the entry that holds it. */
export interface IndexedConfiguration {
  readonly index: Index;
  readonly configuration: Configuration;
}

/**
 * A snapshot: the state after `index`, and everything Raft needs to go on behind it. The bytes are opaque to
 * the core; it moves them from node to node and says when they count.
 */
export interface SnapshotDescription {
  readonly index: Index;
  readonly term: Term;
  /** Chain checksum of entry `index`: the anchor of a log that begins behind it. */
  readonly checksum: number;
  /** In force at `index`, with its own index: membership survives trimming (trap 23). */
  readonly configuration: IndexedConfiguration;
  readonly bytes: number;
  /** CRC-32 of all its bytes, as zlib has it: native, and fast enough for a file of gigabytes. */
  readonly digest: number;
}

export type Role = "follower" | "preCandidate" | "candidate" | "leader";

export const MessageType = {
  preVote: 1,
  preVoteResponse: 2,
  vote: 3,
  voteResponse: 4,
  append: 5,
  appendResponse: 6,
  heartbeat: 7,
  heartbeatResponse: 8,
  timeoutNow: 9,
  readIndex: 10,
  readIndexResponse: 11,
  snapshotChunk: 12,
  snapshotResponse: 13,
  transferRequest: 14,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term; for preVote the term it *would* campaign in (own term + 1). */
  readonly term: Term;
  /** The sender's own. What another incarnation than the configuration's says is not counted. */
  readonly incarnation: number;
  /** The receiver's, as the sender knows it; 0: whatever it is. Another one drops the message. */
  readonly toIncarnation: number;
}

export interface VoteRequest extends Envelope {
  readonly type: typeof MessageType.preVote | typeof MessageType.vote;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  /** Sent by leave of the leader (TimeoutNow), which gave up its lease: stickiness does not hold (thesis, 4.2.3). */
  readonly transfer: boolean;
}

export interface VoteResponse extends Envelope {
  readonly type: typeof MessageType.preVoteResponse | typeof MessageType.voteResponse;
  readonly granted: boolean;
}

export interface AppendRequest extends Envelope {
  readonly type: typeof MessageType.append;
  readonly prevIndex: Index;
  readonly prevTerm: Term;
  readonly commit: Index;
  /** Contiguous from prevIndex + 1. Empty: a probe. */
  readonly entries: readonly Entry[];
}

export interface AppendResponse extends Envelope {
  readonly type: typeof MessageType.appendResponse;
  /** When rejected: prevIndex of the refused request. Otherwise the last index that is durable and matches. */
  readonly index: Index;
  readonly rejected: boolean;
  /** When rejected: where the follower suggests to go on: its largest (index, term) that can match. */
  readonly hintIndex: Index;
  readonly hintTerm: Term;
}

export interface HeartbeatRequest extends Envelope {
  readonly type: typeof MessageType.heartbeat;
  /** min(leader's commit, what the receiver is known to hold). */
  readonly commit: Index;
  /** Number of the newest confirmation round begun (Raft 6.4); 0 when none. Monotone within a term. */
  readonly readRound: number;
}

export interface HeartbeatResponse extends Envelope {
  readonly type: typeof MessageType.heartbeatResponse;
  /** Echo of the request. */
  readonly readRound: number;
}

/** Leader to the target of a transfer: campaign now (thesis, 3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: typeof MessageType.timeoutNow;
}

/** Follower to leader: make me the leader. Nothing is answered. */
export interface TransferRequest extends Envelope {
  readonly type: typeof MessageType.transferRequest;
}

/** Follower to leader: which index must I have applied to answer a read that has arrived? */
export interface ReadIndexRequest extends Envelope {
  readonly type: typeof MessageType.readIndex;
  /** The follower's own number for it, from 1. */
  readonly context: number;
}

export interface ReadIndexResponse extends Envelope {
  readonly type: typeof MessageType.readIndexResponse;
  readonly context: number;
  /** Commit index at some moment after the request arrived, at which the sender led. */
  readonly index: Index;
}

export interface SnapshotChunk extends Envelope {
  readonly type: typeof MessageType.snapshotChunk;
  readonly snapshot: SnapshotDescription;
  readonly offset: number;
  /** Bytes offset.. of the snapshot; empty: a question how far the receiver has come. */
  readonly data: Uint8Array;
}

export interface SnapshotResponse extends Envelope {
  readonly type: typeof MessageType.snapshotResponse;
  /** Of the snapshot it speaks of. */
  readonly index: Index;
  /** Bytes the receiver has, from the start without a gap. */
  readonly offset: number;
  /** It is installed, or the receiver's log holds `index` anyway: go on with entries behind `index`. */
  readonly installed: boolean;
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | TimeoutNow
  | TransferRequest
  | ReadIndexRequest
  | ReadIndexResponse
  | SnapshotChunk
  | SnapshotResponse;

/**
 * What must become durable in ONE synced, atomic batch, in this order: the log becomes empty behind the
 * anchor of `install` (when given), is cut so that `truncateFrom` and all behind it are gone (when not 0),
 * `entries` are appended, the hard state is replaced (when not null), entries up to `trimTo` are dropped.
 */
export interface Persist {
  /** Raised by one with every Persist of this process. Handed back through `Raft.persisted`. */
  readonly sequence: number;
  readonly hardState: HardState | null;
  readonly truncateFrom: Index;
  readonly entries: readonly Entry[];
  /** A verified snapshot takes the place of the whole log; it is the snapshot a restart begins from. */
  readonly install?: SnapshotDescription;
  /** Entries up to this one are covered by a durable snapshot and may go; absent: none. */
  readonly trimTo?: Index;
}

/**
 * What the core wants done, in the order it must be done:
 * 1. Compare `role`/`term` with what is being led: when leadership of the speculated term is gone, roll
 *    back first, before anything else of this Ready (trap 49).
 * 2. `messages` may leave at once, before anything is durable.
 * 3. `persist` is handed to storage; storage completes Persists in order.
 * 4. `promises` (votes, acknowledgements, everything that carries a new term) leave only when every
 *    Persist handed out so far, this one included, is durable. Nothing outstanding: at once.
 * 5. `committed` is applied in order; it is durable here too. Paged: when more is committed than fits,
 *    `hasReady()` stays true.
 * 6. `confirmedRound`: all read rounds up to it are confirmed (leader only; monotone within a term).
 * 7. `chunks` are handed to the snapshot store in order. `verify`: all bytes of this snapshot have been
 *    handed over; the store makes them durable, checks them and reports through `Raft.snapshotVerified`.
 * 8. `installed`: the state is replaced by this snapshot's, before `committed` of the same Ready is applied.
 */
export interface Ready {
  readonly role: Role;
  readonly term: Term;
  /** 0: unknown. */
  readonly leader: NodeId;
  readonly messages: readonly Message[];
  readonly persist: Persist | null;
  readonly promises: readonly Message[];
  readonly committed: readonly Entry[];
  /** Raft's commit index. `committed` may lag behind it by paging, and by our own disk. */
  readonly commit: Index;
  readonly confirmedRound: number;
  readonly chunks: readonly SnapshotChunk[];
  readonly verify: SnapshotDescription | null;
  /** Durable: its Persist has been reported. */
  readonly installed: SnapshotDescription | null;
  /** Forwarded reads that may be answered once `applied` has reached `index`. */
  readonly readIndexes: readonly { readonly context: number; readonly index: Index }[];
}

/** Random access to the durable log, for entries the core no longer holds in memory. Synchronous. */
export interface LogReader {
  /**
   * Entries first..last inclusive, contiguous, verified (checksum chain), at least one, stopping before
   * the total payload exceeds `bytesMax`. Throws LOG_DAMAGED when an entry is missing or does not verify:
   * the process must stop. Only asked for indexes that were reported persisted.
   */
  readEntries(first: Index, last: Index, bytesMax: number): Entry[];
}

/** Snapshots a leader can send. Synchronous; only asked for what `newest` described. */
export interface SnapshotReader {
  /** The newest complete, verified, durable one, or null. */
  newest(): SnapshotDescription | null;
  /** At least one byte, at most `bytesMax`, from `offset`; null: that snapshot is gone, ask for the newest. */
  read(snapshot: SnapshotDescription, offset: number, bytesMax: number): Uint8Array | null;
}

/** What storage found when it was opened. */
export interface InitialState {
  readonly hardState: HardState;
  /** What the log begins behind, when it was trimmed or a snapshot was installed; absent: index 0. */
  readonly anchor?: { readonly index: Index; readonly term: Term; readonly checksum: number };
  /** The snapshot a restart begins from: anchor.index <= snapshot.index <= lastIndex. Absent: none. */
  readonly snapshot?: SnapshotDescription;
  /** Last durable index; the anchor's when the log is empty. */
  readonly lastIndex: Index;
  readonly lastChecksum: number;
  /** Run-length terms: [first index of the run, term], ascending, covering anchor.index + 1..lastIndex. */
  readonly termRuns: readonly (readonly [Index, Term])[];
  /**
   * The latest configuration entry in the log and the one before it (effective if that is truncated), newest
   * last. Those that were trimmed are the snapshot's to remember, and come from there.
   */
  readonly configurations: readonly IndexedConfiguration[];
}
