/**
 * Ctrl-C in the middle of a run of jepsen-lite: nothing of it is left on the machine, neither processes nor namespaces,
 * mounts, loop devices or temporary files. A terminal signals every process it started; a script only the first.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { longTest } from "../../support/long-test.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** What is kept from run to run: shims and sources that were compiled once. */
const KEPT = /^(jepsen-lite-shims|tsx)-\d+$/;
const SIGINT_CODE = 130;

let directory = "";
let running: ChildProcess | null = null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "redoubt-jepsen-"));
  mkdirSync(join(directory, "tmp"));
});

afterEach(() => {
  if (running !== null && running.exitCode === null) process.kill(-running.pid!, "SIGKILL");
  running = null;
  rmSync(directory, { recursive: true, force: true });
});

interface Serving {
  readonly first: ChildProcess;
  /** In the environment of every process of the run. */
  readonly mark: string;
}

/** One node of Redis, in a process group of its own; resolves under load. */
async function serving(...args: readonly string[]): Promise<Serving> {
  const mark = `REDOUBT_INTERRUPTED_TEST=${randomUUID()}`;
  const [name, value] = mark.split("=") as [string, string];
  const words = ["scripts/run-ts.mjs", "jepsen-lite/src/main.ts", "--target", "redis-aof-always"];
  const rest = ["--nodes", "1", "--time", "120", "--directory", join(directory, "runs")];
  const first = spawn(process.execPath, [...words, ...rest, ...args], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: join(directory, "tmp"), [name]: value },
  });
  running = first;
  let output = "";
  await new Promise<void>((resolve, reject) => {
    first.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/ s +[1-9]\d* ok/.test(output)) resolve();
    });
    first.once("exit", () => reject(new Error(`it ended before it served: ${output}`)));
  });
  return { first, mark };
}

/** Of every process of the run, itself and those in its namespaces included. */
function pidsOf(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

/** `net:[4026532000]`: of network, mount and process namespaces. */
function namespacesOf(pids: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const pid of pids) {
    for (const kind of ["net", "mnt", "pid"]) {
      try {
        found.add(readlinkSync(`/proc/${pid}/ns/${kind}`));
      } catch {
        // It has ended meanwhile.
      }
    }
  }
  return found;
}

function everyPid(): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid));
}

/** What is left of the run; empty: nothing. */
function leftOf(mark: string, namespaces: ReadonlySet<string>): string[] {
  const living = namespacesOf(everyPid());
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const loops = execFileSync("losetup", ["--all", "--output", "NAME,BACK-FILE"], {
    encoding: "utf8",
  }).split("\n");
  const runs = join(directory, "runs");
  return [
    ...pidsOf(mark).map((pid) => `process ${pid}`),
    ...[...namespaces].filter((each) => living.has(each)),
    ...[...mounts, ...loops].filter((line) => line.includes(directory)),
    ...readdirSync(join(directory, "tmp")).filter((name) => !KEPT.test(name)),
    ...readdirSync(runs).filter((name) => existsSync(join(runs, name, "cluster"))),
  ];
}

async function leavesNothing(
  { first, mark }: Serving,
  interrupt: (pid: number) => void,
): Promise<void> {
  const outside = namespacesOf([String(process.pid)]);
  const pids = pidsOf(mark);
  const own = new Set([...namespacesOf(pids)].filter((each) => !outside.has(each)));
  // It is looked for where there is something to be found.
  expect(pids.length).toBeGreaterThan(2);
  expect(leftOf(mark, own)).not.toEqual([]);
  const ended = once(first, "exit");
  interrupt(first.pid!);
  expect(await ended).toEqual([SIGINT_CODE, null]);
  // The kernel takes what a dead process held away in its own time.
  await expect.poll(() => leftOf(mark, own), { timeout: 20_000 }).toEqual([]);
}

function byTerminal(pid: number): void {
  process.kill(-pid, "SIGINT");
}

function byScript(pid: number): void {
  process.kill(pid, "SIGINT");
}

if (process.platform === "linux") {
  test("Ctrl-C behind proxies leaves nothing", async () => {
    await leavesNothing(await serving("--network", "proxies"), byTerminal);
  });

  if (process.getuid?.() === 0) {
    const lossy = ["--network", "namespaces", "--nemesis", "power-loss"];
    test("Ctrl-C in namespaces, with disks of their own, leaves nothing", async () => {
      await leavesNothing(await serving(...lossy), byTerminal);
    });
    longTest("SIGINT to the first process only leaves nothing either", async () => {
      await leavesNothing(await serving(...lossy), byScript);
    });
  }
}
