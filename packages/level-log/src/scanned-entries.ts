/**
 * What the opening scan has read and proved, kept for the one time a restart applies it: read again it would cost
 * LevelDB's lookup and another proof an entry, which is a fifth of a restart with a long log.
 *
 *   ... snapshot | forgotten | kept ... | not kept: more than SCANNED_BYTES_MAX
 *
 * Not a cache: nothing comes in after the scan, and what was read, or truncated, or installed over, is let go.
 */

import type { Entry, Index } from "@redoubt/raft";
import { assert } from "./assert.js";
import { SCANNED_BYTES_MAX, SCANNED_ENTRY_BYTES } from "./constants.js";

export class ScannedEntries {
  /** Those up to it are in the snapshot that a restart loads. */
  readonly #behind: Index;
  /** Index of the first place. */
  #base: Index = 0;
  /** In order, without a gap; undefined: forgotten. */
  #entries: (Entry | undefined)[] = [];
  /** Places before it are forgotten. */
  #from = 0;
  #bytes = 0;
  #isFull = false;

  constructor(behind: Index) {
    this.#behind = behind;
  }

  /** The next one that the scan has proved. Its payload is kept as it is. */
  add(entry: Entry): void {
    if (entry.index <= this.#behind || this.#isFull) return;
    this.#bytes += entry.payload.length + SCANNED_ENTRY_BYTES;
    if (this.#bytes > SCANNED_BYTES_MAX) {
      this.#isFull = true;
      return;
    }
    if (this.#entries.length === 0) this.#base = entry.index;
    assert(entry.index === this.#base + this.#entries.length, "entries are scanned in order");
    this.#entries.push(entry);
  }

  /** undefined: it has to be read. */
  at(index: Index): Entry | undefined {
    return this.#entries[index - this.#base];
  }

  /** They were read, or will be by whoever reads them again. */
  forgetBefore(index: Index): void {
    const end = Math.min(index - this.#base, this.#entries.length);
    for (; this.#from < end; this.#from++) this.#entries[this.#from] = undefined;
    if (this.#from > 0 && this.#from === this.#entries.length) this.forget();
  }

  /** The log ends with `last`, or goes on otherwise behind it. */
  truncateTo(last: Index): void {
    const count = Math.max(last + 1 - this.#base, 0);
    if (count >= this.#entries.length) return;
    this.#entries.length = count;
    this.#from = Math.min(this.#from, count);
  }

  forget(): void {
    this.#entries = [];
    this.#from = 0;
  }
}
