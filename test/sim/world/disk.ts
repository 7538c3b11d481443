/**
 * A node's disk: keeps what was synced, loses the rest at a crash. A batch that is in flight when the
 * node crashes is durable as a whole or not at all (LevelDB's batches are atomic), at random.
 *
 * A disk that lost or changed what it had promised is not usable: production finds that when it opens its log
 * (chain, watermark, identity; packages/level-log has the tests), and here it is known.
 */

import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  type InitialState,
  type Persist,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";
import type { DurableLog, SnapshotSource, SnapshotStore } from "@redoubt/replica";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";
import { SnapshotFiles, sourceOf } from "./snapshot-files.js";

const STALL_LOOK_MS = 50;
/** What a sync takes at most that was under way when the disk was mended. */
const MENDED_SYNC_MS = 1;

/** What ends a process: the device refused, or what it read is damaged. */
export class DiskFailure extends Error {}

/** write: nothing of the batch is there. sync: all of it or nothing. full: as write, for a while. */
export type WriteFailure = "write" | "sync" | "full";

export class SimulatedDisk {
  /** What the log begins behind. */
  anchor = { index: 0, term: 0, checksum: 0 };
  /** Those behind the anchor. */
  entries: Entry[];
  readonly snapshots = new SnapshotFiles();
  hardState: HardState;
  /** Multiplies the latency of syncs: a slow disk. */
  slowness = 1;
  /** Some syncs take so much longer: a device that collects garbage. */
  spikes = { share: 0, delayMs: 0 };
  /** Until then no sync completes: a device that does not answer. Virtual ms. */
  stalledUntilMs = 0;
  /** What happens to the next write; null: it is done. */
  failure: WriteFailure | null = null;
  /** It says that it has synced, and loses at the next crash what it said that of. */
  lying = false;
  /** First entry whose bits changed at rest; 0: none. */
  damagedFrom = 0;
  /** Told of every Persist once it is what survives, in order. */
  onWritten: ((persist: Persist) => void) | null = null;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  /** The log that is open; earlier ones are dead and complete nothing. */
  #open: SimulatedLog | null = null;
  #lost = false;

  constructor(queue: EventQueue, random: SeededRandom, entries: readonly Entry[]) {
    this.#queue = queue;
    this.#random = random;
    this.entries = [...entries];
    this.hardState = { term: entries.at(-1)?.term ?? 0, vote: 0 };
  }

  get lastIndex(): Index {
    return this.anchor.index + this.entries.length;
  }

  /** undefined: not there, or trimmed. */
  at(index: Index): Entry | undefined {
    return this.entries[index - this.anchor.index - 1];
  }

  /** A process can go on from what is here: everything it ever promised. */
  get isUsable(): boolean {
    return this.damagedFrom === 0 && !this.#lost;
  }

  open(onFatal: (failure: DiskFailure) => void): SimulatedLog {
    const log = new SimulatedLog(this, this.#queue, this.#random, onFatal);
    this.#open = log;
    return log;
  }

  /** As quick as ever, also with what is in flight: that began when a sync took thousands of times as long. */
  mend(): void {
    this.slowness = 1;
    this.spikes = { share: 0, delayMs: 0 };
    this.stalledUntilMs = 0;
    this.failure = null;
    this.#open?.hasten();
  }

  crash(): void {
    this.#open?.crash(this.#random.chance(0.5));
    this.#open = null;
    this.snapshots.crash();
    if (this.lying) this.#lost = true;
    this.lying = false;
  }

  /** Applies one atomic batch to what survives. */
  write(batch: readonly Persist[]): void {
    for (const persist of batch) {
      const { install, truncateFrom, trimTo } = persist;
      if (install !== undefined) {
        this.entries = [];
        this.anchor = anchorOf(install);
        this.snapshots.adopt(install);
      }
      if (truncateFrom > 0) this.entries.length = truncateFrom - this.anchor.index - 1;
      for (const entry of persist.entries) {
        if (entry.index !== this.lastIndex + 1) throw new Error("disk: a gap in the log");
        this.entries.push(entry);
      }
      if (persist.hardState !== null) this.hardState = persist.hardState;
      if (trimTo !== undefined) this.#trim(trimTo);
      this.onWritten?.(persist);
    }
  }

  #trim(index: Index): void {
    if (index > (this.snapshots.adopted?.index ?? 0)) throw new Error("disk: trimmed too far");
    const last = this.at(index)!;
    this.entries = this.entries.slice(index - this.anchor.index);
    this.anchor = anchorOf(last);
  }
}

function anchorOf({ index, term, checksum }: Entry | SnapshotDescription) {
  return { index, term, checksum };
}

interface Waiting {
  readonly persist: Persist;
  readonly done: () => void;
}

/** One process's log, and the snapshots beside it. */
export class SimulatedLog implements DurableLog, SnapshotStore {
  readonly initial: InitialState;
  readonly #disk: SimulatedDisk;
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  #waiting: Waiting[] = [];
  #inFlight: Waiting[] | null = null;
  readonly #whenIdle: (() => void)[] = [];
  #dead = false;
  readonly #onFatal: (failure: DiskFailure) => void;

  constructor(
    disk: SimulatedDisk,
    queue: EventQueue,
    random: SeededRandom,
    onFatal: (failure: DiskFailure) => void,
  ) {
    this.#disk = disk;
    this.#queue = queue;
    this.#random = random;
    this.#onFatal = onFatal;
    this.initial = initialState(disk);
  }

  persist(persist: Persist, done: () => void): void {
    this.#waiting.push({ persist, done });
    if (this.#inFlight === null) this.#begin();
  }

  readEntries(first: number, last: number, bytesMax: number): Entry[] {
    const { damagedFrom } = this.#disk;
    if (damagedFrom !== 0 && last >= damagedFrom) throw new DiskFailure("LOG_DAMAGED");
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.#disk.at(index);
      if (entry === undefined) throw new Error("disk: read of an entry that is not there");
      bytes += entry.payload.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  // ---- SnapshotStore -----------------------------------------------------------------------------

  newest(): SnapshotDescription | null {
    return this.#disk.snapshots.adopted;
  }

  read(snapshot: SnapshotDescription, offset: number, bytesMax: number): Uint8Array | null {
    const bytes = this.#disk.snapshots.bytesOf(snapshot);
    return bytes?.subarray(offset, offset + bytesMax) ?? null;
  }

  write(chunk: SnapshotChunk): void {
    this.#disk.snapshots.write(chunk);
  }

  verify(snapshot: SnapshotDescription, done: (ok: boolean) => void): void {
    this.#queue.after(this.#random.exponential(20), () => {
      if (!this.#dead) done(this.#disk.snapshots.keepReceived(snapshot));
    });
  }

  open(snapshot: SnapshotDescription): SnapshotSource {
    const bytes = this.#disk.snapshots.bytesOf(snapshot);
    if (bytes === null) throw new Error("disk: a snapshot that is not there");
    return sourceOf(bytes);
  }

  /**
   * The worker: takes its time, and what it made counts only if nothing newer has come meanwhile (trap 50).
   * `sent`: what peers are being sent, and stays. `adopted`: the log may be trimmed behind it.
   */
  makeSnapshot(
    index: Index,
    sent: () => readonly SnapshotDescription[],
    adopted: (snapshot: SnapshotDescription) => void,
  ): void {
    const { snapshots, damagedFrom } = this.#disk;
    // It reads the log, and stops where that is damaged.
    if (damagedFrom !== 0) return;
    const before = snapshots.newest;
    const first = before?.snapshot.index ?? 0;
    const entries = this.#disk.entries.filter((entry) => entry.index > first);
    this.#queue.after(this.#random.exponential(60), () => {
      if (this.#dead || snapshots.newest !== before) return;
      const file = SnapshotFiles.made(before, entries, index);
      if (file === null) return;
      snapshots.adopt(file, sent());
      adopted(file.snapshot);
    });
  }

  /** Resolves once virtual time has gone past what is in flight. */
  async close(): Promise<void> {
    if (!this.#dead && this.#inFlight !== null) {
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    }
    this.#dead = true;
  }

  crash(inFlightSurvives: boolean): void {
    this.#dead = true;
    if (inFlightSurvives && this.#inFlight !== null) {
      this.#disk.write(this.#inFlight.map((waiting) => waiting.persist));
    }
  }

  hasten(): void {
    if (this.#inFlight !== null) this.#complete(this.#queue.nowMs + MENDED_SYNC_MS, this.#inFlight);
  }

  #begin(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#inFlight = batch;
    const { slowness, spikes } = this.#disk;
    let latencyMs = (0.1 + this.#random.exponential(0.4)) * slowness;
    if (spikes.share > 0 && this.#random.chance(spikes.share)) latencyMs += spikes.delayMs;
    this.#complete(this.#queue.nowMs + latencyMs, batch);
  }

  #complete(atMs: number, batch: Waiting[]): void {
    this.#queue.at(atMs, () => {
      if (this.#dead || this.#inFlight !== batch) return;
      if (this.#queue.nowMs < this.#disk.stalledUntilMs) {
        // Looks again from time to time: the device may come back early.
        this.#complete(this.#queue.nowMs + STALL_LOOK_MS, batch);
        return;
      }
      if (this.#disk.failure !== null) {
        this.#fail(this.#disk.failure);
        return;
      }
      this.#disk.write(batch.map((waiting) => waiting.persist));
      this.#inFlight = null;
      for (const waiting of batch) waiting.done();
      if (this.#waiting.length > 0) this.#begin();
      else for (const resolve of this.#whenIdle.splice(0)) resolve();
    });
  }

  /** Fatal, and never retried: nothing completes any more (trap 24, trap 29). */
  #fail(failure: WriteFailure): void {
    this.#dead = true;
    // What a failed sync was about may be there or not.
    if (failure !== "sync") this.#inFlight = null;
    if (failure !== "full") this.#disk.failure = null;
    this.#onFatal(new DiskFailure(`a write failed: ${failure}`));
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
  const { adopted } = disk.snapshots;
  return {
    hardState: disk.hardState,
    ...(adopted === null ? {} : { anchor: disk.anchor, snapshot: adopted }),
    lastIndex: disk.lastIndex,
    lastChecksum: disk.entries.at(-1)?.checksum ?? disk.anchor.checksum,
    termRuns,
    configurations: configurations.slice(-2),
  };
}
