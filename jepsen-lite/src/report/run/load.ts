/** What charts of a run are made of: its load, apart from the reads behind its end, in windows of time. */

import type { Microseconds } from "../../history/event.js";
import type { History, Operation } from "../../history/history.js";
import { WINDOWS_MAX } from "../constants.js";
import { niceStep } from "../plot/scale.js";

export interface Load {
  readonly operations: readonly Operation[];
  /** When clients stopped asking all the time: what comes later is no measure of service. */
  readonly endedAt: Microseconds;
  /** Where charts end: when the first of the final reads was asked, or the history's end. */
  readonly shownUntil: Microseconds;
  readonly windows: readonly Window[];
  readonly windowUs: Microseconds;
  /** The longest time within the load in which nothing ended `ok`. */
  readonly longestGap: { readonly from: Microseconds; readonly to: Microseconds };
}

export interface Window {
  readonly from: Microseconds;
  /** By the time of the answer; unknown ones have none and count when they were asked. */
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Milliseconds, of operations *asked* in this window that ended `ok`; null: there were none. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number } | null;
}

/** Asked of every node when all is over, or heard unasked: no load, and no measure of latency. */
const NO_LOAD: ReadonlySet<string> = new Set(["final-read", "digest", "heard"]);

/** `seconds` of load, from the first operation on. */
export function loadOf(history: History, seconds: number): Load {
  const operations = history.operations.filter(({ op }) => !NO_LOAD.has(op));
  const final = history.operations.find(({ op }) => op === "final-read");
  const shownUntil = Math.max(1, final?.invokedAt ?? history.endedAt);
  const startedAt = operations[0]?.invokedAt ?? 0;
  const endedAt = Math.min(shownUntil, startedAt + seconds * 1e6);
  const windowUs = niceStep(shownUntil / 1e6, WINDOWS_MAX) * 1e6;
  return {
    operations,
    endedAt,
    shownUntil,
    windows: windowsOf(operations, shownUntil, windowUs),
    windowUs,
    longestGap: longestGapOf(operations, startedAt, endedAt),
  };
}

/** Milliseconds; Infinity when it is unknown. */
export function latencyMs({ invokedAt, completedAt }: Operation): number {
  return (completedAt - invokedAt) / 1000;
}

/** Of sorted values, which are not empty: the smallest that `share` of them do not exceed. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

function windowsOf(
  operations: readonly Operation[],
  shownUntil: Microseconds,
  windowUs: Microseconds,
): Window[] {
  const windows = Array.from({ length: Math.ceil(shownUntil / windowUs) }, () => ({
    ok: 0,
    fail: 0,
    info: 0,
    latencies: [] as number[],
  }));
  const at = (time: Microseconds) =>
    windows[Math.min(windows.length - 1, Math.floor(time / windowUs))]!;
  for (const operation of operations) {
    const { outcome, invokedAt, completedAt } = operation;
    at(outcome === "info" ? invokedAt : completedAt)[outcome] += 1;
    if (outcome === "ok") at(invokedAt).latencies.push(latencyMs(operation));
  }
  return windows.map(({ latencies, ...counts }, index) => ({
    from: index * windowUs,
    ...counts,
    latency: quantilesOf(latencies),
  }));
}

function quantilesOf(latencies: number[]): Window["latency"] {
  if (latencies.length === 0) return null;
  latencies.sort((left, right) => left - right);
  return {
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: latencies[latencies.length - 1]!,
  };
}

function longestGapOf(
  operations: readonly Operation[],
  startedAt: Microseconds,
  endedAt: Microseconds,
): Load["longestGap"] {
  const answers = operations
    .filter(({ op, outcome }) => outcome === "ok" && op !== "stale-read")
    .map(({ completedAt }) => Math.min(completedAt, endedAt))
    .sort((left, right) => left - right);
  let longest = { from: startedAt, to: startedAt };
  let from = startedAt;
  for (const to of [...answers, endedAt]) {
    if (to - from > longest.to - longest.from) longest = { from, to };
    from = to;
  }
  return longest;
}
