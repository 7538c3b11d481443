/**
 * The tables of a log are checked by a thread while this one still loads its program, so that a restart does not
 * begin with a pass over all of the log's bytes. Imports next to nothing itself, for that reason.
 *
 * It is a promise about the files as they were a moment ago, as the check just before LevelDB opens them is; it is
 * good for one opening. Whatever is not clearly whole is checked again by whoever opens, under the rules of
 * store-lock.ts: this thread refuses nothing.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { EARLY_CHECK_BYTES_MIN, LOG_DIRECTORY, STORE_DIRECTORY } from "./constants.js";

/** Under way, or done; of the files that are there now. */
export class EarlyCheck {
  readonly #directory: string;
  #verdict: Promise<boolean> | null;

  constructor(directory: string, verdict: Promise<boolean>) {
    this.#directory = directory;
    this.#verdict = verdict;
  }

  /**
   * Resolves to true: each byte of each table is as it was written. False: nobody knows; so it says of another
   * directory, and when it is asked once more, since the first who asked may have put something else in its place.
   */
  async take(directory: string): Promise<boolean> {
    if (directory !== this.#directory) return false;
    const verdict = this.#verdict;
    this.#verdict = null;
    return verdict !== null && (await verdict);
  }
}

/** `directory`: the node's. Null when there is too little to check, or nothing at all. Never throws. */
export function beginTableCheck(
  directory: string,
  bytesMin: number = EARLY_CHECK_BYTES_MIN,
): EarlyCheck | null {
  const store = join(directory, LOG_DIRECTORY, STORE_DIRECTORY);
  try {
    if (tableBytes(store) < bytesMin) return null;
    return new EarlyCheck(directory, verdictOf(startThread(store)));
  } catch {
    // No such directory, a limit of threads: whoever opens the log says what there is to be said.
    return null;
  }
}

function tableBytes(store: string): number {
  const tables = readdirSync(store).filter((name) => /\.(?:ldb|sst)$/.test(name));
  return tables.reduce((sum, name) => sum + statSync(join(store, name)).size, 0);
}

function startThread(store: string): Worker {
  const options = { workerData: store, stdin: false };
  if (!import.meta.url.endsWith(".ts")) {
    return new Worker(new URL("./early-check-thread.js", import.meta.url), options);
  }
  const body = new URL("./early-check-thread.ts", import.meta.url).href;
  const text = `import("tsx/esm/api").then(({ register }) => {
    register();
    return import(${JSON.stringify(body)});
  });`;
  return new Worker(text, { ...options, eval: true, execArgv: ["--conditions=redoubt-source"] });
}

/** Never rejects. The thread keeps no process alive that has no other reason to live. */
function verdictOf(worker: Worker): Promise<boolean> {
  worker.unref();
  return new Promise((resolve) => {
    worker.once("message", (isWhole: boolean) => resolve(isWhole));
    worker.once("error", () => resolve(false));
    worker.once("exit", () => resolve(false));
  });
}
