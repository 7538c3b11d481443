/**
 * The window of appends on their way to one peer, bounded in messages and in bytes (trap 20). A ring:
 * acknowledgements free from the old end. An append larger than the byte bound passes when it is first
 * to cross it, so that any entry can be sent.
 */
import { assert } from "./assert.js";
import type { Index } from "./types.js";

export class Inflights {
  readonly #appendsMax: number;
  readonly #bytesMax: number;
  readonly #lastIndexes: Index[] = [];
  readonly #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(appendsMax: number, bytesMax: number) {
    assert(appendsMax >= 1 && bytesMax >= 1, "a window lets at least one append through");
    this.#appendsMax = appendsMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get full(): boolean {
    return this.#count >= this.#appendsMax || this.#bytes >= this.#bytesMax;
  }

  add(lastIndex: Index, bytes: number): void {
    assert(!this.full, "nothing is sent into a full window");
    const at = (this.#start + this.#count) % this.#appendsMax;
    this.#lastIndexes[at] = lastIndex;
    this.#sizes[at] = bytes;
    this.#count += 1;
    this.#bytes += bytes;
  }

  /** Appends whose last entry is at or below `index` have arrived. */
  freeTo(index: Index): void {
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) % this.#appendsMax;
      this.#count -= 1;
    }
  }

  clear(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }
}
