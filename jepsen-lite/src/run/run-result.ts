/** What is kept of a run beside its history: `result.json`, from which reports and tables are made. */

import type { Verdict } from "../checkers/verdict.js";
import type { Microseconds, Outcome } from "../history/event.js";

/** What was asked for; with the commit it reproduces the run, timing aside. */
export interface RunPlan {
  readonly target: string;
  readonly workload: string;
  /** Names of faults; none: a calm run, or a scenario. */
  readonly faults: readonly string[];
  readonly nodes: number;
  /** Of load; final reads come after it. */
  readonly seconds: number;
  readonly seed: number;
  /** Of the servers, `name value` each, beside what the target's name says. */
  readonly settings?: readonly string[];
  /** Of the comparison: what happened in place of faults at random. */
  readonly scenario?: string;
}

/**
 * - `pass`: every verdict is valid.
 * - `fail`: one is invalid.
 * - `unknown`: none is invalid, one is undecided.
 * - `invalid run`: too little happened, or the harness failed, to say anything. Never green.
 */
export type RunOutcome = "pass" | "fail" | "unknown" | "invalid run";

/** Milliseconds, from invocation to reply, of operations that ended `ok`. */
export interface LatencyQuantiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface RunResult {
  readonly version: 1;
  readonly plan: RunPlan;
  readonly outcome: RunOutcome;
  /** Why an invalid run is one. */
  readonly reasons: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly operations: Readonly<Record<Outcome, number>>;
  /** Writes that were answered as done, those of them missing at the end, values read that later vanished. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly dirtyReads: number;
  readonly latencyMs: LatencyQuantiles;
  /** The longest time in which no operation anywhere ended `ok`. */
  readonly longestGapMs: number;
  /** Of each fault: from its begin, and from its end, to the next `ok`; null: none came. */
  readonly recoveries: readonly {
    readonly name: string;
    readonly afterBeginMs: number | null;
    readonly afterEndMs: number | null;
  }[];
  readonly faults: readonly {
    readonly name: string;
    readonly text: string;
    readonly beganAt: Microseconds;
    readonly endedAt: Microseconds;
  }[];
  /** Of the code under test; null outside a repository. */
  readonly commit: string | null;
  /** Of server software: `redis-server 7.0.15`, `redoubt 0.1.0`. */
  readonly software: string;
  /** `2 cores, Intel..., Linux 6.1, Node 20.20.2`. */
  readonly machine: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** What was asked for and not available here, and what stood in for it. Never empty in silence. */
  readonly notes: readonly string[];
}
