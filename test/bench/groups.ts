/** The groups of figures that npm run bench knows: one line each. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runAcceptance } from "./acceptance.js";
import type { LineResult } from "./acceptance-lines.js";
import type { Comparison } from "./contest.js";
import * as contests from "./contests.js";
import { runEncryption } from "./encryption.js";
import { runEventLoopDelay } from "./event-loop-delay.js";
import { runMemory } from "./memory.js";
import { runMicro } from "./micro/run-micro.js";
import { type BenchOptions, SECONDS_BY_DEFAULT } from "./options.js";
import { runRestart } from "./restart.js";
import { runSnapshots } from "./snapshots.js";
import { runThreads } from "./threads/run-threads.js";
import { runThroughput } from "./throughput.js";
import { runWriteAmplification } from "./write-amplification.js";

/** What a group found. */
export interface Outcome {
  /** For --json. */
  readonly figures: unknown;
  /** For the page; absent: it has no place there. */
  readonly comparisons?: readonly Comparison[];
  readonly lines?: readonly LineResult[];
}

export interface Group {
  readonly name: string;
  /** Runs when no group is named. */
  readonly byDefault: boolean;
  /** Runs for the page. */
  readonly isOfPage: boolean;
  readonly summary: string;
  /** When --seconds does not say. */
  readonly seconds: number;
  /** Prints its figures. */
  readonly run: (options: BenchOptions) => Promise<Outcome>;
}

export const ACCEPTANCE_GROUP: Group = {
  name: "acceptance",
  byDefault: true,
  isOfPage: true,
  summary: "what is to be reached beside redis-server and etcd, line by line",
  seconds: SECONDS_BY_DEFAULT,
  run: async (options) => {
    const { lines, comparisons, memoryRatio } = await runAcceptance(options);
    return { figures: { lines, comparisons, memoryRatio }, lines, comparisons };
  },
};

export const GROUPS: readonly Group[] = [
  ACCEPTANCE_GROUP,
  throughput("strings", "SET and GET by pipelines of 1, 16, 64", contests.STRINGS),
  throughput("collections", "lists to streams, the same way", contests.COLLECTIONS),
  throughput("workloads", "counters, MSET, a mix, MULTI beside SET and GET", contests.WORKLOADS),
  throughput("sizes", "values of 64 B, 1 KiB, 64 KiB", contests.SIZES),
  throughput("connections", "1 to 1 000 connections", contests.BY_CONNECTIONS),
  throughput("round-trip", "with 1 ms of network between", contests.ROUND_TRIP),
  throughput("modes", "what each promise about a write costs", contests.MODES),
  throughput("follower-reads", "reads of the leader and of followers", contests.FOLLOWER_READS),
  throughput("snapshot", "throughput while snapshots are made", contests.SNAPSHOT),
  throughput("catch-up", "throughput while a follower catches up", contests.CATCH_UP),
  named("memory", "bytes per element beside redis-server", runMemory),
  named("encryption", "writes with encryption at rest beside those without", runEncryption),
  named("snapshots", "latency while a snapshot is made, beside BGSAVE", runSnapshots),
  named(
    "event-loop-delay",
    "event loops under load and snapshots, for 600 s",
    runEventLoopDelay,
    600,
  ),
  named("restart", "from start to serving 1 M keys, beside redis-server", runRestart),
  named("write-amplification", "bytes to disk per byte of effects", runWriteAmplification),
  named("micro", "what one part costs, beside a loop that stays the same", runMicro),
  named("threads", "what threads beside the one that executes would take from it", runThreads),
  script("values", "types of value beside plain structures, in one process", ["--expose-gc"]),
  script("rdb", "RDB files: write, load, copy, verify", ["--expose-gc"]),
  script("many-keys", "20 M small keys in one process: every insert timed", [
    "--expose-gc",
    "--max-old-space-size=8192",
  ]),
  script("rollback", "10 000 effects taken back", ["--expose-gc", "--single-threaded-gc"]),
];

function throughput(name: string, summary: string, phases: readonly contests.Phase[]): Group {
  const run = async (options: BenchOptions): Promise<Outcome> => {
    const comparisons = await runThroughput(phases, options);
    return { figures: comparisons, comparisons };
  };
  const seconds = SECONDS_BY_DEFAULT;
  return { name, byDefault: false, isOfPage: true, summary, seconds, run };
}

function named(
  name: string,
  summary: string,
  act: (options: BenchOptions) => Promise<unknown>,
  seconds = SECONDS_BY_DEFAULT,
): Group {
  const run = async (options: BenchOptions): Promise<Outcome> => ({ figures: await act(options) });
  return { name, byDefault: false, isOfPage: false, summary, seconds, run };
}

/** A group that is a script of this folder, run as a process of its own. It prints for itself; --json gets its exit code. */
function script(name: string, summary: string, nodeFlags: readonly string[]): Group {
  return named(name, summary, async () => {
    const path = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const argv = [...process.execArgv, ...nodeFlags, path];
    process.stdout.write("\n");
    const child = spawn(process.execPath, argv, { stdio: "inherit" });
    process.once("exit", () => child.kill());
    const [exitCode] = await once(child, "exit");
    if (exitCode !== 0) throw new Error(`${name}.ts ended with exit code ${exitCode}`);
    return { exitCode };
  });
}
