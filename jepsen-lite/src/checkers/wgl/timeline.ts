/**
 * One key's operations as a search sees them: the answered ones as calls and returns in the order of their times, in a
 * doubly linked list from which what is done is lifted (Lowe, "Testing for linearizability", 2017); those of unknown
 * outcome apart, since nothing ever forces them.
 *
 * ```
 * operations    0 ├──────────┤   1 ├────┤          entries  head  call 0  call 1  return 1  return 0
 * ```
 */

import type { Operation } from "../../history/history.js";
import type { Model } from "../model.js";

export class Timeline {
  /** Outcome `ok`, in the order of invocation. */
  readonly answered: readonly Operation[];
  /** Outcome `info` that may change something, in the order of invocation. */
  readonly unknown: readonly Operation[];
  /** By entry: its index in `answered`; entry 0 is the head. */
  readonly operationOf: Int32Array;
  readonly isReturn: Uint8Array;
  readonly next: Int32Array;
  readonly callOf: Int32Array;
  readonly returnOf: Int32Array;
  /** By answered operation: how many are called before it returns. What is done beside it is among those. */
  readonly calledBefore: Int32Array;
  /** By entry of a return: how many of `unknown` are invoked by then. */
  readonly unknownBefore: Int32Array;
  /** By unknown operation: the one before that asked the same, which comes first; -1: none. */
  readonly twin: Int32Array;
  readonly #previous: Int32Array;

  /** `operations`: of one key, failed ones left out. */
  constructor(operations: readonly Operation[], model: Model) {
    const ordered = [...operations].sort((a, b) => a.invokedAt - b.invokedAt);
    this.answered = ordered.filter(({ outcome }) => outcome === "ok");
    this.unknown = ordered.filter((each) => each.outcome === "info" && !model.changesNothing(each));
    const count = this.answered.length;
    const entries = 2 * count + 1;
    this.operationOf = new Int32Array(entries).fill(-1);
    this.isReturn = new Uint8Array(entries);
    this.next = Int32Array.from({ length: entries }, (_, i) => (i + 1 < entries ? i + 1 : -1));
    this.#previous = Int32Array.from({ length: entries }, (_, i) => i - 1);
    this.callOf = new Int32Array(count);
    this.returnOf = new Int32Array(count);
    this.calledBefore = new Int32Array(count);
    this.unknownBefore = new Int32Array(entries);
    this.twin = twins(this.unknown);
    this.#lay();
  }

  /** Takes an operation out: it is done. */
  lift(operation: number): void {
    this.#unlink(this.callOf[operation]!);
    this.#unlink(this.returnOf[operation]!);
  }

  /** Undoes the last `lift`. */
  unlift(operation: number): void {
    this.#relink(this.returnOf[operation]!);
    this.#relink(this.callOf[operation]!);
  }

  /** Merges calls and returns. At equal times a call comes first: concurrent is the weaker claim. */
  #lay(): void {
    const { answered, unknown } = this;
    const byReturn = Int32Array.from({ length: answered.length }, (_, i) => i).sort(
      (a, b) => answered[a]!.completedAt - answered[b]!.completedAt || a - b,
    );
    let called = 0;
    let invoked = 0;
    let entry = 1;
    for (const returning of byReturn) {
      const returnedAt = answered[returning]!.completedAt;
      while (called < answered.length && answered[called]!.invokedAt <= returnedAt) {
        this.operationOf[entry] = called;
        this.callOf[called] = entry;
        called += 1;
        entry += 1;
      }
      while (invoked < unknown.length && unknown[invoked]!.invokedAt <= returnedAt) invoked += 1;
      this.operationOf[entry] = returning;
      this.isReturn[entry] = 1;
      this.returnOf[returning] = entry;
      this.calledBefore[returning] = called;
      this.unknownBefore[entry] = invoked;
      entry += 1;
    }
  }

  #unlink(entry: number): void {
    const previous = this.#previous[entry]!;
    const next = this.next[entry]!;
    this.next[previous] = next;
    if (next >= 0) this.#previous[next] = previous;
  }

  #relink(entry: number): void {
    this.next[this.#previous[entry]!] = entry;
    const next = this.next[entry]!;
    if (next >= 0) this.#previous[next] = entry;
  }
}

function twins(unknown: readonly Operation[]): Int32Array {
  const last = new Map<string, number>();
  return Int32Array.from(unknown, ({ op, input }, i) => {
    const asked = JSON.stringify([op, input]);
    const twin = last.get(asked) ?? -1;
    last.set(asked, i);
    return twin;
  });
}
