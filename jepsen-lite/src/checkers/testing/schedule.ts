/**
 * When clients of a simulated store do what: each one operation at a time, at some moment between its invocation and
 * its completion it takes effect. Whoever carries the effects out in the order of those moments makes a history that is
 * correct by construction.
 */

import type { Outcome } from "../../history/event.js";
import type { Random } from "../../random.js";
import type { Draft } from "./drafts.js";

export interface ScheduleOptions {
  readonly clients: number;
  readonly operations: number;
  /** Of all outcomes. */
  readonly failShare: number;
  readonly infoShare: number;
}

/** One operation's times; what it does is decided when it takes effect. */
export interface Slot {
  readonly process: number;
  readonly invokedAt: number;
  readonly completedAt: number;
  readonly effectAt: number;
  readonly outcome: Outcome;
  /** A failed one never does, an unknown one perhaps. */
  readonly happens: boolean;
}

/** Microseconds. */
const PAUSE_MAX = 400;
const DURATION_MIN = 100;
const DURATION_MAX = 1_100;
/** An unknown operation may take effect so many times later than an answered one. */
const LATE_MAX = 5;

/** In the order in which they take effect. */
export function schedule(random: Random, options: ScheduleOptions): Slot[] {
  const slots: Slot[] = [];
  const clocks = new Array<number>(options.clients).fill(0);
  const processes = clocks.map((_, client) => client);
  let nextProcess = options.clients;
  for (let i = 0; i < options.operations; i++) {
    const client = i % options.clients;
    const outcome = drawOutcome(random, options);
    const duration = DURATION_MIN + random.below(DURATION_MAX - DURATION_MIN);
    const invokedAt = clocks[client]! + 1 + random.below(PAUSE_MAX);
    const spread = outcome === "info" ? duration * LATE_MAX : duration;
    slots.push({
      process: processes[client]!,
      invokedAt,
      completedAt: outcome === "info" ? Number.POSITIVE_INFINITY : invokedAt + duration,
      effectAt: invokedAt + random.next() * spread,
      outcome,
      happens: outcome === "ok" || (outcome === "info" && random.chance(0.5)),
    });
    clocks[client] = invokedAt + duration;
    if (outcome === "info") processes[client] = nextProcess++;
  }
  return slots.sort((a, b) => a.effectAt - b.effectAt);
}

export function draftOf(
  slot: Slot,
  { op, key, input, output }: Pick<Draft, "op" | "key" | "input" | "output">,
): Draft {
  const { process, outcome, invokedAt, completedAt } = slot;
  return {
    index: -1,
    process,
    op,
    key,
    input,
    output: outcome === "ok" ? output : null,
    outcome,
    invokedAt,
    completedAt,
    node: 1,
    error: outcome === "ok" ? null : "ERR simulated",
  };
}

function drawOutcome(random: Random, { failShare, infoShare }: ScheduleOptions): Outcome {
  const drawn = random.next();
  if (drawn < failShare) return "fail";
  return drawn < failShare + infoShare ? "info" : "ok";
}
