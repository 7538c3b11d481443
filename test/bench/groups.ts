/** The groups of figures that npm run bench knows: one line each. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runEncryption } from "./encryption.js";
import { runMemory } from "./memory.js";
import { runMicro } from "./micro/run-micro.js";
import type { BenchOptions } from "./options.js";
import { runRestart } from "./restart.js";
import { runSnapshots } from "./snapshots.js";
import { runThroughput } from "./throughput.js";
import { COLLECTIONS, STRINGS } from "./workloads.js";
import { runWriteAmplification } from "./write-amplification.js";

export interface Group {
  readonly name: string;
  /** Runs when no group is named. */
  readonly byDefault: boolean;
  readonly summary: string;
  /** Prints its figures; what it gives back is for --json. */
  readonly run: (options: BenchOptions) => Promise<unknown>;
}

export const GROUPS: readonly Group[] = [
  group("strings", "SET and GET beside redis-server", (o) => runThroughput(STRINGS, o)),
  group("collections", "lists to streams, the same way", (o) => runThroughput(COLLECTIONS, o)),
  group("memory", "bytes per element beside redis-server", runMemory),
  named("encryption", "writes with encryption at rest beside those without", runEncryption),
  named("snapshots", "latency while a snapshot is made, beside BGSAVE", runSnapshots),
  named("restart", "from start to serving 1 M keys, beside redis-server", runRestart),
  named("write-amplification", "bytes to disk per byte of effects", runWriteAmplification),
  named("micro", "what one part costs, beside a loop that stays the same", runMicro),
  script("values", "types of value beside plain structures, in one process", ["--expose-gc"]),
  script("rdb", "RDB files: write, load, copy, verify", ["--expose-gc"]),
  script("rollback", "10 000 effects taken back", ["--expose-gc", "--single-threaded-gc"]),
];

function group(name: string, summary: string, run: Group["run"]): Group {
  return { name, byDefault: true, summary, run };
}

/** Takes minutes: only when it is asked for. */
function named(name: string, summary: string, run: Group["run"]): Group {
  return { name, byDefault: false, summary, run };
}

/**
 * A group that is a script of this folder, run as a process of its own, only when it is named. It prints
 * for itself; --json gets its exit code.
 */
function script(name: string, summary: string, nodeFlags: readonly string[]): Group {
  const run = async (): Promise<unknown> => {
    const path = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const argv = [...process.execArgv, ...nodeFlags, path];
    process.stdout.write("\n");
    const child = spawn(process.execPath, argv, { stdio: "inherit" });
    process.once("exit", () => child.kill());
    const [exitCode] = await once(child, "exit");
    if (exitCode !== 0) throw new Error(`${name}.ts ended with exit code ${exitCode}`);
    return { exitCode };
  };
  return { name, byDefault: false, summary, run };
}
