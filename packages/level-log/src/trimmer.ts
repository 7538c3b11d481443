/**
 * Deletes entries that lie before the log, after the anchor has moved: a few hundred records at a time, without a
 * sync, between the synced batches. However many there are, no batch grows and no turn waits for them.
 *
 * Nothing depends on it. A crash in the middle, or deletions that power loss takes back, leave entries before
 * the anchor, which opening does not look at, and `sweep` deletes.
 */

import type { Index } from "@redoubt/raft";
import { TRIM_STEP_RECORDS } from "./constants.js";
import type { Pieces } from "./entry-table.js";
import { ENTRY_KEYS_FIRST, entryKey } from "./records.js";
import { eventLoopTurn, type Store } from "./store.js";

export class Trimmer {
  /** Records deleted so far. */
  deletions = 0;
  readonly #store: Store;
  readonly #fail: (error: unknown) => void;
  readonly #waiting: Iterator<Uint8Array>[] = [];
  /** First key that the sweep has not seen; null: there is none, or it is done. */
  #sweepFrom: Uint8Array | null = null;
  #sweepEnd: Uint8Array = ENTRY_KEYS_FIRST;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(store: Store, fail: (error: unknown) => void) {
    this.#store = store;
    this.#fail = fail;
  }

  get idle(): boolean {
    return this.#running === null;
  }

  /** Entries first..last, those with pieces as told. The caller never looks at them again. */
  remove(first: Index, last: Index, pieces: Pieces): void {
    if (this.#stopped || first > last) return;
    this.#waiting.push(keysOf(first, last, pieces));
    this.#running ??= this.#run();
  }

  /** Whatever is there up to `last`: of a process that stopped before it was done. */
  sweep(last: Index): void {
    this.#sweepFrom = ENTRY_KEYS_FIRST;
    this.#sweepEnd = entryKey(last + 1, 0);
    this.#running ??= this.#run();
  }

  /** What is left is for the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await eventLoopTurn();
        const keys = this.#sweepFrom === null ? this.#step() : await this.#sweepStep();
        if (keys.length === 0 || this.#stopped) break;
        await this.#store.remove(keys);
        this.deletions += keys.length;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = null;
  }

  /** Begins behind what is gone: LevelDB walks over every deletion that lies before a key it looks for. */
  async #sweepStep(): Promise<readonly Uint8Array[]> {
    const from = this.#sweepFrom;
    if (from === null) return [];
    const keys = await this.#store.keys({ gte: from, lt: this.#sweepEnd }, TRIM_STEP_RECORDS);
    this.#sweepFrom = keys.at(-1) ?? null;
    return keys.length > 0 ? keys : this.#step();
  }

  #step(): Uint8Array[] {
    const keys: Uint8Array[] = [];
    while (keys.length < TRIM_STEP_RECORDS && !this.#stopped) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) break;
      const { value, done } = oldest.next();
      if (done) this.#waiting.shift();
      else keys.push(value);
    }
    return keys;
  }
}

function* keysOf(first: Index, last: Index, pieces: Pieces): Generator<Uint8Array> {
  for (let index = first; index <= last; index++) {
    for (let piece = 0; piece <= (pieces.get(index) ?? 0); piece++) yield entryKey(index, piece);
  }
}
