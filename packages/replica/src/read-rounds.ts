/**
 * When reads that wait for the word of a majority ask for it: a round costs every node some 100 us, however many reads
 * share it. So one is under way, and the next begins when it is confirmed and arrivals have paused, as a batch is sealed
 * (`Sealer`), but is held no longer than READ_ROUND_INTERVAL_MS. On a link that is slower than that others begin beside it.
 */

import { READ_LOOKS_MAX, READ_ROUND_INTERVAL_MS, READ_ROUNDS_IN_FLIGHT_MAX } from "./constants.js";

export class ReadRounds {
  #looks = 0;
  /** Monotonic ms of the first look; a turn may take long, so that looks alone bound nothing. */
  #lookedMs = 0;
  #dueMs = Infinity;
  /** Monotonic ms, of the newest round. */
  #beganMs = Number.NEGATIVE_INFINITY;

  /** Monotonic ms at which reads that wait for a round look again; Infinity: they do not wait for time. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** The next turn looks again, whatever happens. */
  get isLooking(): boolean {
    return this.#looks > 0;
  }

  /**
   * Reads wait for a round that has not begun: whether it begins now, beside those `underWay`. `arrivals`: commands that
   * came since the last look, whose clients may have a read that can share it.
   */
  mayBegin(underWay: number, arrivals: number, nowMs: number): boolean {
    this.#dueMs = Infinity;
    if (underWay >= READ_ROUNDS_IN_FLIGHT_MAX) {
      this.#looks = 0;
      return false;
    }
    const dueMs = this.#beganMs + READ_ROUND_INTERVAL_MS;
    if (underWay > 0 && nowMs < dueMs) {
      this.#looks = 0;
      this.#dueMs = dueMs;
      return false;
    }
    if (this.#looks === 0) this.#lookedMs = nowMs;
    const mayHold = this.#looks < READ_LOOKS_MAX && nowMs < this.#lookedMs + READ_ROUND_INTERVAL_MS;
    if (arrivals > 0 && mayHold) {
      this.#looks += 1;
      return false;
    }
    this.#looks = 0;
    this.#beganMs = nowMs;
    return true;
  }

  /** No read waits for a round. */
  idle(): void {
    this.#looks = 0;
    this.#dueMs = Infinity;
  }
}
