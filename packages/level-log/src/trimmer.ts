/**
 * Deletes entries that lie before the log, after the anchor has moved: some thousand at a time, inside LevelDB and
 * without a sync, between the synced batches. However many there are, no batch grows and no turn waits for them.
 * Then what they took on the disk is given back: LevelDB by itself keeps it until it happens to merge those tables.
 *
 * Nothing depends on it. A crash in the middle, or deletions that power loss takes back, leave entries before
 * the anchor, which opening does not look at, and which the next trimmer deletes.
 */

import type { Index } from "@redoubt/raft";
import { COMPACT_BYTES_MIN, TRIM_STEP_ENTRIES } from "./constants.js";
import { decodeEntryKey, ENTRY_KEYS_FIRST, entryKey } from "./records.js";
import { eventLoopTurn, type Store } from "./store.js";

export class Trimmer {
  readonly #store: Store;
  readonly #fail: (error: unknown) => void;
  /** Whatever is stored of entries up to this one goes. */
  #last: Index = 0;
  /** First key that has not been looked at. */
  #from: Uint8Array = ENTRY_KEYS_FIRST;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(store: Store, fail: (error: unknown) => void) {
    this.#store = store;
    this.#fail = fail;
  }

  get idle(): boolean {
    return this.#running === null;
  }

  /** The log begins behind `anchor`: nobody looks at what lies before it any more. */
  trimTo(anchor: Index): void {
    if (this.#stopped || anchor <= this.#last) return;
    this.#last = anchor;
    this.#running ??= this.#run();
  }

  /** What is left is for the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      // Compaction takes seconds, in which the anchor may move on.
      for (let done = -1; done < this.#last && !this.#stopped; ) {
        done = this.#last;
        while (!this.#stopped && (await this.#step())) await eventLoopTurn();
        await this.#giveBack();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#running = null;
  }

  /** False: nothing is left. Begins at what is there: after an install, indexes lie before that never were. */
  async #step(): Promise<boolean> {
    const end = entryKey(this.#last + 1, 0);
    const first = await this.#store.firstKey({ gte: this.#from, lt: end });
    const index = first === null ? null : (decodeEntryKey(first)?.index ?? null);
    if (first === null || index === null) return false;
    const next = Math.min(index + TRIM_STEP_ENTRIES, this.#last + 1);
    const range = { gte: first, lt: entryKey(next, 0) };
    if (this.#stopped) return false;
    await this.#store.clear(range);
    // Not from the start again: LevelDB walks over every deletion that lies before a key it looks for.
    this.#from = range.lt;
    return true;
  }

  async #giveBack(): Promise<void> {
    if (this.#stopped || this.#last === 0) return;
    const range = { gte: ENTRY_KEYS_FIRST, lt: entryKey(this.#last + 1, 0) };
    if ((await this.#store.tableBytes(range)) < COMPACT_BYTES_MIN || this.#stopped) return;
    await this.#store.compact(range);
  }
}
