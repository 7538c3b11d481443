/**
 * What one node needs from the world. Production adapters: server (clock, host), level-log, grpc-peer.
 * The simulator is another set. Each port has a suite in test/contract that every adapter passes.
 */

import type { CommandRow } from "@redoubt/commands";
import type {
  Entry,
  Index,
  InitialState,
  LogReader,
  Message,
  NodeId,
  Persist,
  SnapshotChunk,
  SnapshotDescription,
  SnapshotReader,
  Term,
} from "@redoubt/raft";
import type { Session } from "./session.js";

/** Time. The only source of it in raft, keyspace, commands and replica. */
export interface Clock {
  /** Milliseconds, never goes back, origin arbitrary, fractional allowed. A fresh sample at every call. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch, integer. May jump. A fresh sample at every call. */
  wallMs(): number;
}

/** Uniform random number in [0, 1). Seeded in the simulator. */
export interface Random {
  next(): number;
}

/**
 * Runs the node's turns. The replica asks, the host calls `Replica.turn()`, never from inside a call
 * of these methods.
 */
export interface Scheduler {
  /** Call turn() soon (setImmediate). Several asks before the turn are one. */
  wake(): void;
  /**
   * The same, and before sockets are looked at that have not been read yet, unless a deadline is due. For what nobody
   * could add to.
   */
  wakeNow(): void;
  /** Call turn() when the monotonic clock reaches `deadlineMs`; replaces the earlier ask. Infinity: no timer. */
  wakeAt(deadlineMs: number): void;
}

/**
 * The durable log of one node (design: "The durable log"). Opened by the host; `initial` is what it found.
 * A failed write or sync is fatal: the adapter calls `onFatal` given at opening and completes nothing more.
 */
export interface DurableLog extends LogReader {
  readonly initial: InitialState;
  /**
   * Makes `persist` durable in one synced atomic batch, then calls `done` (never synchronously).
   * Calls may overlap: they complete in order of the calls; everything handed over while a batch is in
   * flight is collected into the next one (group commit). The entries' payloads are not copied and must
   * not be mutated by anyone. `sendsFirst`: what was just handed to the transport may leave before the write begins.
   */
  persist(persist: Persist, done: () => void, sendsFirst?: boolean): void;
  readEntries(first: Index, last: Index, bytesMax: number): Entry[];
  /** Waits for what is in flight, then closes. No call may follow. */
  close(): Promise<void>;
}

/**
 * This node's snapshots: those it makes, and those it is sent. It keeps the one that the durable log begins
 * from, every newer one that was verified, since it may be about to be installed (trap 50), and those that peers
 * are being sent (`Replica.snapshotsSent`, trap 21).
 */
export interface SnapshotStore extends SnapshotReader {
  /** Bytes of a snapshot that is on its way here, in order; offset 0 begins anew and drops a half received one. */
  write(chunk: SnapshotChunk): void;
  /** More has come than the disk has taken: chunks get lost until it has, and their sender goes on from there. */
  readonly isBehind?: boolean;
  /** All its bytes were written: makes it durable, compares it with its digest. Never answers synchronously. */
  verify(snapshot: SnapshotDescription, done: (ok: boolean) => void): void;
  /** The bytes of a durable snapshot, an RDB. Synchronous; the caller closes it. */
  open(snapshot: SnapshotDescription): SnapshotSource;
}

/** A snapshot's bytes from the first to the last. */
export interface SnapshotSource {
  /**
   * Fills `target` from its start and returns how many bytes came; 0: that was all, and they were those described.
   * Throws LOG_DAMAGED when they were not.
   */
  read(target: Buffer): number;
  close(): void;
}

/** A node's digest of its state behind one entry, told to another that has state. */
export interface AuditReport {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's, and the receiver's as the sender knows it. */
  readonly incarnation: number;
  readonly toIncarnation: number;
  /** Of the entry. */
  readonly index: Index;
  readonly term: Term;
  /** What the digest is made of: others are not compared. */
  readonly format: number;
  /** 16 hex digits. */
  readonly digest: string;
}

/** Messages between nodes. Loss, duplication and reordering are allowed, corruption is not. */
export interface PeerTransport {
  /**
   * Takes the message and returns at once; never throws. Order is kept per peer and kind of stream while
   * the link stands. Dropped when there is no link or its bounded queue is full.
   */
  send(message: Message): void;
  /** As `send`, beside Raft: its loss is nobody's business, and makes no peer unreachable. */
  sendAudit(report: AuditReport): void;
}

/** What a transport calls. `Replica` implements it. */
export interface PeerEvents {
  receive(message: Message): void;
  /** Its sender is who it says, of that incarnation. */
  receiveAudit(report: AuditReport): void;
  /** The link to `peer` broke, or messages to it were dropped: raft must probe again. */
  unreachable(peer: NodeId): void;
}

/**
 * Where a connection's bytes go. Implemented by the gateway over a socket; by the simulator over a list.
 */
export interface ClientSink {
  /** Releasable reply bytes, in order. Ownership passes to the sink; the bytes are not changed any more. */
  write(chunks: readonly Uint8Array[]): void;
  /** No more replies will come: send what was written, then close. */
  end(): void;
  /**
   * In the middle of a turn: a message was appended for a subscriber, or a reply grows, and `bytes` are held besides
   * what the sink has. True: that is more than it may have; the sink closes it soon, and it is told nothing any
   * more. Absent: never.
   */
  overflows?(bytes: number): boolean;
  /** Back-pressure: stop (true) or go on (false) feeding requests of this connection. */
  pause(paused: boolean): void;
}

/**
 * Runs the rows with executor "host" (connection and server commands), in the turn, synchronously, on
 * any role; writes exactly one reply to `session.reply` (CLIENT REPLY OFF and SKIP: none). Rows of
 * visibility "wholeKeyspace" are held back by the replica until what they tell of is committed.
 * A row that can't be answered yet sets `session.hostWaits` instead: it is executed again in the turns that follow,
 * and whoever ends what it waits for wakes the scheduler. Not inside MULTI.
 */
export interface Host {
  execute(row: CommandRow, session: Session, argv: readonly Buffer[]): void;
  /** False while a password is required and not given. */
  initiallyAuthenticated(): boolean;
  /** RESET: forget what the host keeps of this connection (its name). */
  reset(session: Session): void;
}

/** For MOVED: where clients reach a node. */
export interface NodeDirectory {
  /** null: not known yet. `session`: a wildcard bind answers with the address that client connected to. */
  clientAddress(id: NodeId, session: Session): { host: string; port: number } | null;
}

/** Memory the replica does not see itself (socket and query buffers), in bytes. */
export interface MemoryProbe {
  outsideBytes(): number;
}

/** Structured log lines. `event` is a stable, constant text; details are fields. */
export interface Logger {
  debug(fields: object, event: string): void;
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
  error(fields: object, event: string): void;
}

export interface ReplicaPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: DurableLog;
  /** Absent: the log is kept as a whole, and no snapshot is taken from a leader. */
  readonly snapshots?: SnapshotStore;
  readonly transport: PeerTransport;
  readonly memory: MemoryProbe;
  readonly logger: Logger;
  readonly host: Host;
  readonly directory: NodeDirectory;
  /** For tests and metrics: told of every step of an entry's life on this node. Must not throw. */
  readonly observer?: EntryObserver;
  /** For metrics: told what a turn is about to do. Must not throw. */
  readonly turnParts?: TurnParts;
}

/**
 * What a turn does, in its order; `log` and `apply` may come twice. `peers`: what they said, and what comes first in every
 * turn. `log`: sending and persisting. `upkeep`: expiry, audits, sealing. `messages`: to subscribers. `state`: a snapshot's,
 * read in slices.
 */
export type TurnPart =
  | "peers"
  | "log"
  | "apply"
  | "commands"
  | "upkeep"
  | "messages"
  | "state"
  | "replies";

export interface TurnParts {
  /** What goes before it has ended. A part that has no work mostly does not begin. */
  partBegins(part: TurnPart): void;
}

/** The life of an entry on one node. Called in the turn, after the state has changed. */
export interface EntryObserver {
  /** Leader: the batch is executed and proposed. */
  sealed(index: Index, term: Term): void;
  /** Its effects are in the state and can't be undone any more. */
  applied(entry: Entry): void;
  /** The state is this snapshot's. */
  installed?(snapshot: SnapshotDescription): void;
  /** Leadership of `term` was lost; the state is that of `applied` again. */
  rolledBack(term: Term, applied: Index): void;
  /** End of a turn: pointers were asserted. */
  turnEnded(): void;
}
