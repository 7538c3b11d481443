/** Sums and maxima of what had happened by a time: filled first, asked then, each question in logarithmic time. */

import type { Microseconds } from "../history/event.js";

interface Step {
  readonly time: Microseconds;
  readonly value: number;
}

/** The sum of all values up to a time. */
export class StepSum {
  readonly #steps: Step[] = [];
  #sums: number[] | null = null;

  add(time: Microseconds, value: number): void {
    this.#steps.push({ time, value });
    this.#sums = null;
  }

  /** Of those at a time below `time`. */
  before(time: Microseconds): number {
    const sums = this.#sorted();
    return sums[countBelow(this.#steps, time)]!;
  }

  /** Of those at `time` too. */
  upTo(time: Microseconds): number {
    return this.before(time + 1);
  }

  #sorted(): readonly number[] {
    if (this.#sums !== null) return this.#sums;
    this.#steps.sort((a, b) => a.time - b.time);
    const sums = [0];
    for (const { value } of this.#steps) sums.push(sums.at(-1)! + value);
    this.#sums = sums;
    return sums;
  }
}

/** The greatest value up to a time, and whose it was. */
export class PrefixMax<T> {
  readonly #steps: (Step & { readonly of: T })[] = [];
  #best: T[] | null = null;

  add(time: Microseconds, value: number, of: T): void {
    this.#steps.push({ time, value, of });
    this.#best = null;
  }

  /** Of those at a time below `time`; null: there are none. */
  before(time: Microseconds): T | null {
    const best = this.#sorted();
    return best[countBelow(this.#steps, time) - 1] ?? null;
  }

  #sorted(): readonly T[] {
    if (this.#best !== null) return this.#best;
    this.#steps.sort((a, b) => a.time - b.time);
    const best: T[] = [];
    let top: Step | null = null;
    for (const step of this.#steps) {
      const isNew: boolean = top === null || step.value > top.value;
      if (isNew) top = step;
      best.push(isNew ? step.of : best.at(-1)!);
    }
    this.#best = best;
    return best;
  }
}

/** `steps` in the order of their times. */
function countBelow(steps: readonly Step[], time: Microseconds): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (steps[middle]!.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
