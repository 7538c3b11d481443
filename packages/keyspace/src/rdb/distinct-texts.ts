/** Texts seen before, however many: one Set throws at 2^24. */

import { SET_MEMBERS_MAX } from "../constants.js";

export class DistinctTexts {
  readonly #sets: Set<string>[] = [new Set()];

  get size(): number {
    return this.#sets.reduce((sum, set) => sum + set.size, 0);
  }

  has(text: string): boolean {
    const sets = this.#sets;
    for (let i = 0; i < sets.length; i++) {
      if (sets[i]!.has(text)) return true;
    }
    return false;
  }

  /** False: it was there. */
  add(text: string): boolean {
    if (this.has(text)) return false;
    let last = this.#sets.at(-1)!;
    if (last.size >= SET_MEMBERS_MAX) {
      last = new Set();
      this.#sets.push(last);
    }
    last.add(text);
    return true;
  }
}
