/**
 * Server processes: each in a process group of its own, so that a terminal's Ctrl-C ends the harness and not the servers
 * first, and none outlives the harness. In namespaces the kernel sees to that; outside of them the kernel's parent-death
 * signal (by setpriv, on Linux) and a last act of this process do.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { ERROR_OUTPUT_BYTES_MAX } from "./constants.js";
import { isInNamespaces } from "./enter-namespace.js";
import { complaintOf, tool } from "./tool.js";

export interface ChildCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const living = new Set<Child>();
const lastActs = new Set<() => void>();
let parentDeathWords: readonly string[] | null = null;
let isWatching = false;

/** Done when this process exits, by a signal too, unless taken back before. Synchronous. */
export function atExit(act: () => void): () => void {
  watchExit();
  lastActs.add(act);
  return () => lastActs.delete(act);
}

export class Child {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  /** null while it runs. */
  ending: { readonly code: number | null; readonly signal: string | null } | null = null;
  /** The last of what it wrote to standard error. */
  complaint = "";
  readonly #process: ChildProcess;

  /** Resolves when it runs. */
  static async start({ words, environment }: ChildCommand): Promise<Child> {
    watchExit();
    parentDeathWords ??= await findParentDeathWords();
    const [command, ...args] = [...parentDeathWords, ...words];
    const started = spawn(command!, args, {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
      env: { ...process.env, ...environment },
    });
    await once(started, "spawn");
    return new Child(started);
  }

  private constructor(started: ChildProcess) {
    this.#process = started;
    this.pid = started.pid!;
    living.add(this);
    started.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.complaint = (this.complaint + text).slice(-ERROR_OUTPUT_BYTES_MAX);
    });
    started.on("error", () => {});
    this.gone = new Promise((resolve) => {
      started.once("exit", (code, signal) => {
        this.ending = { code, signal };
        living.delete(this);
        resolve();
      });
    });
  }

  /** To it and all it has started. Nothing happens when it is gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.ending !== null) return;
    try {
      process.kill(-this.#process.pid!, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Servers that were stopped by SIGSTOP end by this signal as well. */
async function findParentDeathWords(): Promise<readonly string[]> {
  if (process.platform !== "linux" || isInNamespaces()) return [];
  const words = ["setpriv", "--pdeathsig", "KILL", "--"];
  const complaint = await complaintOf(() => tool(words[0]!, [...words.slice(1), "true"]));
  return complaint === null ? words : [];
}

function watchExit(): void {
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    for (const child of living) child.signal("SIGKILL");
    for (const act of lastActs) act();
  });
  // In namespaces the harness listens already. Whoever else listens has a way of its own to end.
  if (isInNamespaces()) return;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}
