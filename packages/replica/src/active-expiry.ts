/**
 * The leader's active expiry cycle: deletes what has expired without being asked for, by effects, so that
 * followers' memory shrinks and log time moves on. Sampling after Redis (expire.c, activeExpireCycle).
 */

import type { Index } from "@redoubt/raft";
import { EXPIRY_CYCLE_INTERVAL_MS, EXPIRY_SAMPLE_KEYS, EXPIRY_SAMPLES_MAX } from "./constants.js";
import type { Clock, Random } from "./ports.js";
import type { Speculation } from "./speculation.js";

export class ActiveExpiry {
  readonly #speculation: Speculation;
  readonly #clock: Clock;
  readonly #random: () => number;
  #nextCycleMs = 0;
  /** Keys this cycle deleted since start. */
  expiredKeys = 0;

  constructor(speculation: Speculation, clock: Clock, random: Random) {
    this.#speculation = speculation;
    this.#clock = clock;
    this.#random = () => random.next();
  }

  /** On a serving leader, in its turn. Does nothing until the next cycle is due. */
  run(nowMs: number, nextIndex: Index): void {
    const { keyspace } = this.#speculation;
    if (keyspace.volatileSize === 0 || nowMs < this.#nextCycleMs) return;
    this.#nextCycleMs = nowMs + EXPIRY_CYCLE_INTERVAL_MS;
    const { txn } = this.#speculation;
    txn.begin(this.#speculation.open(nextIndex, this.#clock.wallMs()), "lead");
    for (let sample = 0; sample < EXPIRY_SAMPLES_MAX; sample++) {
      let expired = 0;
      for (let i = 0; i < EXPIRY_SAMPLE_KEYS; i++) {
        const key = keyspace.randomVolatileKey(this.#random);
        if (key === undefined) break;
        if (!txn.has(key)) expired += 1;
      }
      this.expiredKeys += expired;
      if (expired <= EXPIRY_SAMPLE_KEYS / 4) break;
    }
  }

  /** Monotonic ms of the next cycle; Infinity when there is nothing to expire or no one to do it. */
  nextDeadlineMs(serving: boolean): number {
    const idle = !serving || this.#speculation.keyspace.volatileSize === 0;
    return idle ? Number.POSITIVE_INFINITY : this.#nextCycleMs;
  }
}
