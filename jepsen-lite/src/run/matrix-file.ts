/**
 * The file of a matrix: one line of JSON for each finished history, appended. Whoever reads it later has everything that
 * is told of a matrix; the histories themselves are gone.
 */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Expectations } from "./expectations.js";
import { complaint, expectationOf } from "./expectations.js";
import type { RunPlan, RunResult } from "./run-result.js";

export interface MatrixLine {
  readonly name: string;
  readonly plan: RunPlan;
  readonly commit: string | null;
  readonly outcome: RunResult["outcome"];
  /** null: as it must be. */
  readonly wrong: string | null;
  readonly reasons: readonly string[];
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly dirtyReads: number;
  /** Nodes that held other data than another behind the same entry. */
  readonly digestDifferences: number;
  readonly episodes: number;
  readonly longestGapMs: number;
  /** Of each checker that found something the first, by kind. */
  readonly anomalies: readonly string[];
  /** Undecided checkers. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** What a history is known by: its plan in words. */
export function nameOf({ target, workload, faults, nodes, seconds, seed }: RunPlan): string {
  return `${target} ${workload} ${faults.join(",")} nodes ${nodes} ${seconds} s seed ${seed}`;
}

/** By name; of one that was run again the newest. A line that a crash cut off is as if it were not there. */
export function linesOf(path: string): Map<string, MatrixLine> {
  const lines = new Map<string, MatrixLine>();
  if (!existsSync(path)) return lines;
  for (const text of readFileSync(path, "utf8").split("\n")) {
    try {
      const line = JSON.parse(text) as MatrixLine;
      lines.set(line.name, line);
    } catch {
      // Empty, or torn.
    }
  }
  return lines;
}

/** Behind what a crash cut off a new line begins. */
export function addLine(path: string, line: MatrixLine): void {
  const isTorn = existsSync(path) && !/(^|\n)$/.test(readFileSync(path, "utf8"));
  appendFileSync(path, `${isTorn ? "\n" : ""}${JSON.stringify(line)}\n`);
}

export function lineFrom(result: RunResult, expectations: Expectations): MatrixLine {
  const { plan, commit, outcome, reasons, operations, verdicts, notes, faults } = result;
  const digests = verdicts.find(({ checker }) => checker === "digests");
  return {
    name: nameOf(plan),
    plan,
    commit,
    outcome,
    wrong: complaint(result, expectationOf(plan, expectations)),
    reasons,
    ...operations,
    acknowledged: result.acknowledged,
    lost: result.lost,
    dirtyReads: result.dirtyReads,
    digestDifferences: digests?.figures.differences ?? 0,
    episodes: faults.length,
    longestGapMs: result.longestGapMs,
    anomalies: verdicts.flatMap(({ anomalies }) => {
      const [first] = anomalies;
      return first === undefined ? [] : [`${first.kind}: ${first.text}`];
    }),
    unknown: verdicts
      .filter(({ validity }) => validity === "unknown")
      .map(({ checker }) => checker),
    notes,
  };
}
