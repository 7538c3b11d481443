/**
 * The term of every entry of the log, run-length encoded: terms never decrease along a log, so a run
 * is [its first index, its term]. A handful of runs describe millions of entries, which is why the core
 * never asks storage for a term.
 */
import { assert } from "./assert.js";
import type { Index, Term } from "./types.js";

export class TermRuns {
  readonly #firsts: Index[] = [];
  readonly #terms: Term[] = [];

  constructor(runs: readonly (readonly [Index, Term])[]) {
    for (const [first, term] of runs) {
      const at = this.#firsts.length;
      assert(
        at === 0 ? first === 1 : first > this.#firsts[at - 1]!,
        "term runs must ascend from 1",
      );
      assert(term > (this.#terms[at - 1] ?? 0), "terms must rise from run to run");
      this.#firsts.push(first);
      this.#terms.push(term);
    }
  }

  /** The caller keeps indexes contiguous; only the term can be new here. */
  append(index: Index, term: Term): void {
    const last = this.#terms.length - 1;
    const lastTerm = last < 0 ? 0 : this.#terms[last]!;
    if (term === lastTerm) return;
    assert(term > lastTerm, "terms never decrease along the log");
    this.#firsts.push(index);
    this.#terms.push(term);
  }

  truncateFrom(index: Index): void {
    while (this.#firsts.length > 0 && this.#firsts[this.#firsts.length - 1]! >= index) {
      this.#firsts.pop();
      this.#terms.pop();
    }
  }

  /** Term at `index`, which is inside the log; 0 at index 0. */
  termAt(index: Index): Term {
    const run = this.#runAt(index);
    return run < 0 ? 0 : this.#terms[run]!;
  }

  /** The largest index <= `index` whose term is <= `term`; 0 when there is none. */
  lastIndexWithTermAtMost(index: Index, term: Term): Index {
    let found = index;
    for (let run = this.#runAt(index); run >= 0; run -= 1) {
      if (this.#terms[run]! <= term) return found;
      found = this.#firsts[run]! - 1;
    }
    return found;
  }

  #runAt(index: Index): number {
    // Nearly every question is about the newest term.
    let run = this.#firsts.length - 1;
    if (run >= 0 && this.#firsts[run]! <= index) return run;
    let low = 0;
    while (low < run) {
      const middle = (low + run) >> 1;
      if (this.#firsts[middle]! <= index) low = middle + 1;
      else run = middle;
    }
    return low - 1;
  }
}
