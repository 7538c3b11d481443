/**
 * The leader's active expiry: deletes what has expired without being asked for, by effects, so that memory
 * shrinks on every node and log time moves on. Followers delete nothing by themselves (traps 31, 34).
 *
 * Sampling after Redis (expire.c, activeExpireCycle): a cycle looks at random keys that have a deadline, and
 * goes on as long as more than an acceptable share of the last sample was expired and its time is not used up.
 *
 *   cycle due --> sample, sample, ...  --> few were expired, or the cycle's time is used up: over
 *                   ^            |
 *                   '- next turn-'  the turn's time, its samples or the open batch are full
 *
 * Behind a cycle whose time was used up, short cycles use the time until the next: a million keys of one second are
 * gone in some seconds, and nobody waits longer than a millisecond for it.
 *
 * Differs from Redis: samples are random, not the next of a walk, and a cycle is spread over turns.
 */

import type { Index } from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  BATCH_BYTES_MAX,
  EXPIRY_CYCLES_PER_SECOND,
  EXPIRY_EFFORT_MAX,
  EXPIRY_EFFORT_MIN,
  EXPIRY_FAST_MS,
  EXPIRY_FAST_MS_STEP,
  EXPIRY_MS_PER_TURN_MAX,
  EXPIRY_SAMPLE_KEYS,
  EXPIRY_SAMPLES_PER_TURN_MAX,
  EXPIRY_STALE_AVERAGE_WEIGHT,
  EXPIRY_STALE_PERCENT,
  EXPIRY_TIME_PERCENT,
  EXPIRY_TIME_PERCENT_STEP,
} from "./constants.js";
import type { Clock, Random } from "./ports.js";
import type { Speculation } from "./speculation.js";

export const EXPIRY_CYCLE_INTERVAL_MS = 1000 / EXPIRY_CYCLES_PER_SECOND;

/** What an effort of 1 to 10 means. */
export interface ExpiryEffort {
  readonly sampleKeys: number;
  /** Percent of a sample that may be expired without another one being taken. */
  readonly stalePercentMax: number;
  /** What one cycle may take, over all its turns. */
  readonly cycleMsMax: number;
  /** What a short cycle may take; as long, the node does something else. */
  readonly fastMsMax: number;
}

export function expiryEffort(effort: number): ExpiryEffort {
  assert(effort >= EXPIRY_EFFORT_MIN && effort <= EXPIRY_EFFORT_MAX, "effort is in its range");
  const steps = effort - EXPIRY_EFFORT_MIN;
  const timePercent = EXPIRY_TIME_PERCENT + EXPIRY_TIME_PERCENT_STEP * steps;
  return {
    sampleKeys: EXPIRY_SAMPLE_KEYS + (EXPIRY_SAMPLE_KEYS / 4) * steps,
    stalePercentMax: EXPIRY_STALE_PERCENT - steps,
    cycleMsMax: (EXPIRY_CYCLE_INTERVAL_MS * timePercent) / 100,
    fastMsMax: EXPIRY_FAST_MS + EXPIRY_FAST_MS_STEP * steps,
  };
}

export class ActiveExpiry {
  readonly #speculation: Speculation;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #effort: () => number;
  #nextCycleMs = 0;
  /** The cycle under way: milliseconds it took, keys it looked at, those of them that were expired. */
  #underWay = false;
  #spentMs = 0;
  #sampled = 0;
  #expired = 0;

  /** The last cycle left more than is acceptable: short ones follow it. Monotonic ms of the next of them. */
  #behind = false;
  #nextFastMs = 0;

  /** Share of expired keys among those with a deadline, 0 to 1: the mean of late cycles. An estimate. */
  staleShare = 0;
  /** Cycles that ended because their time was used up. */
  timeCapReached = 0;

  /** `effort`: 1 to 10, read at every turn. */
  constructor(speculation: Speculation, clock: Clock, random: Random, effort: () => number) {
    this.#speculation = speculation;
    this.#clock = clock;
    this.#random = () => random.next();
    this.#effort = effort;
  }

  /** On a serving leader that admits, in its turn. Does nothing until the next cycle is due. */
  run(nowMs: number, nextIndex: Index): void {
    if (!this.#underWay) {
      if (this.#speculation.keyspace.volatileSize === 0) return;
      if (nowMs < this.#nextCycleMs) {
        if (this.#behind && nowMs >= this.#nextFastMs) this.#runFast(nowMs, nextIndex);
        return;
      }
      this.#nextCycleMs = nowMs + EXPIRY_CYCLE_INTERVAL_MS;
      this.#underWay = true;
      this.#spentMs = 0;
      this.#sampled = 0;
      this.#expired = 0;
    }
    const effort = expiryEffort(this.#effort());
    const beganMs = this.#clock.monotonicMs();
    const leftMs = Math.max(0, effort.cycleMsMax - this.#spentMs);
    const stale = this.#sampleFor(Math.min(EXPIRY_MS_PER_TURN_MAX, leftMs), effort, nextIndex);
    this.#spentMs += this.#clock.monotonicMs() - beganMs;
    this.#behind = stale;
    if (!stale) {
      this.#endCycle();
    } else if (this.#spentMs >= effort.cycleMsMax) {
      this.timeCapReached += 1;
      this.#nextFastMs = nowMs;
      this.#endCycle();
    }
  }

  /** Monotonic ms of the next turn it has work in; Infinity: nothing to expire, or no one to do it. */
  nextDeadlineMs(executing: boolean): number {
    if (!executing) return Number.POSITIVE_INFINITY;
    // At once: its own beginning is past.
    if (this.#underWay) return this.#nextCycleMs - EXPIRY_CYCLE_INTERVAL_MS;
    const { volatileSize } = this.#speculation.keyspace;
    if (volatileSize === 0) return Number.POSITIVE_INFINITY;
    return this.#behind ? Math.min(this.#nextFastMs, this.#nextCycleMs) : this.#nextCycleMs;
  }

  /** CONFIG RESETSTAT. */
  resetCounters(): void {
    this.staleShare = 0;
    this.timeCapReached = 0;
  }

  #runFast(nowMs: number, nextIndex: Index): void {
    const effort = expiryEffort(this.#effort());
    this.#behind = this.#sampleFor(effort.fastMsMax, effort, nextIndex);
    this.#nextFastMs = nowMs + 2 * effort.fastMsMax;
  }

  /** This turn's part of a cycle. True: too many are expired still. */
  #sampleFor(ms: number, effort: ExpiryEffort, nextIndex: Index): boolean {
    const { batch, txn } = this.#speculation;
    txn.begin(this.#speculation.open(nextIndex, this.#clock.wallMs()), "lead");
    const endMs = this.#clock.monotonicMs() + ms;
    for (let samples = 0; samples < EXPIRY_SAMPLES_PER_TURN_MAX; samples++) {
      // Behind a batch that is full the next command must find room.
      if (batch.bytes >= BATCH_BYTES_MAX) return true;
      if (!this.#sample(effort)) return false;
      if (this.#clock.monotonicMs() >= endMs) return true;
    }
    return true;
  }

  /** True: more of its keys were expired than is acceptable. */
  #sample({ sampleKeys, stalePercentMax }: ExpiryEffort): boolean {
    const { batch, txn, keyspace } = this.#speculation;
    const count = Math.min(sampleKeys, keyspace.volatileSize);
    let looked = 0;
    let expired = 0;
    // Names may be long: an entry has room for one more effect behind a full batch.
    while (looked < count && batch.bytes < BATCH_BYTES_MAX) {
      const key = keyspace.randomVolatileKey(this.#random);
      if (key === undefined) break;
      looked += 1;
      if (!txn.has(key)) expired += 1;
    }
    this.#sampled += looked;
    this.#expired += expired;
    return expired * 100 > looked * stalePercentMax;
  }

  #endCycle(): void {
    this.#underWay = false;
    if (this.#sampled === 0) return;
    const share = this.#expired / this.#sampled;
    this.staleShare += EXPIRY_STALE_AVERAGE_WEIGHT * (share - this.staleShare);
  }
}
