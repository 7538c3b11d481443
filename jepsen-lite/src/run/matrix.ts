/**
 * `matrix`: every workload under every fault with several seeds. Long, and resumable: each finished history is one line
 * of JSON in a file, and what stands there is not run again, unless it was a run that showed nothing. Directories of
 * histories that are as they must be are removed; the seed and the commit bring them back.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { lineOf } from "./compare.js";
import { readExpectations } from "./expectations.js";
import { addLine, lineFrom, linesOf, nameOf } from "./matrix-file.js";
import { matrixSummary } from "./matrix-summary.js";
import { FaultUnavailable, run } from "./run.js";
import type { RunPlan } from "./run-result.js";

/** What a matrix covers unless said. Each kind draws its variants anew in every episode. */
export const MATRIX_FAULTS = [
  "kill",
  "kill-restart",
  "pause",
  "partition",
  "loss",
  "delay",
  "throttle",
  "duplicate",
  "reorder",
  "slow-cpu",
  "clock-jump",
  "clock-drift",
  "disk-full",
  "fsync-error",
  "fsync-delay",
  "lying-fsync",
  "power-loss",
  "power-loss:all",
  "flip",
  "truncate",
  "delete",
  "wipe",
  "membership",
  "transfer",
  "rolling-restart",
  "snapshot",
  "partition,kill",
  "pause,partition",
] as const;

export const MATRIX_WORKLOADS = [
  "register",
  "list-append",
  "set",
  "queue",
  "bank",
  "transaction-log",
  "follower-reads",
  "counter",
  "stream",
  "unique-ids",
  "pub-sub",
  "sessions",
  "writes",
  "large-writes",
] as const;

export interface MatrixOptions {
  readonly out: string;
  /** For histories; those that went wrong stay. */
  readonly directory: string;
  readonly network: "namespaces" | "proxies";
  readonly target: string;
  readonly nodes: number;
  readonly seconds: number;
  readonly seeds: readonly number[];
  /** Of `fault workload`. */
  readonly only: RegExp;
  readonly faults: readonly string[];
  readonly workloads: readonly string[];
  /** Milliseconds after which no further history is begun. */
  readonly budgetMs: number;
}

/** Says at the end what the file knows of this matrix. How many of its lines, old ones included, are not as they must be. */
export async function matrix(options: MatrixOptions, say: (line: string) => void): Promise<number> {
  const { out, directory, network, budgetMs } = options;
  const expectations = readExpectations();
  const plans = plansOf(options);
  const done = linesOf(out);
  const until = performance.now() + budgetMs;
  const isVoid = (plan: RunPlan): boolean => done.get(nameOf(plan))?.outcome === "invalid run";
  // Those that showed nothing come last: on a busy machine they may do so again.
  const waiting = [
    ...plans.filter((plan) => !done.has(nameOf(plan))),
    ...plans.filter((plan) => isVoid(plan)),
  ];
  say(`${plans.length} histories, ${waiting.length} to be made`);
  let missing = 0;
  for (const [at, plan] of waiting.entries()) {
    const name = nameOf(plan);
    if (performance.now() > until) {
      say(`the time is up; ${waiting.length - at} histories are left`);
      break;
    }
    say(`${at + 1} of ${waiting.length}: ${name}`);
    const own = join(directory, name.replaceAll(/[^\w.-]+/g, "_"));
    rmSync(own, { recursive: true, force: true });
    try {
      const result = await run(plan, own, () => {}, { network });
      const line = lineFrom(result, expectations);
      addLine(out, line);
      done.set(name, line);
      say(`${lineOf(result)}${line.wrong === null ? "" : `   WRONG: ${line.wrong}`}`);
      if (line.wrong === null) rmSync(own, { recursive: true, force: true });
    } catch (error) {
      // No history came to be; the next time it is tried again.
      if (error instanceof FaultUnavailable) {
        say(`not here: ${error.message}`);
        continue;
      }
      missing += 1;
      say(`no run: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const lines = plans.map((plan) => done.get(nameOf(plan))).filter((line) => line !== undefined);
  say(matrixSummary(lines));
  return missing + lines.filter(({ wrong }) => wrong !== null).length;
}

/** Neighbours differ in workload and fault: whoever stops half-way has seen something of everything. */
function plansOf(options: MatrixOptions): RunPlan[] {
  const { target, nodes, seconds, seeds, only, faults, workloads } = options;
  const plans: RunPlan[] = [];
  for (const seed of seeds) {
    for (let shift = 0; shift < workloads.length; shift++) {
      faults.forEach((fault, at) => {
        const workload = workloads[(at + shift) % workloads.length]!;
        if (!only.test(`${fault} ${workload}`)) return;
        plans.push({ target, workload, faults: fault.split(","), nodes, seconds, seed });
      });
    }
  }
  return plans;
}
