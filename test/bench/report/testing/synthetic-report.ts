/** A report as a run would make it, of figures that were never measured. */

import { comparison, comparisons, linesOf } from "../../testing/synthetic-figures.js";
import { type Report, reportOf } from "../report.js";

export function syntheticReport(): Report {
  const report = reportOf(
    { processors: "2 x processor", memoryGib: 24, software: ["node 20.20.2", "etcd 3.4.23"] },
    { rounds: 3, seconds: 2 },
  );
  const byConnections = [1, 8, 50].map((connections) =>
    comparison(`SET, ${connections} connections`, {
      redoubt: [500 * connections],
      etcd: [90 * connections],
    }),
  );
  report.add({ name: "acceptance", summary: "all" }, { comparisons, lines: linesOf() });
  report.add({ name: "modes", summary: "what a promise costs" }, { comparisons });
  report.add({ name: "connections", summary: "more & more" }, { comparisons: byConnections });
  return report.finished();
}
