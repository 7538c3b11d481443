/** The body of the thread: one snapshot, one answer, and it ends. */

import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { threadNiceness } from "./constants.js";
import type { SnapshotJob } from "./job.js";
import { makeSnapshot } from "./make-snapshot.js";

const port = parentPort;
if (port === null) throw new Error("this module is the body of a thread");

beNice();
port.postMessage(await makeSnapshot(workerData as SnapshotJob));

/** Linux gives each thread a niceness of its own, by the thread's id; elsewhere this would slow the whole process. */
function beNice(): void {
  if (process.platform !== "linux") return;
  const id = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  if (Number.isSafeInteger(id) && id !== process.pid) setPriority(id, threadNiceness);
}
