/** Runs a SnapshotJob in a thread of its own, from what was built or, in tests, from the sources. */

import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { errnoOf } from "../gateway/errors.js";
import { stopMsMax, youngMebibytes } from "./constants.js";
import {
  cancelledCode,
  SharedProgress,
  type SnapshotFailed,
  type SnapshotJob,
  type SnapshotOutcome,
} from "./job.js";

export interface RunningJob {
  /** Never rejects; the thread is gone when it resolves. */
  readonly outcome: Promise<SnapshotOutcome>;
  readonly writtenBytes: number;
  /** The outcome comes soon, mostly SNAPSHOT_CANCELLED. */
  cancel(): void;
}

const fromSources = import.meta.url.endsWith(".ts");

export function runJob(job: Omit<SnapshotJob, "shared">): RunningJob {
  const progress = new SharedProgress();
  let worker: Worker;
  try {
    worker = startThread({ ...job, shared: progress.buffer });
  } catch (error) {
    // A limit of threads, or of memory, that is reached: no reason for the node to end.
    const outcome = Promise.resolve(failed(errnoOf(error), reasonOf(error)));
    return { outcome, writtenBytes: 0, cancel: () => undefined };
  }
  let timer: NodeJS.Timeout | null = null;
  const outcome = outcomeOf(worker).finally(() => {
    if (timer !== null) clearTimeout(timer);
  });
  return {
    outcome,
    get writtenBytes() {
      return progress.writtenBytes;
    },
    cancel: () => {
      progress.cancel();
      timer ??= setTimeout(() => void worker.terminate(), stopMsMax);
    },
  };
}

function startThread(workerData: SnapshotJob): Worker {
  const options = {
    workerData,
    // A thread that needs more than the node has ends by itself; without a limit it would take the node with it.
    resourceLimits: {
      maxOldGenerationSizeMb: heapMegabytes(),
      maxYoungGenerationSizeMb: youngMebibytes,
    },
    stdin: false,
  };
  if (!fromSources) return new Worker(new URL("./snapshot-thread.js", import.meta.url), options);
  const body = new URL("./snapshot-thread.ts", import.meta.url).href;
  const text = `import("tsx/esm/api").then(({ register }) => {
    register();
    return import(${JSON.stringify(body)});
  });`;
  return new Worker(text, { ...options, eval: true, execArgv: ["--conditions=redoubt-source"] });
}

function heapMegabytes(): number {
  return Math.ceil(getHeapStatistics().heap_size_limit / (1024 * 1024));
}

/** What it said, when it is gone. */
function outcomeOf(worker: Worker): Promise<SnapshotOutcome> {
  return new Promise((resolve) => {
    let outcome: SnapshotOutcome = failed(cancelledCode, "the thread was ended");
    worker.once("message", (said: SnapshotOutcome) => {
      outcome = said;
    });
    worker.once("error", (error: Error & { code?: string }) => {
      outcome = failed(error.code ?? "", error.message);
    });
    worker.once("exit", () => resolve(outcome));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function failed(code: string, message: string): SnapshotFailed {
  return { kind: "failed", code, message, logDamaged: false };
}
