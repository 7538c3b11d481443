/**
 * One Raft core with a disk and a driver that keeps to the order written on `Ready`. The disk completes
 * Persists only when told to, so a test decides what a crash takes away. Time is told, never read.
 */
import {
  type Configuration,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  type InitialState,
  type LogReader,
  type Message,
  type NodeId,
  type Persist,
  Raft,
  type RaftOptions,
  type Ready,
  type Term,
} from "../src/index.js";

export type Limits = Pick<
  RaftOptions,
  "maxAppendBytes" | "maxInflightAppends" | "maxInflightBytes" | "committedPageBytes"
>;

/**
 * Ways of not keeping the contract, for canaries: a check that does not find them proves nothing.
 * eager: promises leave before their Persists are durable. amnesia: a crash forgets the last vote.
 */
export type Breach = "none" | "eager" | "amnesia";

export interface NodeOptions {
  readonly id: NodeId;
  /** Default 1. */
  readonly incarnation?: number;
  readonly entries: readonly Entry[];
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly random: () => number;
  readonly limits: Limits;
  readonly breach?: Breach;
  readonly onEvent: (event: string, fields: object) => void;
}

/** The durable log: what survives a crash. */
export class SimulatedDisk implements LogReader {
  hardState: HardState = { term: 1, vote: 0 };
  readonly entries: Entry[];
  reads = 0;

  constructor(entries: readonly Entry[]) {
    this.entries = [...entries];
  }

  write(persist: Persist): void {
    if (persist.truncateFrom !== 0) this.entries.length = persist.truncateFrom - 1;
    for (const entry of persist.entries) {
      if (entry.index !== this.entries.length + 1) throw new Error("persist leaves a gap");
      this.entries.push(entry);
    }
    if (persist.hardState !== null) this.hardState = persist.hardState;
  }

  readEntries(first: Index, last: Index, bytesMax: number): Entry[] {
    this.reads += 1;
    if (first < 1 || last > this.entries.length) throw new Error("read outside the durable log");
    const page: Entry[] = [];
    let bytes = 0;
    for (const entry of this.entries.slice(first - 1, last)) {
      bytes += entry.payload.length;
      if (bytes > bytesMax && page.length > 0) break;
      page.push(entry);
    }
    return page;
  }

  initialState(): InitialState {
    const termRuns: [Index, Term][] = [];
    const configurations: { index: Index; configuration: Configuration }[] = [];
    for (const { index, term, kind, payload } of this.entries) {
      if (termRuns.at(-1)?.[1] !== term) termRuns.push([index, term]);
      if (kind === EntryKind.configuration) {
        configurations.push({ index, configuration: decodeConfiguration(payload) });
      }
    }
    return {
      hardState: this.hardState,
      lastIndex: this.entries.length,
      lastChecksum: this.entries.at(-1)?.checksum ?? 0,
      termRuns,
      configurations: configurations.slice(-2),
    };
  }
}

export class SimulatedNode {
  readonly id: NodeId;
  readonly disk: SimulatedDisk;
  raft: Raft;
  alive = true;
  /** Handed over, not durable. */
  persists: Persist[] = [];
  /** Entries handed out for applying since the last start. */
  applied: Entry[] = [];
  confirmedRound = 0;
  readonly #options: NodeOptions;
  #waiting: { readonly after: number; readonly message: Message }[] = [];
  #handedSequence = 0;
  #durableSequence = 0;

  constructor(options: NodeOptions, nowMs: number) {
    this.id = options.id;
    this.#options = options;
    this.disk = new SimulatedDisk(options.entries);
    this.raft = this.#start(nowMs);
  }

  /** Takes one Ready. Returns it, and what may leave now. */
  takeReady(): { ready: Ready; leaving: Message[] } {
    const ready = this.raft.ready();
    if (ready.persist !== null) {
      this.persists.push(ready.persist);
      this.#handedSequence = ready.persist.sequence;
    }
    const after = this.#options.breach === "eager" ? 0 : this.#handedSequence;
    for (const message of ready.promises) {
      this.#waiting.push({ after, message });
    }
    for (const entry of ready.committed) {
      if (entry.index !== this.applied.length + 1) throw new Error("applied out of order");
      this.applied.push(entry);
    }
    this.confirmedRound = ready.confirmedRound;
    return { ready, leaving: [...ready.messages, ...this.#released()] };
  }

  /** Makes the oldest `count` Persists durable as one synced batch; returns the promises that may leave. */
  sync(count: number): Message[] {
    const batch = this.persists.splice(0, count);
    for (const persist of batch) this.disk.write(persist);
    const last = batch.at(-1);
    if (last === undefined) return [];
    this.#durableSequence = last.sequence;
    this.raft.persisted(last.sequence);
    return this.#released();
  }

  /** The process dies; `written` of the pending Persists had reached the disk, unreported. */
  crash(written: number): void {
    for (const persist of this.persists.slice(0, written)) this.disk.write(persist);
    if (this.#options.breach === "amnesia") {
      this.disk.hardState = { term: this.disk.entries.at(-1)!.term, vote: 0 };
    }
    this.alive = false;
    this.persists = [];
    this.applied = [];
    this.confirmedRound = 0;
    this.#waiting = [];
    this.#handedSequence = 0;
    this.#durableSequence = 0;
  }

  restart(nowMs: number): void {
    this.alive = true;
    this.raft = this.#start(nowMs);
  }

  #released(): Message[] {
    const leaving: Message[] = [];
    while (this.#waiting.length > 0 && this.#waiting[0]!.after <= this.#durableSequence) {
      leaving.push(this.#waiting.shift()!.message);
    }
    return leaving;
  }

  #start(nowMs: number): Raft {
    const { id, electionTimeoutMs, heartbeatIntervalMs, random, limits, onEvent } = this.#options;
    return new Raft({
      id,
      incarnation: this.#options.incarnation ?? 1,
      initial: this.disk.initialState(),
      reader: this.disk,
      electionTimeoutMs,
      heartbeatIntervalMs,
      random,
      nowMs,
      onEvent,
      ...limits,
    });
  }
}
