/**
 * The clocks of one machine, by virtual time. The monotonic one runs at a rate of its own and never goes back;
 * the wall clock runs at the same rate and jumps. A suspended machine's monotonic clock stands still while the
 * wall clock goes on: that is how a process may notice (trap 15).
 */

import type { Clock } from "@redoubt/replica";
import type { EventQueue } from "./event-queue.js";

const EPOCH_MS = 1_700_000_000_000;

export class SimulatedClock implements Clock {
  readonly #queue: EventQueue;
  #rate = 1;
  /** The monotonic clock at a moment of virtual time. */
  #base = 0;
  #sinceMs = 0;
  #latest = 0;
  /** Wall clock less monotonic clock. */
  wallOffsetMs = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  monotonicMs(): number {
    // Asked while the machine is suspended: it stands.
    this.#latest = Math.max(this.#latest, this.#counted());
    return this.#latest;
  }

  wallMs(): number {
    return Math.floor(EPOCH_MS + this.monotonicMs() + this.wallOffsetMs);
  }

  /** 0.01: from now on it gains one percent. */
  set drift(drift: number) {
    this.#base = this.#counted();
    this.#sinceMs = this.#queue.nowMs;
    this.#rate = 1 + drift;
  }

  /** The monotonic clock stands still for so long from now on; the wall clock doesn't. */
  suspend(durationMs: number): void {
    this.monotonicMs();
    this.#base -= durationMs * this.#rate;
    this.wallOffsetMs += durationMs * this.#rate;
  }

  /** Virtual time at which the monotonic clock reaches `deadlineMs`, as it runs now. */
  whenMs(deadlineMs: number): number {
    return this.#queue.nowMs + Math.max(0, deadlineMs - this.#counted()) / this.#rate;
  }

  #counted(): number {
    return this.#base + (this.#queue.nowMs - this.#sinceMs) * this.#rate;
  }
}
