/** The other thread of log.ts: the directory comes first, then entries, then null. */

import { parentPort } from "node:worker_threads";
import type { Entry } from "@redoubt/raft";
import { logHere } from "./log.js";

const port = parentPort!;

port.once("message", async (directory: string) => {
  const { persist, close } = await logHere(directory);
  port.on("message", async (entry: Entry | null) => {
    if (entry !== null) {
      persist(entry, () => port.postMessage(entry.index));
      return;
    }
    await close();
    process.exit();
  });
  port.postMessage("open");
});
