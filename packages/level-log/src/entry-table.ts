/**
 * What the process remembers of every durable entry: its checksum (4 bytes each) and, for the rare
 * long ones, how many pieces it has. So a read is held against what was written, not merely against
 * what LevelDB shows beside it: an older, self-consistent entry of the same index is told apart.
 *
 *   chunk 0             chunk 1             chunk 2
 *   |. . . .|anchor     |                   |      last|          what lies before the anchor's chunk is let go
 *   base
 *
 * Not the log: no payloads, no terms.
 */

import type { Index } from "@redoubt/raft";
import { assert } from "./assert.js";
import { CHECKSUM_CHUNK_ENTRIES } from "./constants.js";
import { pieceCount } from "./records.js";

export class EntryTable {
  /** The entry before the first. */
  #anchorIndex: Index;
  #anchorChecksum: number;
  /** Index of the first place of the first chunk. */
  #base: Index;
  #chunks: Uint32Array[] = [];
  readonly #pieces = new Map<Index, number>();
  #lastIndex: Index;

  constructor(anchorIndex: Index, anchorChecksum: number) {
    this.#anchorIndex = anchorIndex;
    this.#anchorChecksum = anchorChecksum;
    this.#base = anchorIndex + 1;
    this.#lastIndex = anchorIndex;
  }

  get firstIndex(): Index {
    return this.#anchorIndex + 1;
  }

  get lastIndex(): Index {
    return this.#lastIndex;
  }

  get lastChecksum(): number {
    return this.checksumAt(this.#lastIndex);
  }

  /** Bytes held for checksums. */
  get bytes(): number {
    return this.#chunks.length * CHECKSUM_CHUNK_ENTRIES * Uint32Array.BYTES_PER_ELEMENT;
  }

  checksumAt(index: Index): number {
    assert(index >= this.#anchorIndex && index <= this.#lastIndex, "checksum of a durable entry");
    if (index === this.#anchorIndex) return this.#anchorChecksum;
    const position = index - this.#base;
    const chunk = this.#chunks[Math.floor(position / CHECKSUM_CHUNK_ENTRIES)];
    const checksum = chunk?.[position % CHECKSUM_CHUNK_ENTRIES];
    assert(checksum !== undefined, "the checksum table is dense");
    return checksum;
  }

  piecesAt(index: Index): number {
    return this.#pieces.get(index) ?? 0;
  }

  append(index: Index, checksum: number, payloadBytes: number): void {
    assert(index === this.#lastIndex + 1, "entries are appended in order");
    const position = index - this.#base;
    const chunkIndex = Math.floor(position / CHECKSUM_CHUNK_ENTRIES);
    let chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) {
      chunk = new Uint32Array(CHECKSUM_CHUNK_ENTRIES);
      this.#chunks[chunkIndex] = chunk;
    }
    chunk[position % CHECKSUM_CHUNK_ENTRIES] = checksum;
    const pieces = pieceCount(payloadBytes);
    if (pieces > 0) this.#pieces.set(index, pieces);
    this.#lastIndex = index;
  }

  /** Forgets every entry behind `last`. */
  truncateTo(last: Index): void {
    assert(last >= this.#anchorIndex && last <= this.#lastIndex, "truncation keeps a prefix");
    if (last === this.#lastIndex) return;
    this.#lastIndex = last;
    this.#chunks.length = Math.ceil((last + 1 - this.#base) / CHECKSUM_CHUNK_ENTRIES);
    for (const index of this.#pieces.keys()) if (index > last) this.#pieces.delete(index);
  }

  /** Forgets every entry up to `index`, the anchor from now on. */
  trimTo(index: Index): void {
    assert(index >= this.#anchorIndex && index <= this.#lastIndex, "trimming keeps a suffix");
    this.#anchorChecksum = this.checksumAt(index);
    this.#anchorIndex = index;
    const chunks = Math.floor((index + 1 - this.#base) / CHECKSUM_CHUNK_ENTRIES);
    this.#chunks.splice(0, chunks);
    this.#base += chunks * CHECKSUM_CHUNK_ENTRIES;
    for (const at of this.#pieces.keys()) if (at <= index) this.#pieces.delete(at);
  }

  /** Forgets everything: the table of an empty log behind another anchor. */
  reset(anchorIndex: Index, anchorChecksum: number): void {
    this.#anchorIndex = this.#lastIndex = anchorIndex;
    this.#anchorChecksum = anchorChecksum;
    this.#base = anchorIndex + 1;
    this.#chunks = [];
    this.#pieces.clear();
  }
}
