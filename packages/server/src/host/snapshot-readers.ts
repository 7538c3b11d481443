/**
 * Snapshots that somebody outside reads in pieces. One that a newer one takes the place of is kept, with the log behind
 * it (snapshot/snapshot-keeper), until its reader has been silent for a while: else a copy that takes longer than the
 * time between two snapshots would begin anew for ever.
 */

import type { Index, SnapshotDescription, SnapshotReader } from "@redoubt/raft";
import { snapshotReaderPatienceMs, snapshotsReadMax } from "./constants.js";

interface Reading {
  readonly snapshot: SnapshotDescription;
  /** Milliseconds of the monotonic clock. */
  lastMs: number;
}

export class SnapshotReaders {
  readonly #store: SnapshotReader | null;
  /** By the last read, the newest behind. */
  #readings: Reading[] = [];

  /** null: this node keeps no snapshots. */
  constructor(store: SnapshotReader | null) {
    this.#store = store;
  }

  newest(): SnapshotDescription | null {
    return this.#store?.newest() ?? null;
  }

  /** One that can be read: the newest, or one that is being read. */
  find(index: Index, digest: number): SnapshotDescription | null {
    const candidates = [this.newest(), ...this.#readings.map(({ snapshot }) => snapshot)];
    return candidates.find((each) => each?.index === index && each.digest === digest) ?? null;
  }

  /** null: it is gone. */
  read(
    snapshot: SnapshotDescription,
    offset: number,
    bytesMax: number,
    nowMs: number,
  ): Uint8Array | null {
    const bytes = this.#store?.read(snapshot, offset, bytesMax) ?? null;
    this.#readings = this.#readings.filter(
      (each) => each.snapshot.index !== snapshot.index || each.snapshot.digest !== snapshot.digest,
    );
    if (bytes === null) return null;
    this.#readings.push({ snapshot, lastMs: nowMs });
    if (this.#readings.length > snapshotsReadMax) this.#readings.shift();
    return bytes;
  }

  /** Whoever has read a snapshot goes on with the entries behind it: from `first` on by now. */
  goOn(first: Index, nowMs: number): void {
    const behind = this.held(nowMs).filter(({ index }) => index < first);
    const index = Math.max(...behind.map((each) => each.index));
    for (const each of this.#readings) if (each.snapshot.index === index) each.lastMs = nowMs;
  }

  /** Those that must stay, whatever is adopted. */
  held(nowMs: number): readonly SnapshotDescription[] {
    this.#readings = this.#readings.filter(
      (each) => each.lastMs + snapshotReaderPatienceMs > nowMs,
    );
    return this.#readings.map(({ snapshot }) => snapshot);
  }
}
