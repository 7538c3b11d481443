/** From a history and its verdicts to what is kept of a run. */

import { availabilityOf } from "../checkers/availability.js";
import { fateOf, hasVanished, survivalOf } from "../checkers/survival.js";
import type { Verdict } from "../checkers/verdict.js";
import type { Microseconds, Outcome } from "../history/event.js";
import type { History, Operation } from "../history/history.js";
import { OK_PER_SECOND_MIN } from "./constants.js";
import type { LatencyQuantiles, RunOutcome, RunPlan, RunResult } from "./run-result.js";

const MICROSECONDS_PER_MS = 1_000;
const MICROSECONDS_PER_SECOND = 1_000_000;

/** What a run is, besides what happened in it. */
export interface Circumstances {
  readonly plan: RunPlan;
  readonly commit: string | null;
  readonly software: string;
  readonly machine: string;
  readonly startedAt: string;
  readonly notes: readonly string[];
  /** Fault episodes below which it shows nothing. */
  readonly episodesMin: number;
  readonly loadEndedAt: Microseconds;
}

export function summarize(
  history: History,
  verdicts: readonly Verdict[],
  circumstances: Circumstances,
): RunResult {
  const { plan, commit, software, machine, startedAt, notes, loadEndedAt } = circumstances;
  const { longestGapMs, recoveries } = availabilityOf(history, loadEndedAt);
  const reasons = reasonsAgainst(history, circumstances);
  return {
    version: 1,
    plan,
    outcome: reasons.length > 0 ? "invalid run" : outcomeOf(verdicts),
    reasons,
    verdicts,
    operations: countsOf(history),
    ...headline(history),
    latencyMs: latencies(history, loadEndedAt),
    longestGapMs,
    recoveries,
    faults: history.faults.map(({ name, text, beganAt, endedAt }) => ({
      name,
      text,
      beganAt,
      endedAt,
    })),
    commit,
    software,
    machine,
    startedAt,
    notes,
  };
}

function outcomeOf(verdicts: readonly Verdict[]): RunOutcome {
  if (verdicts.some(({ validity }) => validity === "invalid")) return "fail";
  if (verdicts.some(({ validity }) => validity === "unknown")) return "unknown";
  return "pass";
}

/** Why a run shows nothing; none: it does show something. */
function reasonsAgainst(
  history: History,
  { plan, episodesMin, loadEndedAt }: Circumstances,
): string[] {
  const reasons = [...new Set(history.failures)];
  const served = underLoad(history, loadEndedAt);
  const perSecond = served.length / Math.max(plan.seconds, loadEndedAt / MICROSECONDS_PER_SECOND);
  if (perSecond < OK_PER_SECOND_MIN) {
    reasons.push(
      `${perSecond.toFixed(1)} operations a second succeeded, at least ${OK_PER_SECOND_MIN} are needed`,
    );
  }
  if (history.faults.length < episodesMin) {
    reasons.push(`${history.faults.length} fault episodes, at least ${episodesMin} are needed`);
  }
  return reasons;
}

function countsOf(history: History): Record<Outcome, number> {
  const counts = { ok: 0, fail: 0, info: 0 };
  for (const { op, outcome } of history.operations) {
    if (op !== "final-read" && op !== "digest") counts[outcome] += 1;
  }
  return counts;
}

function headline(history: History): Pick<RunResult, "acknowledged" | "lost" | "dirtyReads"> {
  const survival = survivalOf(history);
  const acknowledged = survival.items.filter(({ write }) => write.outcome === "ok");
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((item) => fateOf(item, survival) === "lost").length,
    dirtyReads: survival.items
      .filter(({ seen }) => seen !== null)
      .filter((item) => hasVanished(item, survival)).length,
  };
}

/** What clients were answered with success; what nobody asked for, and what waited for a job in vain, is not in it. */
function underLoad({ operations }: History, loadEndedAt: Microseconds): Operation[] {
  return operations.filter(
    ({ op, outcome, output, completedAt }) =>
      outcome === "ok" &&
      completedAt <= loadEndedAt &&
      op !== "heard" &&
      !(op === "dequeue" && output === null),
  );
}

function latencies(history: History, loadEndedAt: Microseconds): LatencyQuantiles {
  const ms = underLoad(history, loadEndedAt)
    .map(({ invokedAt, completedAt }) => (completedAt - invokedAt) / MICROSECONDS_PER_MS)
    .sort((a, b) => a - b);
  const quantile = (share: number): number =>
    ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0;
  return { p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999), max: ms.at(-1) ?? 0 };
}
