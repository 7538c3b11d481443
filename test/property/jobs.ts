/** Programs in child processes, each beside a redis-server of its own. What a program does depends on its seed. */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { addCoverage, type Coverage, emptyCoverage } from "./coverage.js";
import type { Outcome } from "./programs.js";

/** For one child at a time: enough that the first ones' cost does not show. */
const PROGRAMS_AT_ONCE = 250;
/** A large young generation and no threads for its collection, as in the simulator's children. */
const CHILD_FLAGS = ["--single-threaded-gc", "--max-semi-space-size=64"] as const;
const CHILD = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** Tells a child that there is nothing more to run. */
export const END = "end";

export interface Job {
  readonly from: number;
  readonly count: number;
}

export interface JobsOutcome {
  readonly coverage: Coverage;
  readonly failures: readonly string[];
}

/** The first failure ends it, or `progress` that returns false. */
export function runInChildren(
  { from, count }: Job,
  processes: number,
  progress: (programs: number) => boolean,
): Promise<JobsOutcome> {
  const coverage = emptyCoverage();
  const failures: string[] = [];
  let next = from;
  let goesOn = true;
  let running = processes;
  return new Promise((resolve, reject) => {
    const startChild = (): void => {
      const child = fork(CHILD, { execArgv: [...process.execArgv, ...CHILD_FLAGS] });
      const goOn = (): void => {
        if (next >= from + count || failures.length > 0 || !goesOn) {
          child.send(END);
          return;
        }
        const job = { from: next, count: Math.min(PROGRAMS_AT_ONCE, from + count - next) };
        next += job.count;
        child.send(job satisfies Job);
      };
      child.on("message", (message) => {
        const outcome = message as Outcome;
        addCoverage(coverage, outcome.coverage);
        if (outcome.failure !== null) failures.push(outcome.failure);
        goesOn = progress(coverage.programs);
        goOn();
      });
      child.on("error", reject);
      child.on("exit", (code) => {
        if (code !== 0) reject(new Error(`a child ended with code ${code}`));
        running -= 1;
        if (running === 0) resolve({ coverage, failures });
      });
      goOn();
    };
    for (let i = 0; i < processes; i++) startChild();
  });
}
