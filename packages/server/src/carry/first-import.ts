/**
 * The import of a new cluster's first start: checked before the node is born, then written by a thread of its own
 * through the node's client port, as `redoubt import` would. Clients are served meanwhile and see keys appear.
 *
 * What it needs to go on lies in no log: a node that stops in the middle of it is a cluster with part of the data,
 * and says so. `redoubt import FILE --into-existing --replace` completes it.
 */

import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Logger } from "@redoubt/replica";
import { checkImport, type ImportPlan } from "./import-check.js";
import type { ImportReport, ImportStage } from "./import-file.js";
import { emptyClusterOptions } from "./import-options.js";

export interface FirstImportTask {
  readonly path: string;
  /** Where this node's clients are answered. */
  readonly address: string;
  /** "": none. */
  readonly password: string;
}

/** What the thread says. */
export type FirstImportMessage =
  | {
      readonly kind: "progress";
      readonly stage: ImportStage;
      readonly keys: number;
      readonly keysTotal: number | null;
    }
  | { readonly kind: "done"; readonly report: ImportReport; readonly missing: number }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

export interface FirstImportStatus {
  readonly state: "running" | "done" | "failed";
  readonly stage: ImportStage;
  readonly keys: number;
  /** null: not known yet. */
  readonly keysTotal: number | null;
}

/** Rejects with DAMAGED, UNSUPPORTED, or the system's error. Nothing is created. */
export async function checkFirstImport(path: string): Promise<ImportPlan> {
  return checkImport(path, statSync(path).size, emptyClusterOptions, () => {});
}

const fromSources = import.meta.url.endsWith(".ts");

export class FirstImport {
  readonly #logger: Logger;
  readonly #path: string;
  readonly #worker: Worker;
  #status: FirstImportStatus = { state: "running", stage: "check", keys: 0, keysTotal: null };

  constructor(task: FirstImportTask, logger: Logger) {
    this.#logger = logger;
    this.#path = task.path;
    this.#worker = startThread(task);
    logger.info(
      { path: task.path },
      "import begins: clients see part of the data until it is done",
    );
    this.#worker.on("message", (message: FirstImportMessage) => this.#take(message));
    this.#worker.on("error", (error) => this.#failed("UNEXPECTED", error.message));
    // Its last message comes before.
    this.#worker.on("exit", () => this.#failed("UNEXPECTED", "the thread ended without a word"));
  }

  get status(): FirstImportStatus {
    return this.#status;
  }

  async stop(): Promise<void> {
    this.#failed("STOPPED", "the node stops before the import is done");
    await this.#worker.terminate();
  }

  #take(message: FirstImportMessage): void {
    if (this.#status.state !== "running") return;
    if (message.kind === "failed") {
      this.#failed(message.code, message.message);
    } else if (message.kind === "progress") {
      const { stage, keys, keysTotal } = message;
      this.#status = { state: "running", stage, keys, keysTotal };
    } else {
      const { result, plan, keysAfter } = message.report;
      const { keys, expired, repeated } = result;
      this.#status = { state: "done", stage: "write", keys, keysTotal: plan.keys };
      const fields = { path: this.#path, keys, expired, repeated, keysAfter };
      this.#logger.info(fields, "import done");
      if (message.missing === 0) return;
      const event = "keys that were imported are not there any more";
      this.#logger.warn({ missing: message.missing }, event);
    }
  }

  /** Nothing, when it has ended. */
  #failed(code: string, message: string): void {
    if (this.#status.state !== "running") return;
    this.#status = { ...this.#status, state: "failed" };
    this.#logger.error(
      { path: this.#path, code, reason: message },
      "the import failed: part of the data may be there, redoubt import --into-existing --replace completes it",
    );
  }
}

function startThread(workerData: FirstImportTask): Worker {
  if (!fromSources) {
    return new Worker(new URL("./first-import-thread.js", import.meta.url), { workerData });
  }
  const body = new URL("./first-import-thread.ts", import.meta.url).href;
  const text = `import("tsx/esm/api").then(({ register }) => {
    register();
    return import(${JSON.stringify(body)});
  });`;
  const execArgv = ["--conditions=redoubt-source"];
  return new Worker(text, { workerData, eval: true, execArgv });
}
