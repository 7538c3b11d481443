/**
 * npm run sim -- --seeds 1000 [--from N] [--jobs 2] [--nodes n] [--ms n] [--keep-going]
 *   many histories; stops at the first that fails, with as few faults as still fail and what happened then
 * npm run sim -- --seed N [--trace] [--minimise] [--nodes n] [--ms n]
 *   one history, replayed exactly
 */

import { parseArgs } from "node:util";
import { runInChildren } from "./jobs.js";
import { minimise } from "./minimise.js";
import { type RunOptions, type RunResult, run } from "./run.js";
import { described, neverSeen } from "./summary.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    nodes: { type: "string" },
    ms: { type: "string" },
    trace: { type: "boolean", default: false },
    minimise: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
  },
});

/** So many histories see every kind of fault and take every rare path: one that is missing is a mistake. */
const COVERING_HISTORIES = 500;
/** Histories between two lines of progress on a terminal. */
const PROGRESS_HISTORIES = 100;
/** Lines of a failing run's end that are shown unasked. */
const TRACE_LINES = 60;

const options: Omit<RunOptions, "seed"> = {
  ...(values.nodes === undefined ? {} : { nodes: natural("nodes", values.nodes) }),
  ...(values.ms === undefined ? {} : { durationMs: natural("ms", values.ms) }),
};
if (values.seed !== undefined) one({ ...options, seed: natural("seed", values.seed) });
else await many();

function one(of: RunOptions): void {
  const isTraced = values.trace && !values.minimise;
  const result = run({ ...of, ...(isTraced ? { trace: (line) => console.log(line) } : {}) });
  console.log(JSON.stringify({ ...result, violation: result.violation?.message ?? null }, null, 2));
  if (result.violation === null) return;
  process.exitCode = 1;
  if (values.minimise) explain(of, result, values.trace ? Number.POSITIVE_INFINITY : TRACE_LINES);
}

async function many(): Promise<void> {
  const started = performance.now();
  const count = natural("seeds", values.seeds);
  let told = 0;
  const { summary, failures } = await runInChildren(
    { from: natural("from", values.from), count, options, keepsGoing: values["keep-going"] },
    natural("jobs", values.jobs),
    (histories) => {
      if (!process.stdout.isTTY || histories < told + PROGRESS_HISTORIES) return;
      told = histories;
      console.log(`${histories} of ${count} histories`);
    },
  );
  for (const line of described(summary, performance.now() - started)) console.log(line);
  for (const { seed, message } of failures) console.log(`FAILED seed ${seed}: ${message}`);
  if (failures.length > 0) {
    process.exitCode = 1;
    const of = { ...options, seed: failures[0]!.seed };
    console.log(`replay: npm run sim -- --seed ${of.seed}${given()} --minimise --trace`);
    explain(of, run(of), TRACE_LINES);
    return;
  }
  console.log("no violation");
  const missing = summary.histories < COVERING_HISTORIES ? [] : neverSeen(summary);
  for (const what of missing) console.log(`NEVER SEEN in ${summary.histories} histories: ${what}`);
  if (missing.length > 0) process.exitCode = 1;
}

/** The fewest faults that still fail, and how the run with them ends. */
function explain(of: RunOptions, result: RunResult, lines: number): void {
  if (result.violation === null) {
    console.log("it does not fail again: a run depends on more than its seed");
    return;
  }
  const { faults, result: minimised, runs } = minimise(of, result);
  console.log(`\n${faults.length} of ${result.faultList.length} faults still fail (${runs} runs):`);
  for (const { atMs, kind } of faults) console.log(`${atMs.toFixed(3).padStart(10)} ${kind}`);
  const trace: string[] = [];
  run({ ...of, faults, trace: (line) => trace.push(line) });
  const shown = trace.slice(-Math.min(lines, trace.length));
  const left = trace.length - shown.length;
  console.log(left > 0 ? `\nwith them (${left} lines before these):` : "\nwith them:");
  for (const line of shown) console.log(line);
  console.log(minimised.violation!.message);
}

/** The options that shape a run, to say them again. */
function given(): string {
  const { nodes, ms } = values;
  return `${nodes === undefined ? "" : ` --nodes ${nodes}`}${ms === undefined ? "" : ` --ms ${ms}`}`;
}

function natural(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name}: ${text} is not a whole number`);
  process.exit(2);
}
