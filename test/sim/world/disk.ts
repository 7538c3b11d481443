/**
 * A node's disk: keeps what was synced, loses the rest at a crash. A batch that is in flight when the
 * node crashes is durable as a whole or not at all (LevelDB's batches are atomic), at random.
 */

import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type InitialState,
  type Persist,
} from "@redoubt/raft";
import type { DurableLog } from "@redoubt/replica";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

const STALL_LOOK_MS = 50;

export class SimulatedDisk {
  entries: Entry[];
  hardState: HardState;
  /** Multiplies the latency of syncs: a slow disk. */
  slowness = 1;
  /** Until then no sync completes: a device that does not answer. Virtual ms. */
  stalledUntilMs = 0;
  /** Told of every Persist once it is what survives, in order. */
  onWritten: ((persist: Persist) => void) | null = null;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  /** The log that is open; earlier ones are dead and complete nothing. */
  #open: SimulatedLog | null = null;

  constructor(queue: EventQueue, random: SeededRandom, entries: readonly Entry[]) {
    this.#queue = queue;
    this.#random = random;
    this.entries = [...entries];
    this.hardState = { term: entries.at(-1)?.term ?? 0, vote: 0 };
  }

  open(): SimulatedLog {
    const log = new SimulatedLog(this, this.#queue, this.#random);
    this.#open = log;
    return log;
  }

  crash(): void {
    this.#open?.crash(this.#random.chance(0.5));
    this.#open = null;
  }

  /** Applies one atomic batch to what survives. */
  write(batch: readonly Persist[]): void {
    for (const persist of batch) {
      if (persist.truncateFrom > 0) this.entries.length = persist.truncateFrom - 1;
      for (const entry of persist.entries) {
        if (entry.index !== this.entries.length + 1) throw new Error("disk: a gap in the log");
        this.entries.push(entry);
      }
      if (persist.hardState !== null) this.hardState = persist.hardState;
      this.onWritten?.(persist);
    }
  }
}

interface Waiting {
  readonly persist: Persist;
  readonly done: () => void;
}

export class SimulatedLog implements DurableLog {
  readonly initial: InitialState;
  readonly #disk: SimulatedDisk;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  #waiting: Waiting[] = [];
  #inFlight: Waiting[] | null = null;
  #dead = false;

  constructor(disk: SimulatedDisk, queue: EventQueue, random: SeededRandom) {
    this.#disk = disk;
    this.#queue = queue;
    this.#random = random;
    this.initial = initialState(disk);
  }

  persist(persist: Persist, done: () => void): void {
    this.#waiting.push({ persist, done });
    if (this.#inFlight === null) this.#begin();
  }

  readEntries(first: number, last: number, bytesMax: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.#disk.entries[index - 1];
      if (entry === undefined) throw new Error("disk: read of an entry that is not there");
      bytes += entry.payload.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  async close(): Promise<void> {
    this.#dead = true;
  }

  crash(inFlightSurvives: boolean): void {
    this.#dead = true;
    if (inFlightSurvives && this.#inFlight !== null) {
      this.#disk.write(this.#inFlight.map((waiting) => waiting.persist));
    }
  }

  #begin(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#inFlight = batch;
    const latency = (0.1 + this.#random.exponential(0.4)) * this.#disk.slowness;
    this.#complete(this.#queue.nowMs + latency, batch);
  }

  #complete(atMs: number, batch: readonly Waiting[]): void {
    this.#queue.at(atMs, () => {
      if (this.#dead) return;
      if (this.#queue.nowMs < this.#disk.stalledUntilMs) {
        // Looks again from time to time: the device may come back early.
        this.#complete(this.#queue.nowMs + STALL_LOOK_MS, batch);
        return;
      }
      this.#disk.write(batch.map((waiting) => waiting.persist));
      this.#inFlight = null;
      for (const waiting of batch) waiting.done();
      if (this.#waiting.length > 0) this.#begin();
    });
  }
}

function initialState(disk: SimulatedDisk): InitialState {
  const termRuns: [number, number][] = [];
  const configurations: InitialState["configurations"][number][] = [];
  for (const entry of disk.entries) {
    if (termRuns.at(-1)?.[1] !== entry.term) termRuns.push([entry.index, entry.term]);
    if (entry.kind === EntryKind.configuration) {
      configurations.push({
        index: entry.index,
        configuration: decodeConfiguration(entry.payload),
      });
    }
  }
  return {
    hardState: disk.hardState,
    lastIndex: disk.entries.length,
    lastChecksum: disk.entries.at(-1)?.checksum ?? 0,
    termRuns,
    configurations: configurations.slice(-2),
  };
}
