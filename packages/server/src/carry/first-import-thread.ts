/** The body of the thread: waits for a leader however long that takes, imports, says how it went, and ends. */

import { statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { progressIntervalMs } from "./constants.js";
import { CarryError } from "./errors.js";
import type { FirstImportMessage, FirstImportTask } from "./first-import.js";
import { importFile, keysMissing } from "./import-file.js";
import { emptyClusterOptions } from "./import-options.js";
import { LeaderLink } from "./leader-link.js";

const port = parentPort;
if (port === null) throw new Error("this module is the body of a thread");
const say = (message: FirstImportMessage): void => port.postMessage(message);

const { path, address, password } = workerData as FirstImportTask;
const link = new LeaderLink(address, { user: "", password });
try {
  await leaderFound();
  let nextMs = 0;
  const report = await importFile(link, {
    path,
    bytes: statSync(path).size,
    options: emptyClusterOptions,
    verify: false,
    report: (stage, { keys, keysTotal }) => {
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + progressIntervalMs;
      say({ kind: "progress", stage, keys, keysTotal });
    },
  });
  say({ kind: "done", report, missing: keysMissing(report) });
} catch (error) {
  const code = error instanceof CarryError ? error.code : "UNEXPECTED";
  say({ kind: "failed", code, message: error instanceof Error ? error.message : String(error) });
} finally {
  link.close();
}

/** The other members of a new cluster may be started much later. */
async function leaderFound(): Promise<void> {
  for (;;) {
    try {
      await link.pipe();
      return;
    } catch (error) {
      if (!(error instanceof CarryError) || error.code !== "NO_LEADER") throw error;
    }
  }
}
