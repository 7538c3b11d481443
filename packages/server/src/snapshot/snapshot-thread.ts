/** The body of the thread: one snapshot, one answer, and it ends. */

import { randomInt } from "node:crypto";
import { existsSync, readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { seedKeyHashes } from "@redoubt/keyspace";
import type { SnapshotJob } from "./job.js";
import { makeSnapshot } from "./make-snapshot.js";
import { nicenessBeside } from "./niceness.js";

const ownThread = "/proc/thread-self";

const port = parentPort;
if (port === null) throw new Error("this module is the body of a thread");

beNice();
seedKeyHashes(randomInt(2 ** 32));
port.postMessage(await makeSnapshot(workerData as SnapshotJob));

/**
 * Linux gives each thread a niceness of its own, by the thread's id; elsewhere this would slow the whole process. Where
 * /proc is not there, or a filter of system calls forbids it, the thread competes as an equal.
 */
function beNice(): void {
  if (process.platform !== "linux" || !existsSync(ownThread)) return;
  const id = Number(readlinkSync(ownThread).split("/").at(-1));
  if (Number.isSafeInteger(id) && id !== process.pid) {
    try {
      setPriority(id, nicenessBeside(getPriority(id)));
    } catch {
      // A snapshot is worth more than this.
    }
  }
}
