/** A process gets only a share of one core: the kernel's cgroups, version 1 or 2, whichever is mounted. */

import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { harnessNumber } from "./enter-namespace.js";

export interface CpuController {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** Microseconds. The kernel's default: shorter ones cost more, longer ones stall longer. */
const PERIOD_US = 100_000;
const PREFIX = "jepsen-lite-";
const ROOT = "/sys/fs/cgroup";

/** null: none is there. */
export function cpuController(): CpuController | null {
  try {
    if (readFileSync(join(ROOT, "cgroup.subtree_control"), "utf8").split(/\s/).includes("cpu")) {
      return { version: 2, directory: ROOT };
    }
  } catch {
    // Not version 2: version 1 has a directory a controller.
  }
  try {
    readdirSync(join(ROOT, "cpu"));
    return { version: 1, directory: join(ROOT, "cpu") };
  } catch {
    return null;
  }
}

export class CpuQuota {
  readonly #controller: CpuController;
  readonly #directory: string;

  /** `share` of one core for process `pid` and its threads. Throws when the kernel refuses. */
  constructor(controller: CpuController, name: string, pid: number, share: number) {
    removeAbandoned(controller);
    this.#controller = controller;
    this.#directory = join(controller.directory, `${PREFIX}${harnessNumber()}-${name}`);
    mkdirSync(this.#directory, { recursive: true });
    const quota = String(Math.max(1_000, Math.round(PERIOD_US * share)));
    if (controller.version === 2) {
      this.#write("cpu.max", `${quota} ${PERIOD_US}`);
    } else {
      this.#write("cpu.cfs_period_us", String(PERIOD_US));
      this.#write("cpu.cfs_quota_us", quota);
    }
    this.#write("cgroup.procs", String(pid));
  }

  /** Every process of it is free again. */
  lift(): void {
    const pids = readFileSync(join(this.#directory, "cgroup.procs"), "utf8").split("\n");
    for (const pid of pids.filter((each) => each !== "")) {
      try {
        writeFileSync(join(this.#controller.directory, "cgroup.procs"), pid);
      } catch (error) {
        // It ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    rmdirSync(this.#directory);
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#directory, file), text);
  }
}

/** The kernel refuses to remove those that hold a process; an empty one is of a harness that is gone. */
function removeAbandoned({ directory }: CpuController): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(PREFIX)) continue;
    try {
      rmdirSync(join(directory, name));
    } catch {
      // Somebody uses it.
    }
  }
}
