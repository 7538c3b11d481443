/**
 * The state of one snapshot, read in slices between turns into a keyspace that nobody sees: a dataset takes seconds,
 * and heartbeats must be answered meanwhile (trap 38). What it holds counts when all of it was read.
 */

import { Keyspace, RdbReader } from "@redoubt/keyspace";
import type { SnapshotDescription } from "@redoubt/raft";
import { LOAD_LOOK_KEYS } from "./constants.js";
import { SnapshotMisfitError } from "./errors.js";
import type { Clock, SnapshotSource } from "./ports.js";

export class StateLoad {
  readonly snapshot: SnapshotDescription;
  /** Complete when `step` has said so. */
  readonly keyspace = new Keyspace();
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** Keys read so far. */
  keys = 0;
  readonly #source: SnapshotSource;
  readonly #reader: RdbReader;
  readonly #clock: Clock;
  readonly #stepKeysMax: number;
  #index = "";
  #logTimeMs = "";

  /** Owns `source`. `stepKeysMax`: of one slice, whatever the clock says. */
  constructor(
    snapshot: SnapshotDescription,
    source: SnapshotSource,
    clock: Clock,
    stepKeysMax: number,
  ) {
    this.snapshot = snapshot;
    this.#source = source;
    this.#reader = new RdbReader(source);
    this.#clock = clock;
    this.#stepKeysMax = stepKeysMax;
    this.startedAtMs = clock.wallMs();
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  /**
   * Reads for `sliceMs`. True: all of it was read, and the source is closed. Throws what the reader or the source say
   * of damage, SNAPSHOT_MISFIT when it is another snapshot's; the source is closed then, too.
   */
  step(sliceMs: number): boolean {
    try {
      const isDone = this.#read(this.#clock.monotonicMs() + sliceMs);
      if (isDone) this.close();
      return isDone;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#source.close();
  }

  #read(endMs: number): boolean {
    for (let keys = 0; keys < this.#stepKeysMax; ) {
      switch (this.#reader.next()) {
        case "key":
          this.#reader.loadInto(this.keyspace);
          this.keys += 1;
          keys += 1;
          if (keys % LOAD_LOOK_KEYS === 0 && this.#clock.monotonicMs() >= endMs) return false;
          break;
        case "aux":
          this.#noteAux(this.#reader.auxName, this.#reader.auxValue);
          break;
        case "function":
          break;
        case "end":
          this.#finish();
          return true;
      }
    }
    return false;
  }

  #noteAux(name: string, value: string): void {
    if (name === "redoubt-index") this.#index = value;
    else if (name === "redoubt-log-time") this.#logTimeMs = value;
  }

  #finish(): void {
    const { index } = this.snapshot;
    if (this.#index !== String(index)) throw new SnapshotMisfitError(index, this.#index);
    const logTimeMs = Number(this.#logTimeMs);
    if (!/^\d+$/.test(this.#logTimeMs) || !Number.isSafeInteger(logTimeMs)) {
      throw new SnapshotMisfitError(index, "no log time");
    }
    this.keyspace.logTimeMs = logTimeMs;
  }
}
