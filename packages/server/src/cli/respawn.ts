/**
 * V8 takes its heap limit only at the start of a process (set later it is ignored, measured on Node 20).
 * So a process whose heap is too small for maxmemory starts itself again with the flags and stays as a
 * thin parent: signals go down, the exit code comes up. The pid file names the child, the real server.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { nodeFlags } from "./node-flags.js";

const marker = "REDOUBT_HEAP_IS_SET";
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether this process is already the second one: never a third. */
export function isRespawned(): boolean {
  return process.env[marker] === "1";
}

/** Runs this program again with that heap; the exit code to pass on. `input`: what stdin held, when it was read. */
export function respawn(heapMegabytes: number, input: string | null): Promise<number> {
  const args = [...nodeFlags(heapMegabytes, process.execArgv), ...process.argv.slice(1)];
  // The ipc channel carries no messages: its end tells the child that this parent is gone.
  const child = spawn(process.execPath, args, {
    stdio: [input === null ? "inherit" : "pipe", "inherit", "inherit", "ipc"],
    env: { ...process.env, [marker]: "1" },
  });
  if (input !== null) {
    child.stdin?.on("error", () => child.kill("SIGTERM"));
    child.stdin?.end(input);
  }
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  stopWithParent(() => child.kill("SIGTERM"));
  return exitOf(child);
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Calls `stop` when whoever started this process with an ipc channel has gone, however it went. */
export function stopWithParent(stop: () => void): void {
  if (process.channel !== undefined) process.on("disconnect", stop);
}
