/** One simulated machine: disk and clocks that outlive its process, and the production replica in it. */

import { type Message, MessageType } from "@redoubt/raft";
import type * as ReplicaPackage from "@redoubt/replica";
import type { ClientSink, EntryObserver, ReplicaPorts, Session } from "@redoubt/replica";
import type { SimulatedDisk } from "./disk.js";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

/** The replica package under test: production's, or a canary's patched copy. */
export type ReplicaModule = Pick<typeof ReplicaPackage, "Replica">;

export interface NodeSettings {
  readonly id: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
}

export class SimulatedNode {
  readonly id: number;
  readonly disk: SimulatedDisk;
  replica: InstanceType<ReplicaModule["Replica"]> | null = null;
  /** Wall clock: how far from virtual time, in ms, and how much faster. */
  wallOffsetMs = 0;
  drift = 0;
  crashes = 0;
  readonly incarnation = 1;
  /** How its reads are confirmed while it leads. */
  readMode: "lease" | "quorum" = "quorum";
  readonly #module: ReplicaModule;
  readonly #settings: NodeSettings;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #send: (message: Message) => void;
  readonly #observer: (node: SimulatedNode) => EntryObserver;
  readonly #log: (event: string, fields: object) => void;
  #generation = 0;
  #pausedUntilMs = 0;
  #wakePending = false;
  #timer = 0;

  constructor(
    module: ReplicaModule,
    settings: NodeSettings,
    disk: SimulatedDisk,
    queue: EventQueue,
    random: SeededRandom,
    send: (message: Message) => void,
    observer: (node: SimulatedNode) => EntryObserver,
    log: (event: string, fields: object) => void,
  ) {
    this.#module = module;
    this.#settings = settings;
    this.id = settings.id;
    this.disk = disk;
    this.#queue = queue;
    this.#random = random;
    this.#send = send;
    this.#observer = observer;
    this.#log = log;
  }

  get up(): boolean {
    return this.replica !== null;
  }

  start(): void {
    const generation = ++this.#generation;
    this.#wakePending = false;
    this.#timer = 0;
    const clock = {
      monotonicMs: () => this.#queue.nowMs * (1 + this.drift),
      wallMs: () =>
        Math.floor(1_700_000_000_000 + this.#queue.nowMs * (1 + this.drift) + this.wallOffsetMs),
    };
    const log = (fields: object, event: string): void => this.#log(event, fields);
    const ports: ReplicaPorts = {
      clock,
      random: { next: () => this.#random.next() },
      scheduler: {
        wake: () => this.#wake(generation),
        wakeAt: (deadlineMs) => this.#wakeAt(generation, deadlineMs),
      },
      log: this.disk.open(),
      transport: { send: (message) => this.#send(copyOf(message)) },
      memory: { outsideBytes: () => 0 },
      logger: { debug: log, info: log, warn: log, error: log },
      host: {
        execute: (_row, session) => session.reply.error("ERR not simulated"),
        initiallyAuthenticated: () => true,
        reset: () => undefined,
      },
      directory: { clientAddress: (id) => ({ host: "sim", port: id }) },
      observer: this.#observer(this),
    };
    this.replica = new this.#module.Replica(
      {
        id: this.id,
        incarnation: this.incarnation,
        readMode: () => this.readMode,
        electionTimeoutMs: this.#settings.electionTimeoutMs,
        heartbeatIntervalMs: this.#settings.heartbeatIntervalMs,
        maxmemoryBytes: () => 0,
        onFatal: (error) => {
          throw error;
        },
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
    this.disk.crash();
  }

  /** SIGSTOP for a while: no turn runs, messages queue up. */
  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#queue.nowMs + durationMs);
  }

  receive(message: Message): void {
    this.replica?.receive(message);
  }

  connect(sink: ClientSink): Session | null {
    return this.replica?.connect(sink, null) ?? null;
  }

  #wake(generation: number): void {
    if (this.#wakePending) return;
    this.#wakePending = true;
    this.#queue.after(0.005 + this.#random.next() * 0.02, () => {
      if (generation !== this.#generation) return;
      this.#wakePending = false;
      this.#turn(generation);
    });
  }

  #wakeAt(generation: number, deadlineMs: number): void {
    const timer = ++this.#timer;
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    this.#queue.at(deadlineMs / (1 + this.drift) + 0.001, () => {
      if (generation === this.#generation && timer === this.#timer) this.#turn(generation);
    });
  }

  #turn(generation: number): void {
    if (this.#queue.nowMs < this.#pausedUntilMs) {
      if (this.#wakePending) return;
      this.#wakePending = true;
      this.#queue.at(this.#pausedUntilMs, () => {
        if (generation !== this.#generation) return;
        this.#wakePending = false;
        this.#turn(generation);
      });
      return;
    }
    this.replica?.turn();
  }
}

/** What travels is a copy of the envelope; entries are immutable and may be shared. */
function copyOf(message: Message): Message {
  return message.type === MessageType.append
    ? { ...message, entries: message.entries.slice() }
    : { ...message };
}
