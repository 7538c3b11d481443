/** A comparison that never happened: each form that a row can have. */

import type { ComparisonRun } from "../comparison/comparison-run.js";
import { type SyntheticPlan, syntheticRun } from "./synthetic-run.js";

export function syntheticComparison(): ComparisonRun[] {
  const cut = { scenario: "master-cut", title: "The master is cut off for 10 s" };
  const pair = {
    scenario: "master-and-one",
    title: "The master and one replica are cut off from the other three",
  };
  const power = { scenario: "power-loss", title: "One node loses power" };
  return [
    run(cut, "redis-async", 1, {}),
    run(cut, "redis-wait1", 0, { dirtyReads: 57 }),
    run(cut, "redoubt-async", 0.5, {}),
    run(cut, "redoubt-raft", 0, {}),
    run(pair, "redis-wait1", 1, {}),
    run(pair, "redis-wait2", 0, { acknowledged: 0, outcome: "fail" }),
    run(pair, "redoubt-raft", 0, {}),
    run(power, "redis-aof-everysec", 0.001, {}),
    run(power, "redis-aof-always", 0, {}),
    run(power, "redis-aof-no", 0, {
      outcome: "invalid run",
      reasons: ["31 operations/s, below 50"],
    }),
    run(power, "redoubt-raft", 0, {}),
  ];
}

function run(
  named: Pick<ComparisonRun, "scenario" | "title">,
  target: string,
  lossShare: number,
  changes: Partial<ComparisonRun["result"]>,
): ComparisonRun {
  const weak = lossShare > 0 || (changes.dirtyReads ?? 0) > 0;
  const plan: Partial<SyntheticPlan> = {
    target,
    weak,
    operations: 1_000,
    seconds: 20,
    episodes: 1,
  };
  const { result } = syntheticRun(plan);
  const lost = Math.ceil(result.lost * lossShare);
  return { ...named, result: { ...result, lost, dirtyReads: 0, ...changes } };
}
