/** Histories that tests write down or generate: operations that can still be changed. */

import type { Json, Microseconds, Outcome } from "../../history/event.js";
import type { History, Operation } from "../../history/history.js";

export type Draft = { -readonly [Name in keyof Operation]: Operation[Name] };

export interface Told {
  readonly process: number;
  readonly op: string;
  readonly key?: string | null;
  readonly input?: Json;
  readonly output?: Json;
  readonly outcome?: Outcome;
  /** Milliseconds: from its invocation to its completion. */
  readonly ms: readonly [from: number, to: number];
}

const MICROSECONDS = 1_000;

export function draft(told: Told): Draft {
  const { process, op, key = null, input = null, output = null, outcome = "ok", ms } = told;
  return {
    index: -1,
    process,
    op,
    key,
    input,
    output: outcome === "ok" ? output : null,
    outcome,
    invokedAt: ms[0] * MICROSECONDS,
    completedAt: outcome === "info" ? Number.POSITIVE_INFINITY : ms[1] * MICROSECONDS,
    node: 1,
    error: outcome === "ok" ? null : "ERR told so",
  };
}

/** In the order of invocation, numbered. */
export function historyFrom(drafts: readonly Draft[]): History {
  const operations = [...drafts].sort((a, b) => a.invokedAt - b.invokedAt);
  operations.forEach((operation, index) => {
    operation.index = index;
  });
  const endedAt = operations.reduce((latest: Microseconds, { invokedAt, completedAt }) => {
    const last = Number.isFinite(completedAt) ? completedAt : invokedAt;
    return Math.max(latest, last);
  }, 0);
  return { operations, faults: [], failures: [], endedAt };
}

export function told(...all: readonly Told[]): History {
  return historyFrom(all.map(draft));
}
