/**
 * A matrix as it is committed, `docs/matrix`: `results.jsonl`, one line for each history, from which `README.md` is
 * made. A test holds the one fresh against the other.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MatrixLine } from "../run/matrix-file.js";
import { count, counted, duration } from "./quantities.js";

export const MATRIX_RESULTS_FILE = "results.jsonl";
export const MATRIX_PAGE_FILE = "README.md";

/** Makes the directory. */
export function writeMatrixPage(directory: string, lines: readonly MatrixLine[]): void {
  mkdirSync(directory, { recursive: true });
  const results = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  writeFileSync(join(directory, MATRIX_RESULTS_FILE), results);
  writeFileSync(join(directory, MATRIX_PAGE_FILE), matrixPage(lines));
}

/** Markdown. Says what was found, whatever that is; runs that showed nothing are told apart. */
export function matrixPage(lines: readonly MatrixLine[]): string {
  const told = lines.filter(({ outcome }) => outcome !== "invalid run");
  const workloads = [...new Set(told.map(({ plan }) => plan.workload))].sort();
  const faults = [...new Set(told.map(faultOf))].sort();
  const rows = faults.map((fault) => {
    const own = told.filter((line) => faultOf(line) === fault);
    const cells = workloads.map((workload) =>
      cell(own.filter(({ plan }) => plan.workload === workload)),
    );
    const gap = Math.max(...own.map(({ longestGapMs }) => longestGapMs));
    return `| ${[fault, sum(own, "episodes"), ...cells, duration(gap)].join(" | ")} |`;
  });
  const head = ["fault", "episodes", ...workloads, "longest gap"];
  return `# Redoubt under every fault

${verdictOf(told)}

Each figure is the operations of clients in the histories of that fault and workload; a bad history is named instead. The
longest gap is the longest time in which no client was answered with success, in the worst of them. Every history is
checked for what its workload promises, and for lost writes, dirty reads and equal states of all nodes at the end
([jepsen-lite](../../jepsen-lite/README.md)). This page is made of [${MATRIX_RESULTS_FILE}](${MATRIX_RESULTS_FILE}).

| ${head.join(" | ")} |
|---|${head
    .slice(1)
    .map(() => "---:|")
    .join("")}
${rows.join("\n")}

${howOf(lines, told)}
`;
}

function faultOf({ plan }: MatrixLine): string {
  return plan.faults.join(", ") || "none";
}

function cell(lines: readonly MatrixLine[]): string {
  const bad = lines.filter((line) => !isClean(line));
  if (bad.length > 0)
    return `**${bad.map(({ outcome, plan }) => `${outcome}, seed ${plan.seed}`).join("; ")}**`;
  return lines.length === 0 ? "" : count(operations(lines));
}

function isClean(line: MatrixLine): boolean {
  return line.outcome === "pass" && line.lost + line.dirtyReads + line.digestDifferences === 0;
}

function verdictOf(lines: readonly MatrixLine[]): string {
  const bad = lines.filter((line) => !isClean(line)).length;
  const found = [
    counted(sum(lines, "lost"), "lost write"),
    counted(sum(lines, "dirtyReads"), "dirty read"),
    counted(
      lines.reduce((total, { anomalies }) => total + anomalies.length, 0),
      "violation",
    ),
    `${count(lines.filter(({ unknown }) => unknown.length > 0).length)} undecided`,
    counted(sum(lines, "digestDifferences"), "difference of states", "differences of states"),
  ].join(", ");
  const shown = `${counted(lines.length, "history", "histories")}, ${counted(operations(lines), "operation")}, ${counted(sum(lines, "episodes"), "fault")}, ${counted(sum(lines, "acknowledged"), "acknowledged write")}`;
  return `**${bad === 0 ? "Nothing was lost and nothing contradicted itself." : `${counted(bad, "history", "histories")} went wrong.`}** ${shown}: ${found}.`;
}

function howOf(lines: readonly MatrixLine[], told: readonly MatrixLine[]): string {
  const of = (values: readonly (string | number)[]): string =>
    [...new Set(values)].sort().join(", ");
  const plans = told.map(({ plan }) => plan);
  const nothing = lines.length - told.length;
  return [
    `Target ${of(plans.map(({ target }) => target))}, ${of(plans.map(({ nodes }) => nodes))} nodes, ${of(plans.map(({ seconds }) => seconds))} s of load each, seeds ${of(plans.map(({ seed }) => seed))}, commit ${of(told.map(({ commit }) => commit ?? "unknown"))}.`,
    ...(nothing === 0
      ? []
      : [
          `${counted(nothing, "history", "histories")} showed nothing, because too little happened in it, and counts nowhere.`,
        ]),
    "`npm run jepsen -- matrix --out FILE --page docs/matrix` makes such a page; it goes on where it was stopped.",
  ].join(" ");
}

function operations(lines: readonly MatrixLine[]): number {
  return lines.reduce((total, { ok, fail, info }) => total + ok + fail + info, 0);
}

function sum(
  lines: readonly MatrixLine[],
  of: "lost" | "dirtyReads" | "digestDifferences" | "episodes" | "acknowledged",
): number {
  return lines.reduce((total, line) => total + line[of], 0);
}
