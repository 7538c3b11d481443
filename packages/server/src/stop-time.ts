/** What a stop may take: hand-over and last snapshot wait one after the other, and share `shutdown-timeout`. */

export class StopTime {
  readonly #totalMs: () => number;
  readonly #nowMs: () => number;
  #begunMs: number | null = null;

  /** `totalMs` is asked each time: CONFIG SET may say another one. `nowMs` of a monotonic clock. */
  constructor(totalMs: () => number, nowMs: () => number) {
    this.#totalMs = totalMs;
    this.#nowMs = nowMs;
  }

  /** Milliseconds; the first question begins the stop. 0: nothing is left, or nothing was ever given. */
  leftMs(): number {
    this.#begunMs ??= this.#nowMs();
    return Math.max(this.#totalMs() - (this.#nowMs() - this.#begunMs), 0);
  }
}
