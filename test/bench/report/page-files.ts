/** The page and its charts as files, all made of the report. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { barChart } from "./bar-chart.js";
import { lineChart } from "./line-chart.js";
import { performancePage } from "./page.js";
import { ratioChart } from "./ratio-chart.js";
import { type ComparisonSummary, type GroupSummary, RESULTS_FILE, type Report } from "./report.js";

export const PAGE_FILE = "performance.md";
/** Beside the page. */
export const CHART_FOLDER = "performance";

/** More workloads than that are too many for a chart: those of 50 connections stand for all. */
const CHART_WORKLOADS_MAX = 12;

/** Page and charts by their paths. */
export function pageFiles(report: Report): ReadonlyMap<string, string> {
  const charts = new Map<string, string>();
  if (report.lines.some(({ bound, ratio }) => bound !== null && ratio !== null)) {
    charts.set("acceptance", ratioChart("Ratios beside what is to be reached", report.lines));
  }
  for (const group of report.groups) {
    if (group.name === "acceptance") continue;
    if (group.name === "connections") addByConnections(group, charts);
    else charts.set(group.name, barChart("Operations per second", charted(group.comparisons)));
  }
  const paths = new Map([...charts].map(([name, svg]) => [`${CHART_FOLDER}/${name}.svg`, svg]));
  return new Map([[PAGE_FILE, performancePage(report, [...paths.keys()])], ...paths]);
}

/** Nothing is left in the folder of what an earlier page had. */
export function writePage(folder: string, report: Report): void {
  rmSync(join(folder, CHART_FOLDER), { recursive: true, force: true });
  for (const [path, text] of [[RESULTS_FILE, resultsText(report)] as const, ...pageFiles(report)]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A median and its spread have one line, so that a change of figures reads as one. */
function resultsText(report: Report): string {
  const text = JSON.stringify(report, null, 1);
  return `${text.replace(/\{\s+"median"[^}]*\}/g, (each) => each.replace(/\s+/g, " "))}\n`;
}

function charted(comparisons: readonly ComparisonSummary[]): readonly ComparisonSummary[] {
  if (comparisons.length <= CHART_WORKLOADS_MAX) return comparisons;
  return comparisons.filter(({ workload }) => workload.endsWith(", 50 connections"));
}

/** Of each subject: its throughput and its p99. */
function addByConnections({ comparisons }: GroupSummary, charts: Map<string, string>): void {
  const subjects = new Set(comparisons.map(({ workload }) => workload.split(",")[0]!));
  for (const subject of subjects) {
    const own = comparisons.filter(({ workload }) => workload.split(",")[0] === subject);
    const sides = [...new Set(own.flatMap((each) => each.sides.map(({ side }) => side)))];
    const common = {
      xTitle: "connections",
      xTicks: own.map(({ workload }) => /, (\d+) connection/.exec(workload)?.[1] ?? ""),
    };
    const series = (value: (side: ComparisonSummary["sides"][number]) => number) =>
      sides.map((side) => ({
        side,
        values: own.map((each) => {
          const found = each.sides.find((candidate) => candidate.side === side);
          return found === undefined ? null : value(found);
        }),
      }));
    const name = `connections-${subject.toLowerCase()}`;
    const throughput = series(({ perSecond }) => perSecond.median);
    const latency = series(({ p99Ms }) => p99Ms.median);
    charts.set(
      name,
      lineChart({ ...common, title: `${subject}: operations per second`, series: throughput }),
    );
    charts.set(
      `${name}-p99`,
      lineChart({ ...common, title: `${subject}: p99 in milliseconds`, series: latency }),
    );
  }
}
