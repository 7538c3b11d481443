/** `compare`: the rows of EXPECTATIONS.md's second table, played one after the other, and one page about all of them. */

import { join } from "node:path";
import type { ComparisonRun } from "../report/comparison/comparison-run.js";
import { writeComparisonPage } from "../report/comparison-page.js";
import { type ComparisonRow, complaint, readExpectations } from "./expectations.js";
import { known, run } from "./run.js";
import type { RunPlan, RunResult } from "./run-result.js";
import { type Scenario, scenarios } from "./scenarios.js";

export interface CompareOptions {
  /** Made; a directory for each row in it, and the page about all of them. */
  readonly directory: string;
  readonly network: "namespaces" | "proxies";
  readonly seed: number;
  /** Rows whose `scenario target` it matches. */
  readonly only: RegExp;
}

/** How many rows are not as they must be. */
export async function compare(
  { directory, network, seed, only }: CompareOptions,
  say: (line: string) => void,
): Promise<number> {
  const rows = readExpectations().comparison.filter((row) => only.test(nameOf(row)));
  const compared: ComparisonRun[] = [];
  let wrong = 0;
  for (const [at, row] of rows.entries()) {
    const name = nameOf(row);
    const scenario = known(scenarios, row.scenario, "scenario");
    say(`${at + 1} of ${rows.length}: ${name}`);
    const plan = planOf(row, scenario, seed);
    try {
      const result = await run(plan, join(directory, name.replaceAll(/[^\w.-]+/g, "_")), say, {
        network,
        scenario,
      });
      const wrongly = complaint(result, row);
      if (wrongly !== null) wrong += 1;
      say(`${lineOf(result)}${wrongly === null ? "" : `   WRONG: ${wrongly}`}`);
      compared.push({ result, scenario: scenario.name, title: scenario.title });
    } catch (error) {
      wrong += 1;
      say(`no run: ${error instanceof Error ? error.message : String(error)}`);
    }
    // What is there is there, whatever becomes of the rows behind it.
    await writeComparisonPage(directory, compared);
  }
  return wrong;
}

/** Exported for its test. By `scenario` the report names the story and tells how to play it again. */
export function planOf(row: ComparisonRow, scenario: Scenario, seed: number): RunPlan {
  return {
    target: row.target,
    workload: scenario.workload,
    faults: [],
    nodes: row.nodes,
    seconds: scenario.seconds,
    seed,
    scenario: scenario.name,
    ...(row.settings.length === 0 ? {} : { settings: row.settings }),
  };
}

function nameOf({ scenario, target, settings }: ComparisonRow): string {
  return [scenario, target, ...settings].join(" ");
}

/** One line about a run: what its reader wants to know first. */
export function lineOf(result: RunResult): string {
  const { outcome, acknowledged, lost, dirtyReads, longestGapMs, latencyMs, operations } = result;
  const share = acknowledged === 0 ? 0 : (100 * lost) / acknowledged;
  return [
    outcome.padEnd(11),
    `${operations.ok} ok`,
    `${acknowledged} acknowledged`,
    `${lost} lost (${share.toFixed(1)} %)`,
    `${dirtyReads} dirty`,
    `gap ${longestGapMs.toFixed(0)} ms`,
    `p50 ${latencyMs.p50.toFixed(1)} ms`,
    `p99 ${latencyMs.p99.toFixed(1)} ms`,
  ].join("  ");
}
