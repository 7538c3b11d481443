/**
 * How long nobody was served, and how soon after a fault's begin and after its end somebody was again. Being away
 * under a fault is no anomaly; not coming back when all is healed is one.
 */

import type { Microseconds } from "../history/event.js";
import type { History, Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds } from "./words.js";

const MICROSECONDS_PER_MS = 1_000;

/** Asked of single nodes when all is over, or heard unasked: no service to clients. */
const NOT_SERVICE = new Set(["final-read", "digest", "heard", "stale-read"]);

/** It says that clients are served. */
export function isService(op: string): boolean {
  return !NOT_SERVICE.has(op);
}

export interface Recovery {
  readonly name: string;
  readonly afterBeginMs: number | null;
  readonly afterEndMs: number | null;
}

export interface Availability {
  readonly longestGapMs: number;
  /** The same of what changes something: a cluster may answer reads and take no write. */
  readonly longestWriteGapMs: number;
  readonly recoveries: readonly Recovery[];
}

/** `loadEndedAt`: until then clients asked all the time; what comes later is no measure of service. */
export function availabilityOf(history: History, loadEndedAt: Microseconds): Availability {
  const served = history.operations.filter(({ op, outcome }) => outcome === "ok" && isService(op));
  const ends = endsOf(served);
  const writeEnds = endsOf(served.filter(({ op }) => !op.startsWith("read")));
  const from = history.operations[0]?.invokedAt ?? 0;
  const firstAfter = (time: Microseconds): number | null => {
    const end = ends.find((each) => each >= time);
    return end === undefined ? null : (end - time) / MICROSECONDS_PER_MS;
  };
  return {
    longestGapMs: longestGapMs(ends, from, loadEndedAt),
    longestWriteGapMs: longestGapMs(writeEnds, from, loadEndedAt),
    recoveries: history.faults.map(({ name, beganAt, endedAt }) => ({
      name,
      afterBeginMs: firstAfter(beganAt),
      afterEndMs: firstAfter(endedAt),
    })),
  };
}

export const availability =
  (loadEndedAt: Microseconds): Checker =>
  (history) => {
    const findings = new Findings("availability");
    const { longestGapMs, longestWriteGapMs, recoveries } = availabilityOf(history, loadEndedAt);
    history.faults.forEach(({ name, endedAt }, at) => {
      if (recoveries[at]!.afterEndMs !== null) return;
      findings.add({
        kind: "no recovery",
        figure: "noRecovery",
        text: `${name} was taken back at ${seconds(endedAt)}, and no operation succeeded from then on.`,
        key: null,
        operations: [],
        impossible: null,
      });
    });
    const known = (values: readonly (number | null)[]): number =>
      Math.max(0, ...values.filter((value) => value !== null));
    return findings.verdict({
      longestGapMs,
      longestWriteGapMs,
      slowestAfterBeginMs: known(recoveries.map(({ afterBeginMs }) => afterBeginMs)),
      slowestAfterEndMs: known(recoveries.map(({ afterEndMs }) => afterEndMs)),
    });
  };

/** In order. */
function endsOf(operations: readonly Operation[]): Microseconds[] {
  return operations.map(({ completedAt }) => completedAt).sort((a, b) => a - b);
}

function longestGapMs(ends: readonly Microseconds[], from: Microseconds, to: Microseconds): number {
  let last = from;
  let longest = 0;
  for (const end of [...ends.filter((each) => each < to), to]) {
    longest = Math.max(longest, end - last);
    last = end;
  }
  return longest / MICROSECONDS_PER_MS;
}
