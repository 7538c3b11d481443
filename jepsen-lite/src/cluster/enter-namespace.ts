/**
 * The harness puts itself into namespaces of its own, of network, mounts and processes, by starting itself again
 * inside. What that buys: no packet for a made-up address can leave the machine; nodes' namespaces, devices, file
 * systems and processes are seen by nobody else; and when the harness ends, however it ends, the kernel ends every
 * process and takes every device, mount and namespace away. There are no leftovers to be found by the next run.
 *
 *   npm run jepsen -> node (outside: waits, hands signals and the exit code on)
 *                      -> unshare -> node (inside: process 1, the harness) -> servers
 */

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import { tool } from "./tool.js";

/** `--kill-child`: what is inside does not outlive the one who waits outside. */
export const NAMESPACE_FLAGS = [
  ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
] as const;

/** Set inside; its value is the outside process's id. */
const MARK = "JEPSEN_LITE_NAMESPACE";
/** Those that end a harness. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Where `ip` keeps the names of namespaces. */
export const NAMESPACE_DIRECTORY = "/run/netns";

export function isInNamespaces(): boolean {
  return process.env[MARK] !== undefined;
}

/** A number no other harness on this machine has: the process id, as seen from outside. */
export function harnessNumber(): string {
  return process.env[MARK] ?? String(process.pid);
}

/**
 * Outside it never returns: the process ends as the one inside does. Inside it resolves at once. To be called before
 * anything else, when namespaces are wanted and `probe` says that they can be had.
 */
export async function enterNamespace(): Promise<void> {
  if (isInNamespaces()) return prepareInside();
  await runInside();
}

async function prepareInside(): Promise<void> {
  // Names given by this run are its own, and so is the directory of names.
  mkdirSync(NAMESPACE_DIRECTORY, { recursive: true });
  await tool("mount", ["-t", "tmpfs", "none", NAMESPACE_DIRECTORY]);
  await tool("ip", ["link", "set", "lo", "up"]);
  // Process 1 gets only the signals it asks for; and when nobody is outside any more, it is over.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // Whoever else listens has a way of its own to end.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
  process.on("message", (signal: NodeJS.Signals) => process.emit(signal, signal));
  process.once("disconnect", () => process.emit("SIGTERM"));
  process.channel?.unref();
}

function runInside(): Promise<never> {
  const args = [
    ...NAMESPACE_FLAGS,
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  const child = spawn("unshare", args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, [MARK]: String(process.pid) },
  });
  // A terminal's SIGINT reaches the one inside by itself as well; whoever signals only this process means it too.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (child.connected) child.send(signal, () => {});
    });
  }
  return new Promise((_, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
