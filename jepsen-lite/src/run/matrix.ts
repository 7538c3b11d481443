/**
 * `matrix`: every workload under every fault with several seeds. Long, and resumable: each finished history is one line
 * of JSON in a file, and what stands there is not run again. Directories of histories that are as they must be are
 * removed; the seed and the commit bring them back.
 */

import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lineOf } from "./compare.js";
import type { Expectations } from "./expectations.js";
import { complaint, expectationOf, readExpectations } from "./expectations.js";
import { FaultUnavailable, run } from "./run.js";
import type { RunPlan, RunResult } from "./run-result.js";

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

/** One line of the file. */
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
  readonly episodes: number;
  readonly longestGapMs: number;
  /** Anomalies by kind, the first of each checker's. */
  readonly anomalies: readonly string[];
  /** Undecided checkers. */
  readonly unknown: readonly string[];
  readonly notes: readonly string[];
}

/** How many lines of the file, old ones of this matrix included, are not as they must be. */
export async function matrix(options: MatrixOptions, say: (line: string) => void): Promise<number> {
  const { out, directory, network, budgetMs } = options;
  const expectations = readExpectations();
  const plans = plansOf(options);
  const done = new Map(linesOf(out).map((line) => [line.name, line]));
  const until = performance.now() + budgetMs;
  let wrong = plans.filter((plan) => (done.get(nameOf(plan))?.wrong ?? null) !== null).length;
  for (const [at, plan] of plans.entries()) {
    const name = nameOf(plan);
    if (done.has(name)) continue;
    if (performance.now() > until) {
      say(`the time is up; ${plans.length - at} histories are left at most`);
      break;
    }
    say(`${at + 1} of ${plans.length}: ${name}`);
    const own = join(directory, name.replaceAll(/[^\w.-]+/g, "_"));
    rmSync(own, { recursive: true, force: true });
    try {
      const result = await run(plan, own, () => {}, { network });
      const line = lineFrom(result, expectations);
      appendFileSync(out, `${JSON.stringify(line)}\n`);
      say(`${lineOf(result)}${line.wrong === null ? "" : `   WRONG: ${line.wrong}`}`);
      if (line.wrong === null) rmSync(own, { recursive: true, force: true });
      else wrong += 1;
    } catch (error) {
      // No history came to be; the next time it is tried again.
      if (error instanceof FaultUnavailable) {
        say(`not here: ${error.message}`);
        continue;
      }
      wrong += 1;
      say(`no run: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return wrong;
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

function nameOf({ target, workload, faults, nodes, seconds, seed }: RunPlan): string {
  return `${target} ${workload} ${faults.join(",")} nodes ${nodes} ${seconds} s seed ${seed}`;
}

/** A line that a crash cut off is as if it were not there. */
export function linesOf(path: string): MatrixLine[] {
  if (!existsSync(path)) return [];
  const lines: MatrixLine[] = [];
  for (const text of readFileSync(path, "utf8").split("\n")) {
    try {
      lines.push(JSON.parse(text) as MatrixLine);
    } catch {
      // The last one, empty or torn.
    }
  }
  return lines;
}

function lineFrom(result: RunResult, expectations: Expectations): MatrixLine {
  const { plan, commit, outcome, reasons, operations, verdicts, notes, faults } = result;
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
