/** One run among those that are compared, and the order in which they are told. */

import type { RunResult } from "../../run/run-result.js";

export interface ComparisonRun {
  readonly result: RunResult;
  /** Runs of one scenario are compared with each other. */
  readonly scenario: string;
  /** The scenario in words: `The master is cut off for 10 s`. */
  readonly title: string;
}

/** With its number, by which table and details find each other. */
export type NumberedRun = ComparisonRun & { readonly number: number };

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly runs: readonly NumberedRun[];
}

/** Scenarios in the order in which they first come, their runs likewise. */
export function scenariosOf(runs: readonly ComparisonRun[]): Scenario[] {
  const numberedRuns = runs.map((run, at) => ({ ...run, number: at + 1 }));
  const scenarios = new Map<string, NumberedRun[]>();
  for (const run of numberedRuns) {
    const others = scenarios.get(run.scenario);
    if (others === undefined) scenarios.set(run.scenario, [run]);
    else others.push(run);
  }
  return [...scenarios].map(([name, members]) => ({
    name,
    title: members[0]!.title,
    runs: members,
  }));
}

/** A fragment of the page: where a run's details stand. */
export function anchorOf({ number }: NumberedRun): string {
  return `run-${number}`;
}
