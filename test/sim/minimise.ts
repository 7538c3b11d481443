/**
 * The fewest faults that still fail with the same checker: delta debugging (Zeller, "Simplifying and isolating
 * failure-inducing input") over the list of strikes, which a run can be repeated with any part of. What is
 * left out changes what comes after, so the rest may fail for another reason: only the same checker counts.
 */

import type { RecordedFault } from "./faults/faults.js";
import { type RunOptions, type RunResult, run } from "./run.js";

export interface Minimised {
  readonly faults: readonly RecordedFault[];
  readonly result: RunResult;
  readonly runs: number;
}

/** When to stop although fewer faults might do. */
export interface Bounds {
  readonly runsMax: number;
  readonly timeMs: number;
}

const BOUNDS: Bounds = { runsMax: 300, timeMs: 60_000 };

/** `result`: of a run with these options that failed. */
export function minimise(options: RunOptions, result: RunResult, bounds = BOUNDS): Minimised {
  const checker = result.violation?.checker;
  if (checker === undefined) throw new Error("only a run that failed is minimised");
  const endMs = performance.now() + bounds.timeMs;
  let runs = 0;
  let best = result;
  // What was to strike after the end had no part in it.
  let faults = result.faultList.filter(({ atMs }) => atMs <= result.virtualMs);
  const isOver = (): boolean => runs >= bounds.runsMax || performance.now() > endMs;
  const stillFails = (some: readonly RecordedFault[]): boolean => {
    runs += 1;
    const again = run({ ...options, faults: some });
    if (again.violation?.checker !== checker) return false;
    best = again;
    return true;
  };
  if (!stillFails(faults)) return { faults: result.faultList, result, runs };
  if (faults.length > 0 && stillFails([])) return { faults: [], result: best, runs };
  let parts = 2;
  while (faults.length >= 2 && !isOver()) {
    const size = Math.ceil(faults.length / parts);
    const without = startsOf(faults, size)
      .map((from) => faults.filter((_, at) => at < from || at >= from + size))
      .find((some) => !isOver() && stillFails(some));
    if (without !== undefined) {
      faults = without;
      parts = Math.max(2, parts - 1);
    } else if (size > 1) {
      parts = Math.min(faults.length, parts * 2);
    } else {
      break;
    }
  }
  return { faults, result: best, runs };
}

function startsOf(faults: readonly RecordedFault[], size: number): number[] {
  return Array.from({ length: Math.ceil(faults.length / size) }, (_, part) => part * size);
}
