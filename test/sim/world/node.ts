/**
 * One simulated machine: disk and clocks that outlive its process, and the production replica in it. It keeps
 * its id for ever; who it is to Raft, its incarnation, goes with its data.
 */

import { type Message, MessageType } from "@redoubt/raft";
import type * as ReplicaPackage from "@redoubt/replica";
import type {
  AuditReport,
  ClientSink,
  EntryObserver,
  ReplicaPorts,
  Session,
} from "@redoubt/replica";
import { SimulatedClock } from "./clock.js";
import { DiskFailure, type SimulatedDisk, type SimulatedLog } from "./disk.js";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

/** The replica package under test: production's, or a canary's patched copy. */
export type ReplicaModule = Pick<typeof ReplicaPackage, "Replica">;

export interface NodeParts {
  readonly module: ReplicaModule;
  readonly id: number;
  readonly isWitness: boolean;
  readonly disk: SimulatedDisk;
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  /** How long a turn that is asked for waits for its place in the event loop, at most. */
  readonly loopMs: number;
  readonly events: NodeEvents;
}

/** What a machine tells. */
export interface NodeEvents {
  send(node: SimulatedNode, message: Message): void;
  sendAudit(node: SimulatedNode, report: AuditReport): void;
  observer(node: SimulatedNode): EntryObserver;
  logged(node: SimulatedNode, event: string, fields: object): void;
  /** Its storage failed, or it found damage: the process is about to stop. */
  failed(node: SimulatedNode, why: string): void;
  /** A committed configuration does not name it any more. Told once. */
  removed(node: SimulatedNode): void;
}

export const ELECTION_TIMEOUT_MS = 500;
export const HEARTBEAT_INTERVAL_MS = 50;
/** How long somebody beside the event loop may keep a leader's peers from electing. */
export const BUSY_LEADER_MAX_MS = 1500;

/** Often, and a few keys at a time: what changes while a state is audited is most of it. */
const AUDIT_INTERVAL_MS = 400;
const AUDIT_STEP_WORK = 3;

/** A few at a time: a node that starts from a snapshot, or is given one, goes on in many turns. */
const LOAD_STEP_KEYS = 5;

/** Small: a snapshot takes several round trips, in which anything may happen. */
const SNAPSHOT_CHUNK_BYTES = 1024;

export class SimulatedNode {
  readonly id: number;
  disk: SimulatedDisk;
  /** Of the data on its disk; 0: there is none it could run on. */
  incarnation = 1;
  isWitness: boolean;
  replica: InstanceType<ReplicaModule["Replica"]> | null = null;
  readonly clock: SimulatedClock;
  crashes = 0;
  /** It left the cluster for good and is not started again. */
  retired = false;
  /** How its reads are confirmed while it leads. */
  readMode: "lease" | "quorum" = "quorum";
  readonly #parts: NodeParts;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  /** Of the process that runs. */
  #log: SimulatedLog | null = null;
  #generation = 0;
  #pausedUntilMs = 0;
  #wakePending = false;
  /** What the process waits for on its own clock, and when the next look at it is due. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #lookMs = Number.POSITIVE_INFINITY;
  #removalTold = false;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.disk = parts.disk;
    this.isWitness = parts.isWitness;
    this.#queue = parts.queue;
    this.#random = parts.random;
    this.clock = new SimulatedClock(parts.queue);
  }

  get up(): boolean {
    return this.replica !== null;
  }

  get paused(): boolean {
    return this.#queue.nowMs < this.#pausedUntilMs;
  }

  get leads(): boolean {
    return this.replica?.role === "leader";
  }

  start(): void {
    const generation = ++this.#generation;
    this.#wakePending = false;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#lookMs = Number.POSITIVE_INFINITY;
    this.#removalTold = false;
    const { module, events } = this.#parts;
    const line = (fields: object, event: string): void => events.logged(this, event, fields);
    const log = this.disk.open((error) => this.#fatal(generation, error));
    this.#log = log;
    const ports: ReplicaPorts = {
      clock: this.clock,
      random: { next: () => this.#random.next() },
      scheduler: {
        wake: () => this.#wake(generation),
        wakeNow: () => this.#wake(generation),
        wakeAt: (deadlineMs) => this.#wakeAt(generation, deadlineMs),
      },
      log,
      snapshots: log,
      transport: {
        send: (message) => events.send(this, copyOf(message)),
        sendAudit: (report) => events.sendAudit(this, report),
      },
      memory: { outsideBytes: () => 0 },
      logger: { debug: line, info: line, warn: line, error: line },
      host: {
        execute: (_row, session) => session.reply.error("ERR not simulated"),
        initiallyAuthenticated: () => true,
        reset: () => undefined,
      },
      directory: { clientAddress: (id) => ({ host: "sim", port: id }) },
      observer: events.observer(this),
    };
    this.replica = new module.Replica(
      {
        id: this.id,
        incarnation: this.incarnation,
        witness: this.isWitness,
        readMode: () => this.readMode,
        electionTimeoutMs: ELECTION_TIMEOUT_MS,
        heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
        stallToleranceMs: BUSY_LEADER_MAX_MS,
        maxmemoryBytes: () => 0,
        snapshotChunkBytes: SNAPSHOT_CHUNK_BYTES,
        auditIntervalMs: () => AUDIT_INTERVAL_MS,
        auditStepWorkMax: AUDIT_STEP_WORK,
        loadStepKeysMax: LOAD_STEP_KEYS,
        // Of every other node no two states fit: an install goes another way.
        twoStatesBytesMax: () => this.id % 2,
        onFatal: (error) => this.#fatal(generation, error),
      },
      ports,
    );
    this.#wake(generation);
  }

  /** Power loss: what was not synced is gone, connections are cut. */
  crash(): void {
    this.#generation += 1;
    this.crashes += 1;
    this.replica = null;
    this.#log = null;
    this.disk.crash();
  }

  /** SIGSTOP for a while: no turn runs, messages queue up. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#queue.nowMs + durationMs);
  }

  /** The whole machine sleeps: its monotonic clock as well. */
  suspend(durationMs: number): void {
    if (this.paused) return;
    this.pause(durationMs);
    this.clock.suspend(durationMs);
  }

  /** Of what is applied; the log is trimmed behind it but for some entries. False: there is nothing new. */
  makeSnapshot(trailing: number): boolean {
    const { replica } = this;
    const log = this.#log;
    if (replica === null || log === null) return false;
    const { applied, snapshotIndex } = replica.status();
    if (applied <= snapshotIndex) return false;
    const sent = () => replica.snapshotsSent;
    log.makeSnapshot(applied, sent, (snapshot) => {
      if (this.replica === replica) replica.compactTo(snapshot, trailing);
    });
    return true;
  }

  receive(message: Message): void {
    this.replica?.receive(message);
  }

  receiveAudit(report: AuditReport): void {
    this.replica?.receiveAudit(report);
  }

  connect(sink: ClientSink): Session | null {
    return this.replica?.connect(sink, null) ?? null;
  }

  /** A failing device ends the process; anything else is a broken invariant of production code. */
  #fatal(generation: number, error: unknown): void {
    if (generation !== this.#generation) return;
    if (!(error instanceof DiskFailure)) throw error;
    this.#parts.events.failed(this, error.message);
  }

  #wake(generation: number): void {
    if (this.#wakePending) return;
    this.#wakePending = true;
    this.#queue.after(0.005 + this.#random.next() * this.#parts.loopMs, () => {
      if (generation !== this.#generation) return;
      this.#wakePending = false;
      this.#turn(generation);
    });
  }

  #wakeAt(generation: number, deadlineMs: number): void {
    this.#deadlineMs = deadlineMs;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const dueMs = this.clock.whenMs(deadlineMs) + 0.001;
    // Deadlines mostly move away: the look that is due already finds the new one.
    if (dueMs < this.#lookMs) this.#lookAt(generation, dueMs);
  }

  #lookAt(generation: number, dueMs: number): void {
    this.#lookMs = dueMs;
    this.#queue.at(dueMs, () => {
      if (generation !== this.#generation || dueMs !== this.#lookMs) return;
      this.#lookMs = Number.POSITIVE_INFINITY;
      if (this.#deadlineMs === Number.POSITIVE_INFINITY) return;
      const laterMs = this.clock.whenMs(this.#deadlineMs) + 0.001;
      if (laterMs > this.#queue.nowMs + 0.002) this.#lookAt(generation, laterMs);
      else this.#turn(generation);
    });
  }

  #turn(generation: number): void {
    if (this.paused) {
      if (this.#wakePending) return;
      this.#wakePending = true;
      this.#queue.at(this.#pausedUntilMs, () => {
        if (generation !== this.#generation) return;
        this.#wakePending = false;
        this.#turn(generation);
      });
      return;
    }
    const { replica } = this;
    if (replica === null) return;
    replica.turn();
    if (replica.isRemoved && !this.#removalTold) {
      this.#removalTold = true;
      this.#parts.events.removed(this);
    }
  }
}

/** What travels is a copy of the envelope; entries are immutable and may be shared. */
function copyOf(message: Message): Message {
  return message.type === MessageType.append
    ? { ...message, entries: message.entries.slice() }
    : { ...message };
}
