/**
 * The newer part of a log that is open, read by another thread of the same process: LevelDB shares the store with it
 * (`multithreading`). Synchronous, one entry at a time, each verified by the chain from a checksum that is known.
 * Not here: which entries are there. The caller names entries that are durable and stay while it reads.
 */

import { join } from "node:path";
import { type Entry, entryChecksum, type Index } from "@redoubt/raft";
import { LOG_DIRECTORY, STORE_DIRECTORY } from "./constants.js";
import { LogDamagedError } from "./errors.js";
import { decodeEntry, type EntryHeader, entryKey, HEADER_BYTES, pieceCount } from "./records.js";
import { openStore, type Store } from "./store.js";

/** Where a chain begins: the entry before the first one that is read. */
export interface ChainLink {
  readonly index: Index;
  readonly checksum: number;
}

/** `directory`: of the node. Rejects with STORE_UNAVAILABLE or LOG_DAMAGED. */
export async function openSuffix(directory: string): Promise<SuffixReader> {
  return new SuffixReader(await openStore(join(directory, LOG_DIRECTORY, STORE_DIRECTORY), false));
}

export class SuffixReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Entries after.index + 1 .. to.index in order. Throws LOG_DAMAGED where one is missing, is not chained to the one
   * before it, or the last is not `to`.
   */
  *entries(after: ChainLink, to: ChainLink): Generator<Entry> {
    let { checksum } = after;
    for (let index = after.index + 1; index <= to.index; index++) {
      const entry = this.#read(index, checksum);
      checksum = entry.checksum;
      yield entry;
    }
    if (checksum !== to.checksum) throw this.#damaged(`entry ${to.index} is not the one written`);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #read(index: Index, previous: number): Entry {
    const record = this.#store.get(entryKey(index, 0));
    const header = record === undefined ? null : decodeEntry(record);
    if (record === undefined || header === null) {
      throw this.#damaged(`entry ${index} is missing or its header is bad`);
    }
    const { term, kind, checksum } = header;
    const payload = this.#payload(index, header, record);
    if (checksum !== entryChecksum(index, term, kind, previous, payload)) {
      throw this.#damaged(`entry ${index} is not the one written`);
    }
    return { index, term, kind, checksum, payload };
  }

  #payload(index: Index, { payloadBytes }: EntryHeader, record: Buffer): Buffer {
    const pieces = pieceCount(payloadBytes);
    if (pieces === 0) return record.subarray(HEADER_BYTES);
    const chunks: Buffer[] = [];
    for (let piece = 1; piece <= pieces; piece++) {
      const chunk = this.#store.get(entryKey(index, piece));
      if (chunk === undefined) throw this.#damaged(`piece ${piece} of entry ${index} is missing`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #damaged(what: string): LogDamagedError {
    return new LogDamagedError(what, this.#store.path);
  }
}
