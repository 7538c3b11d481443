/** The acceptance group: every line of acceptance-lines.ts measured, and one table of them. */

import { type Findings, type LineResult, resultsOf } from "./acceptance-lines.js";
import { ratioText } from "./comparison-table.js";
import { ACCEPTANCE } from "./contests.js";
import { residentRatio } from "./memory.js";
import type { BenchOptions } from "./options.js";
import { left, right, Table } from "./table.js";
import { runThroughput } from "./throughput.js";

export interface Acceptance extends Findings {
  readonly lines: readonly LineResult[];
}

const TABLE = new Table([
  left("line", 92),
  right("bound", 14),
  right("aim", 6),
  right("ratio", 8),
  right("spread", 12),
  left("", 3),
  left("", 14),
]);

export async function runAcceptance(options: BenchOptions): Promise<Acceptance> {
  const comparisons = await runThroughput(ACCEPTANCE, options);
  process.stdout.write("\nmemory of 1 M strings ...\n");
  const findings = { comparisons, memoryRatio: await residentRatio() };
  const lines = resultsOf(findings);
  printLines(lines);
  return { ...findings, lines };
}

function printLines(lines: readonly LineResult[]): void {
  process.stdout.write("\n");
  TABLE.printTitles();
  for (const { text, sense, bound, aim, ratio, verdict } of lines) {
    TABLE.printRow([
      text,
      bound === null ? "" : `${sense} ${bound}`,
      aim === null ? "" : String(aim),
      ratioText(ratio),
      ratio === null ? "" : `${ratio.least.toFixed(2)}-${ratio.most.toFixed(2)}`,
      "",
      verdict === "missed" ? "MISSED" : verdict === "no bound" ? "" : verdict,
    ]);
  }
}
