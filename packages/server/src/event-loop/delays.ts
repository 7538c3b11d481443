/** Delays of one kind: how long most were, and what was within the longest. */

import { createHistogram } from "node:perf_hooks";
import { delayDigits, delayUsMax } from "./constants.js";
import type { GcPauses } from "./gc-pauses.js";
import type { Stall } from "./stall.js";

/** Its pauses of the collector are not all told yet. */
export interface OpenStall {
  readonly stall: Omit<Stall, "gc">;
  readonly fromMs: number;
  readonly toMs: number;
}

export class Delays {
  readonly #gc: GcPauses;
  /** Microseconds. */
  readonly #histogram = createHistogram({ lowest: 1, highest: delayUsMax, figures: delayDigits });
  #longestMs = 0;
  #worst: Stall | null = null;
  #open: OpenStall | null = null;

  constructor(gc: GcPauses) {
    this.#gc = gc;
  }

  /** Settles what was found before: its pauses are told by now. True: this one is the longest, and is to be kept. */
  record(ms: number): boolean {
    this.#worst = this.worst;
    this.#open = null;
    this.#histogram.record(Math.min(delayUsMax, Math.max(1, Math.round(ms * 1000))));
    if (ms <= this.#longestMs) return false;
    this.#longestMs = ms;
    return true;
  }

  keep(open: OpenStall): void {
    this.#open = open;
  }

  /** Milliseconds; `percent` of the delays were no longer. */
  at(percent: number): number {
    return this.#histogram.count === 0 ? 0 : this.#histogram.percentile(percent) / 1000;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  /** What the longest was; null: there was none yet. */
  get worst(): Stall | null {
    if (this.#open === null) return this.#worst;
    const { stall, fromMs, toMs } = this.#open;
    return { ...stall, gc: this.#gc.within(fromMs, toMs) };
  }

  reset(): void {
    this.#histogram.reset();
    this.#longestMs = 0;
    this.#worst = null;
    this.#open = null;
  }
}
