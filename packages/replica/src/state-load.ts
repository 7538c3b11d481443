/**
 * The state of one snapshot, read in slices between turns into a keyspace that nobody sees: a dataset takes seconds,
 * and heartbeats must be answered meanwhile (trap 38). What it holds counts when all of it was read.
 */

import { Keyspace, RdbReader } from "@redoubt/keyspace";
import type { SnapshotDescription } from "@redoubt/raft";
import { LOAD_LOOK_BYTES, LOAD_LOOK_KEYS } from "./constants.js";
import { SnapshotMisfitError } from "./errors.js";
import type { Clock, SnapshotSource } from "./ports.js";
import { SnapshotFields } from "./snapshot-fields.js";

export class StateLoad {
  readonly snapshot: SnapshotDescription;
  /** Complete when `step` has said so. */
  readonly keyspace = new Keyspace();
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  /** Keys read so far. */
  keys = 0;
  readonly #source: SnapshotSource;
  /** null: nothing was read yet. */
  #reader: RdbReader | null = null;
  #fields: SnapshotFields | null = null;
  readonly #clock: Clock;
  readonly #stepKeysMax: number;

  /** Owns `source`. `stepKeysMax`: of one slice, whatever the clock says. */
  constructor(
    snapshot: SnapshotDescription,
    source: SnapshotSource,
    clock: Clock,
    stepKeysMax: number,
  ) {
    this.snapshot = snapshot;
    this.#source = source;
    this.#clock = clock;
    this.#stepKeysMax = stepKeysMax;
    this.startedAtMs = clock.wallMs();
  }

  get bytesRead(): number {
    return this.#reader?.bytesRead ?? 0;
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
    // The source compares all bytes with the description's digest when it is at its end.
    this.#reader ??= new RdbReader(this.#source, 0, true);
    this.#fields ??= new SnapshotFields(this.#reader);
    const reader = this.#reader;
    let lookBytes = reader.bytesRead + LOAD_LOOK_BYTES;
    for (let keys = 0; keys < this.#stepKeysMax; ) {
      const part = reader.next();
      if (part === "key") {
        reader.loadInto(this.keyspace);
        this.keys += 1;
        keys += 1;
        if (keys % LOAD_LOOK_KEYS !== 0 && reader.bytesRead < lookBytes) continue;
        if (this.#clock.monotonicMs() >= endMs) return false;
        lookBytes = reader.bytesRead + LOAD_LOOK_BYTES;
      } else if (part === "function") {
        reader.loadLibraryInto(this.keyspace);
      } else if (part === "aux") {
        this.#fields.add();
      } else if (part === "end") {
        this.#finish(reader, this.#fields);
        return true;
      }
    }
    return false;
  }

  #finish(reader: RdbReader, fields: SnapshotFields): void {
    const { index, term, checksum } = this.snapshot;
    const found = fields.header();
    const isIt = found.index === index && found.term === term && found.checksum === checksum;
    // Only at its end has the source proved what it gave.
    if (!isIt || !reader.isAtEnd) throw new SnapshotMisfitError(index, found.index);
    this.keyspace.logTimeMs = found.logTimeMs;
  }
}
