/** A durable log in memory: every sync completes at once, one after the other, or when a test lets it. */

import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type InitialState,
  type Persist,
} from "@redoubt/raft";
import type { DurableLog } from "../ports.js";

export class TestDisk implements DurableLog {
  readonly initial: InitialState;
  readonly entries: Entry[];
  hardState: HardState;
  /** Syncs that never complete while this is set. */
  held = false;
  #waiting: { readonly persist: Persist; readonly done: () => void }[] = [];

  constructor(entries: readonly Entry[], hardState?: HardState) {
    this.entries = [...entries];
    this.hardState = hardState ?? { term: entries.at(-1)?.term ?? 0, vote: 0 };
    const configurations = entries
      .filter((entry) => entry.kind === EntryKind.configuration)
      .map(({ index, payload }) => ({ index, configuration: decodeConfiguration(payload) }));
    const runs: (readonly [number, number])[] = [];
    for (const { index, term } of entries) if (runs.at(-1)?.[1] !== term) runs.push([index, term]);
    const last = entries.at(-1);
    this.initial = {
      hardState: this.hardState,
      lastIndex: entries.length,
      lastChecksum: last?.checksum ?? 0,
      termRuns: runs,
      configurations: configurations.slice(-2),
    };
  }

  get pending(): number {
    return this.#waiting.length;
  }

  persist(persist: Persist, done: () => void): void {
    this.#waiting.push({ persist, done });
  }

  /** Completes what was handed over so far, as one group commit. */
  complete(): void {
    if (this.held || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { persist } of waiting) {
      if (persist.truncateFrom > 0) this.entries.length = persist.truncateFrom - 1;
      this.entries.push(...persist.entries);
      if (persist.hardState !== null) this.hardState = persist.hardState;
    }
    for (const { done } of waiting) done();
  }

  readEntries(first: number, last: number, bytesMax: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.entries[index - 1]!;
      bytes += entry.payload.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
