/** What a matrix has shown so far: a line for each fault and workload, the sum of all first. */

import type { MatrixLine } from "./matrix-file.js";

const COLUMNS = [
  "histories",
  "operations",
  "lost",
  "violations",
  "unknown",
  "digest differences",
  "invalid runs",
  "wrong",
] as const;

type Sums = Record<(typeof COLUMNS)[number], number>;

/** A table in plain text. Runs that showed nothing are counted as such, and in no other column. */
export function matrixSummary(lines: readonly MatrixLine[]): string {
  const cells = new Map<string, Sums>();
  const all = nothing();
  for (const line of lines) {
    const name = `${line.plan.faults.join(",") || "none"} x ${line.plan.workload}`;
    const cell = cells.get(name) ?? nothing();
    cells.set(name, cell);
    for (const sums of [all, cell]) add(sums, line);
  }
  const named: [string, Sums][] = [
    ["all", all],
    ...[...cells].sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return tableOf([
    ["fault x workload", ...COLUMNS],
    ...named.map(([name, sums]) => [name, ...COLUMNS.map((column) => String(sums[column]))]),
  ]);
}

function nothing(): Sums {
  return Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Sums;
}

function add(sums: Sums, line: MatrixLine): void {
  if (line.wrong !== null) sums.wrong += 1;
  if (line.outcome === "invalid run") {
    sums["invalid runs"] += 1;
    return;
  }
  sums.histories += 1;
  sums.operations += line.ok + line.fail + line.info;
  sums.lost += line.lost;
  sums.violations += line.anomalies.length;
  sums.unknown += line.unknown.length;
  sums["digest differences"] += line.digestDifferences;
}

/** The first column to the left, figures to the right. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
        .join("  "),
    )
    .join("\n");
}
