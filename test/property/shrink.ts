/**
 * A failing program with as few steps as still fail: parts are left out, then smaller ones (Zeller and
 * Hildebrandt, "Simplifying and isolating failure-inducing input"), at last single commands of EXECs.
 */

import type { Program, Step } from "./program.js";

const RUNS_MAX = 600;

export async function shrink(
  program: Program,
  fails: (program: Program) => Promise<boolean>,
): Promise<Program> {
  let best = program;
  let runs = 0;
  const isWorse = async (steps: readonly Step[]): Promise<boolean> => {
    runs += 1;
    if (runs > RUNS_MAX || !(await fails({ ...best, steps }))) return false;
    best = { ...best, steps };
    return true;
  };
  for (let size = best.steps.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < best.steps.length; ) {
      const without = best.steps.filter((_, at) => at < from || at >= from + size);
      if (!(await isWorse(without))) from += size;
    }
  }
  for (let at = 0; at < best.steps.length; at++) {
    for (let i = 0; ; ) {
      const step = best.steps[at]!;
      if ((step.kind !== "run" && step.kind !== "throw") || i >= step.requests.length) break;
      const requests = step.requests.filter((_, each) => each !== i);
      const steps = best.steps.map((each, j) => (j === at ? { ...step, requests } : each));
      if (!(await isWorse(steps))) i += 1;
    }
  }
  return best;
}
