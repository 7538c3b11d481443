/**
 * The log of this process read by another of its threads: the one that makes snapshots. LevelDB is shared, so
 * what the serving thread has written is there, and it is not held up. Nothing is written.
 *
 * The reader is told what is durable and may be read; it must not be trimmed meanwhile.
 */

import { join } from "node:path";
import type { Entry, Index } from "@redoubt/raft";
import { LOG_DIRECTORY, STORE_DIRECTORY } from "./constants.js";
import type { ThreadKeys } from "./encryption/data-keys.js";
import { storeOfThread } from "./encryption/encryption.js";
import { openSharedStore, type Store } from "./store.js";
import { readStoredEntry } from "./stored-entry.js";

export class LogReaderOfThread {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Those behind `after` up to `to`, one at a time, each verified against the one before; may be iterated again.
   * Throws LOG_DAMAGED: the node must stop. `checksum` is that of entry `after.index`, 0 at the very beginning.
   */
  *entries(
    after: { readonly index: Index; readonly checksum: number },
    to: Index,
  ): Generator<Entry, void> {
    let { checksum } = after;
    for (let index = after.index + 1; index <= to; index++) {
      const entry = readStoredEntry(this.#store, index, checksum, {
        bytesMax: Number.POSITIVE_INFINITY,
        checksum: null,
      });
      if (entry === null) return;
      checksum = entry.checksum;
      yield entry;
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/**
 * `directory`: the node's, whose log another thread of this process has open. `keys`: that thread's; null: it is not
 * encrypted. Rejects as `openLog`.
 */
export async function openLogReader(
  directory: string,
  keys: ThreadKeys | null = null,
): Promise<LogReaderOfThread> {
  const store = await openSharedStore(join(directory, LOG_DIRECTORY, STORE_DIRECTORY));
  return new LogReaderOfThread(storeOfThread(store, keys));
}
