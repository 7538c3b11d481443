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

  /** Behind which the runs begin; its own term goes on until the first run. */
  #base: Index;
  #baseTerm: Term;

  /** `base`: the last index before the log, and its term. 0, 0: the log begins at 1. */
  constructor(runs: readonly (readonly [Index, Term])[], base: Index, baseTerm: Term) {
    this.#base = base;
    this.#baseTerm = baseTerm;
    for (const [first, term] of runs) {
      const at = this.#firsts.length;
      assert(
        at === 0 ? first === base + 1 : first > this.#firsts[at - 1]!,
        "term runs must ascend from the log's first index",
      );
      assert(
        at === 0 ? term >= Math.max(baseTerm, 1) : term > this.#terms[at - 1]!,
        "terms must rise from run to run",
      );
      this.#firsts.push(first);
      this.#terms.push(term);
    }
  }

  /** The caller keeps indexes contiguous; only the term can be new here. */
  append(index: Index, term: Term): void {
    const last = this.#terms.length - 1;
    const lastTerm = last < 0 ? this.#baseTerm : this.#terms[last]!;
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

  /** Forgets everything before `index`, which becomes the base. */
  trimTo(index: Index): void {
    const run = this.#runAt(index);
    this.#base = index;
    if (run < 0) return;
    this.#baseTerm = this.#terms[run]!;
    this.#firsts.splice(0, run + 1);
    this.#terms.splice(0, run + 1);
  }

  /** Forgets everything: the log begins anew behind `base`. */
  reset(base: Index, baseTerm: Term): void {
    this.#firsts.length = 0;
    this.#terms.length = 0;
    this.#base = base;
    this.#baseTerm = baseTerm;
  }

  /** Term at `index`, which is inside the log or its base. */
  termAt(index: Index): Term {
    const run = this.#runAt(index);
    return run < 0 ? this.#baseTerm : this.#terms[run]!;
  }

  /** The largest index <= `index` whose term is <= `term`; the base when there is none behind it. */
  lastIndexWithTermAtMost(index: Index, term: Term): Index {
    let found = index;
    for (let run = this.#runAt(index); run >= 0; run -= 1) {
      if (this.#terms[run]! <= term) return found;
      found = this.#firsts[run]! - 1;
    }
    return this.#baseTerm <= term ? found : this.#base;
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
