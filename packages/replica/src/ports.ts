/**
 * What one node needs from the world. Production adapters: server (clock, host), level-log, grpc-peer.
 * The simulator is another set. Each port has a suite in test/contract that every adapter passes.
 */

import type { Entry, Index, InitialState, LogReader, Message, NodeId, Persist } from "@redoubt/raft";

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
   * not be mutated by anyone.
   */
  persist(persist: Persist, done: () => void): void;
  readEntries(first: Index, last: Index, bytesMax: number): Entry[];
  /** Waits for what is in flight, then closes. No call may follow. */
  close(): Promise<void>;
}

/** Messages between nodes. Loss, duplication and reordering are allowed, corruption is not. */
export interface PeerTransport {
  /**
   * Takes the message and returns at once; never throws. Order is kept per peer and kind of stream while
   * the link stands. Dropped when there is no link or its bounded queue is full.
   */
  send(message: Message): void;
}

/** What a transport calls. `Replica` implements it. */
export interface PeerEvents {
  receive(message: Message): void;
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
