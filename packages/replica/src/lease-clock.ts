/**
 * Compares the monotonic clock, which leases count by, with the wall clock (design, section 6; traps 15, 46).
 * A machine that is suspended, a process restored from an image: the monotonic clock may stand still while
 * time passes, and a lease would outlive its term. The wall clock shows it as a jump. What freezes both shows
 * nowhere; README says so.
 */

import { LEASE_CLOCK_JUMP_SHARE } from "./constants.js";
import type { Clock } from "./ports.js";

export class LeaseClock {
  readonly #clock: Clock;
  readonly #jumpMsMax: number;
  readonly #renewMs: number;
  /** Wall minus monotonic time, and when it was taken. */
  #offsetMs: number;
  #takenMs: number;

  constructor(clock: Clock, electionTimeoutMs: number, clockDriftPercentMax: number) {
    this.#clock = clock;
    this.#jumpMsMax = electionTimeoutMs * (clockDriftPercentMax / 100) * LEASE_CLOCK_JUMP_SHARE;
    this.#renewMs = electionTimeoutMs;
    this.#takenMs = clock.monotonicMs();
    this.#offsetMs = clock.wallMs() - this.#takenMs;
  }

  /** A fresh sample of the monotonic clock; NaN: the clocks have moved against each other since the last. */
  sampleMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const offsetMs = this.#clock.wallMs() - nowMs;
    // The wall clock counts whole milliseconds.
    const jumped = Math.abs(offsetMs - this.#offsetMs) > this.#jumpMsMax + 1;
    if (jumped || nowMs - this.#takenMs >= this.#renewMs) {
      this.#offsetMs = offsetMs;
      this.#takenMs = nowMs;
    }
    return jumped ? Number.NaN : nowMs;
  }
}
