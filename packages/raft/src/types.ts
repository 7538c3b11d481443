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

/** A member as the configuration names it. A wiped node comes back under a higher incarnation. */
export interface Member {
  readonly id: NodeId;
  /** From 1; raised each time this id is reborn with an empty directory. */
  readonly incarnation: number;
  /** host:port other nodes reach its peer listener at. */
  readonly peerAddress: string;
}

/**
 * Who votes. `votersOutgoing` is non-empty only in a joint configuration, where both majorities are
 * needed, each counted alone (Raft section 6). Effective when appended, not when applied.
 */
export interface Configuration {
  readonly clusterId: string;
  readonly voters: readonly Member[];
  readonly votersOutgoing: readonly Member[];
  readonly learners: readonly Member[];
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
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term; for preVote the term it *would* campaign in (own term + 1). */
  readonly term: Term;
}

export interface VoteRequest extends Envelope {
  readonly type: typeof MessageType.preVote | typeof MessageType.vote;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
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

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse;

/**
 * What must become durable in ONE synced, atomic batch, in this order: the log is cut so that
 * `truncateFrom` and all behind it are gone (when not 0), `entries` are appended, the hard state is
 * replaced (when not null).
 */
export interface Persist {
  /** Raised by one with every Persist of this process. Handed back through `Raft.persisted`. */
  readonly sequence: number;
  readonly hardState: HardState | null;
  readonly truncateFrom: Index;
  readonly entries: readonly Entry[];
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

/** What storage found when it was opened. */
export interface InitialState {
  readonly hardState: HardState;
  /** Last durable index; 0 when the log is empty. */
  readonly lastIndex: Index;
  readonly lastChecksum: number;
  /** Run-length terms: [first index of the run, term], ascending, covering 1..lastIndex. */
  readonly termRuns: readonly (readonly [Index, Term])[];
  /** The latest configuration entry in the log and the one before it (effective if that is truncated), newest last. */
  readonly configurations: readonly {
    readonly index: Index;
    readonly configuration: Configuration;
  }[];
}
