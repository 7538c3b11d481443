/**
 * `EXPECTATIONS.md` as the program reads it: what must pass and what must fail. A run that must fail and passes shows
 * that the checkers see nothing, and is as red as one that must pass and fails.
 */

import { readFileSync } from "node:fs";
import type { RunPlan, RunResult } from "./run-result.js";

/** `either`: shown, not judged. */
export type Must = "pass" | "fail" | "either";

export interface Expectation {
  readonly must: Must;
  /** Of `fail`: kinds of anomalies, one of which has to be among the found ones. */
  readonly by: readonly string[];
}

export interface RunRow extends Expectation {
  /** `*`: any. Several with commas between. */
  readonly target: string;
  readonly workload: string;
  readonly faults: string;
}

export interface ComparisonRow extends Expectation {
  readonly scenario: string;
  readonly target: string;
  readonly nodes: number;
  readonly settings: readonly string[];
}

export interface Expectations {
  /** The first that fits counts. */
  readonly runs: readonly RunRow[];
  readonly comparison: readonly ComparisonRow[];
}

export function readExpectations(
  path: URL | string = new URL("../../EXPECTATIONS.md", import.meta.url),
): Expectations {
  return parseExpectations(readFileSync(path, "utf8"));
}

export function parseExpectations(page: string): Expectations {
  const runs = tableOf(page, ["target", "workload", "faults", "must", "by"]).map(
    ([target, workload, faults, must, by]): RunRow => ({
      target: target!,
      workload: workload!,
      faults: faults!,
      ...expectation(must!, by!),
    }),
  );
  const comparison = tableOf(page, ["scenario", "target", "nodes", "settings", "must", "by"]).map(
    ([scenario, target, nodes, settings, must, by]): ComparisonRow => ({
      scenario: scenario!,
      target: target!,
      nodes: Number(nodes),
      settings: list(settings!),
      ...expectation(must!, by!),
    }),
  );
  return { runs, comparison };
}

/** null: nothing is said about such a run. */
export function expectationOf(
  { target, workload, faults }: RunPlan,
  { runs }: Expectations,
): Expectation | null {
  const fits = (pattern: string, value: string): boolean =>
    pattern === "*" || list(pattern).includes(value);
  // One fault of several is enough to lose by.
  const isStruck = (pattern: string): boolean =>
    pattern === "*" ||
    faults.some((name) => fits(pattern, name) || fits(pattern, name.split(":")[0]!));
  return (
    runs.find(
      (row) => fits(row.target, target) && fits(row.workload, workload) && isStruck(row.faults),
    ) ?? null
  );
}

/** In words: null, or what is wrong. Without an expectation a run has to pass. */
export function complaint(result: RunResult, expectation: Expectation | null): string | null {
  const { must, by } = expectation ?? { must: "pass", by: [] };
  const { outcome, reasons } = result;
  if (outcome === "invalid run") return `invalid run: ${reasons.join("; ")}`;
  if (must === "either") return null;
  if (must === "pass") return outcome === "pass" ? null : `must pass: ${outcome}`;
  if (outcome !== "fail") return `must fail and was not caught: ${outcome}`;
  const kinds = new Set(
    result.verdicts.flatMap(({ anomalies }) => anomalies.map(({ kind }) => kind)),
  );
  if (by.length === 0 || by.some((kind) => kinds.has(kind))) return null;
  return `must fail by ${by.join(" or ")}; found: ${[...kinds].join(", ")}`;
}

function expectation(must: string, by: string): Expectation {
  if (must !== "pass" && must !== "fail" && must !== "either") {
    throw new Error(`EXPECTATIONS.md: must is pass, fail or either, not ${must}`);
  }
  return { must, by: list(by) };
}

function list(cell: string): string[] {
  return cell
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Rows of the table whose first columns are these; what follows them is for people. */
function tableOf(page: string, columns: readonly string[]): string[][] {
  const rows = page.split("\n").map(cellsOf);
  const head = rows.findIndex((cells) => columns.every((column, at) => cells?.[at] === column));
  if (head < 0) throw new Error(`EXPECTATIONS.md has no table of ${columns.join(", ")}`);
  const found: string[][] = [];
  for (const cells of rows.slice(head + 2)) {
    if (cells === null) break;
    found.push(cells);
  }
  return found;
}

function cellsOf(line: string): string[] | null {
  if (!line.startsWith("|")) return null;
  return line
    .slice(1, line.lastIndexOf("|"))
    .split("|")
    .map((cell) => cell.trim().replaceAll("`", ""));
}
