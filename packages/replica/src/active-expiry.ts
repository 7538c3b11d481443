/**
 * The leader's active expiry cycle: deletes what has expired without being asked for, by effects, so that
 * followers' memory shrinks and log time moves on. Sampling after Redis (expire.c, activeExpireCycle).
 */

import type { Index } from "@redoubt/raft";
import {
  BATCH_BYTES_MAX,
  EXPIRY_CYCLE_INTERVAL_MS,
  EXPIRY_SAMPLE_KEYS,
  EXPIRY_SAMPLES_MAX,
} from "./constants.js";
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
    const { batch, txn } = this.#speculation;
    txn.begin(this.#speculation.open(nextIndex, this.#clock.wallMs()), "lead");
    for (let sample = 0; sample < EXPIRY_SAMPLES_MAX; sample++) {
      let expired = 0;
      for (let i = 0; i < EXPIRY_SAMPLE_KEYS; i++) {
        // Names may be long: an entry has room for one more effect behind a full batch.
        if (batch.bytes >= BATCH_BYTES_MAX) return;
        const key = keyspace.randomVolatileKey(this.#random);
        if (key === undefined) break;
        if (txn.has(key)) continue;
        expired += 1;
        this.expiredKeys += 1;
      }
      if (expired <= EXPIRY_SAMPLE_KEYS / 4) break;
    }
  }

  /** Monotonic ms of the next cycle; Infinity when there is nothing to expire or no one to do it. */
  nextDeadlineMs(executing: boolean): number {
    const idle = !executing || this.#speculation.keyspace.volatileSize === 0;
    return idle ? Number.POSITIVE_INFINITY : this.#nextCycleMs;
  }
}
