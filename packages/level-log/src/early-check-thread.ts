/** The thread of early-check.ts: says once whether all tables of the store that it is given are whole. */

import { parentPort, workerData } from "node:worker_threads";
import { assert } from "./assert.js";
import { checkTables } from "./table-check.js";

assert(parentPort !== null, "this is a thread's program");
let isWhole = true;
try {
  await checkTables(workerData as string);
} catch {
  isWhole = false;
}
parentPort.postMessage(isWhole);
