/** Processes of servers: started by the bench itself on free loopback ports, ended by pid. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";

/** Milliseconds. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const LOOK_MS = 100;
const ANSWER_TIMEOUT_MS = 2_000;

/** Ended with this process, however it ends, except by SIGKILL. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

export function start(
  command: string,
  argv: readonly string[],
  stderr: "inherit" | "ignore",
): ChildProcess {
  const child = spawn(command, argv, { stdio: ["ignore", "ignore", stderr] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

export async function stop(children: readonly ChildProcess[], folder: string): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const harder = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(harder);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The first answer that is not null. */
export async function until<T>(
  what: string,
  question: () => Promise<T | null> | T | null,
): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answer = await question();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The reply as redis-cli prints it; empty: none within two seconds. */
export function ask(port: number, ...argv: string[]): string {
  try {
    return execFileSync("redis-cli", ["-p", String(port), ...argv], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: ANSWER_TIMEOUT_MS,
    });
  } catch {
    // Not up yet: the caller asks again until its deadline.
    return "";
  }
}

export function isMaster(port: number): boolean {
  return /role:master/.test(ask(port, "INFO", "replication"));
}
