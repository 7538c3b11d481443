/**
 * Configurations that a search has been in: which operations are done, and the state behind them. Found by a hash,
 * compared word by word: a violation must not rest on two configurations that happen to have one hash.
 *
 * A configuration that has used more of the unknown operations than one tried before, and is otherwise the same,
 * reaches nothing that the other does not: whatever follows can follow there too. It counts as tried (domination).
 */

const SLOTS_MIN = 64;
const WORDS_MIN = 256;
/** Of an entry in the arena: hash, words of the key, words of the unknown operations. */
const HEADER_WORDS = 3;

/** What all searches together may still take, in words of 4 bytes. */
export interface MemoBudget {
  wordsLeft: number;
}

export class Memo {
  /** Compared entries, ever. */
  comparisons = 0;
  /** The budget is used up: `add` can no longer be trusted to remember. */
  isFull = false;
  readonly #budget: MemoBudget;
  /** Taken from the budget. */
  #charged = 0;
  /** Open addressing; 0: free, else the place of an entry in the arena. */
  #slots = new Int32Array(SLOTS_MIN);
  #arena = new Int32Array(WORDS_MIN);
  /** Place 0 stands for a free slot. */
  #end = 1;
  #entries = 0;

  constructor(budget: MemoBudget) {
    this.#budget = budget;
    this.#charge(SLOTS_MIN + WORDS_MIN);
  }

  /**
   * `words` holds `keyWords` that must be the same and, behind them, `unknownWords` of a set. False: this, or one that
   * dominates it, was there before. The words are copied.
   */
  add(hash: number, words: Int32Array, keyWords: number, unknownWords: number): boolean {
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let at = this.#slots[slot]!; at !== 0; at = this.#slots[slot]!) {
      this.comparisons += 1;
      if (this.#arena[at] === hash && this.#dominates(at, words, keyWords, unknownWords))
        return false;
      slot = (slot + 1) & mask;
    }
    this.#insert(slot, hash, words, keyWords, unknownWords);
    return true;
  }

  /** Gives its words back. */
  release(): void {
    this.#budget.wordsLeft += this.#charged;
    this.#charged = 0;
    this.#slots = new Int32Array(0);
    this.#arena = new Int32Array(0);
  }

  #dominates(at: number, words: Int32Array, keyWords: number, unknownWords: number): boolean {
    const arena = this.#arena;
    if (arena[at + 1] !== keyWords || arena[at + 2] !== unknownWords) return false;
    const from = at + HEADER_WORDS;
    for (let i = 0; i < keyWords; i++) {
      if (arena[from + i] !== words[i]) return false;
    }
    for (let i = keyWords; i < keyWords + unknownWords; i++) {
      if ((arena[from + i]! & ~words[i]!) !== 0) return false;
    }
    return true;
  }

  #insert(
    slot: number,
    hash: number,
    words: Int32Array,
    keyWords: number,
    unknownWords: number,
  ): void {
    const length = HEADER_WORDS + keyWords + unknownWords;
    if (this.#end + length > this.#arena.length) this.#growArena(length);
    if (this.isFull) return;
    const at = this.#end;
    this.#arena[at] = hash;
    this.#arena[at + 1] = keyWords;
    this.#arena[at + 2] = unknownWords;
    for (let i = 0; i < keyWords + unknownWords; i++)
      this.#arena[at + HEADER_WORDS + i] = words[i]!;
    this.#end += length;
    this.#slots[slot] = at;
    this.#entries += 1;
    if (this.#entries * 2 > this.#slots.length) this.#growSlots();
  }

  #growArena(needed: number): void {
    let length = this.#arena.length * 2;
    while (length < this.#end + needed) length *= 2;
    if (!this.#charge(length - this.#arena.length)) return;
    const arena = new Int32Array(length);
    arena.set(this.#arena);
    this.#arena = arena;
  }

  #growSlots(): void {
    if (!this.#charge(this.#slots.length)) return;
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    const mask = this.#slots.length - 1;
    for (const at of before) {
      if (at === 0) continue;
      const hash = this.#arena[at]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = at;
    }
  }

  #charge(words: number): boolean {
    if (this.#budget.wordsLeft < words) {
      this.isFull = true;
      return false;
    }
    this.#budget.wordsLeft -= words;
    this.#charged += words;
    return true;
  }
}
