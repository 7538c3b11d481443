/**
 * Histories in child processes, a few seeds at a time: a history depends on its seed alone, so who runs it and
 * beside whom makes no difference. Children get flags of their own: a large young generation and no threads
 * for its collection, which is 15 % of the CPU.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type RunOptions, run } from "./run.js";
import { addRun, addSummary, emptySummary, type Failure, type Summary } from "./summary.js";

const CHILD_FLAGS = [
  "--single-threaded-gc",
  "--min-semi-space-size=64",
  "--max-semi-space-size=64",
] as const;
const SEEDS_AT_ONCE = 5;
const CHILD = fileURLToPath(new URL("./worker.ts", import.meta.url));

export interface Job {
  readonly from: number;
  readonly count: number;
  readonly options: Omit<RunOptions, "seed" | "trace" | "module" | "world">;
  /** Failing seeds don't end it. */
  readonly keepsGoing: boolean;
}

export interface Outcome {
  readonly summary: Summary;
  readonly failures: readonly Failure[];
}

/** In this process, seed after seed. */
export function runJob({ from, count, options, keepsGoing }: Job): Outcome {
  const summary = emptySummary();
  const failures: Failure[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const before = process.cpuUsage();
    const result = run({ ...options, seed });
    const { user, system } = process.cpuUsage(before);
    addRun(summary, result, (user + system) / 1000);
    if (result.violation === null) continue;
    failures.push({ seed, message: result.violation.message });
    if (!keepsGoing) break;
  }
  return { summary, failures };
}

/** In `processes` children. The first failure ends it, unless the job keeps going. */
export function runInChildren(
  job: Job,
  processes: number,
  progress: (histories: number) => void,
): Promise<Outcome> {
  const summary = emptySummary();
  const failures: Failure[] = [];
  const endSeed = job.from + job.count;
  let next = job.from;
  let running = processes;
  return new Promise((resolve, reject) => {
    const startChild = (): void => {
      const child = fork(CHILD, { execArgv: [...process.execArgv, ...CHILD_FLAGS] });
      const goOn = (): void => {
        const isOver = next >= endSeed || (failures.length > 0 && !job.keepsGoing);
        if (isOver) {
          child.disconnect();
          return;
        }
        const count = Math.min(SEEDS_AT_ONCE, endSeed - next);
        child.send({ ...job, from: next, count } satisfies Job);
        next += count;
      };
      child.on("message", (outcome) => {
        const { summary: more, failures: found } = outcome as Outcome;
        addSummary(summary, more);
        failures.push(...found);
        progress(summary.histories);
        goOn();
      });
      child.on("error", reject);
      child.on("exit", (code) => {
        if (code !== 0) reject(new Error(`a child ended with code ${code}`));
        running -= 1;
        if (running === 0) resolve({ summary, failures: failures.sort((a, b) => a.seed - b.seed) });
      });
      goOn();
    };
    for (let i = 0; i < processes; i++) startChild();
  });
}
