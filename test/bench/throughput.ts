/** The throughput groups: phases of contests, each with servers of its own, printed as they are decided. */

import { LEGEND, printComparison, printTitles } from "./comparison-table.js";
import { type Comparison, hold } from "./contest.js";
import type { Phase } from "./contests.js";
import { builtProgram } from "./native-program.js";
import type { BenchOptions } from "./options.js";
import { TELLS_USE } from "./process-use.js";
import { Servers } from "./servers.js";

export async function runThroughput(
  phases: readonly Phase[],
  options: BenchOptions,
): Promise<readonly Comparison[]> {
  // Before a server is started for nothing.
  builtProgram("load-generator");
  builtProgram("delay-proxy");
  process.stdout.write(
    `${options.rounds} interleaved rounds of ${options.seconds} s. ${LEGEND}` +
      (TELLS_USE ? "" : "This system does not tell what processes use: no CPU, bytes, memory.\n\n"),
  );
  printTitles();
  const comparisons: Comparison[] = [];
  for (const phase of phases) {
    const servers = new Servers();
    try {
      comparisons.push(...(await hold(phase, servers, options, printComparison)));
    } finally {
      await servers.stop();
    }
  }
  return comparisons;
}
