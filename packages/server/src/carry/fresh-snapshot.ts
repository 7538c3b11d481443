/** Asks a node for a snapshot now, and waits until it has adopted it: a shorter log is left to copy. */

import { setTimeout as pause } from "node:timers/promises";
import type { Index } from "@redoubt/raft";
import { freshPatienceMs, leaderPollMs } from "./constants.js";
import { newestSnapshot } from "./copy-node.js";
import { CarryError } from "./errors.js";
import type { Pipe } from "./pipe.js";
import { Refusal } from "./reply-stream.js";

/** What a node replies while it makes one already. That one began before it was asked: it lacks what came since. */
const busy = "ERR Background save already in progress";

/** Rejects with ERROR_REPLY when it is refused or fails. */
export async function makeFreshSnapshot(pipe: Pipe): Promise<void> {
  const untilMs = performance.now() + freshPatienceMs;
  const before = await begun(pipe, untilMs);
  while (performance.now() < untilMs) {
    await pause(leaderPollMs);
    const index = (await newestSnapshot(pipe))?.index ?? 0;
    if (index > before) return;
    const info = String(await pipe.request(["INFO", "persistence"]));
    if (/rdb_bgsave_in_progress:1/.test(info)) continue;
    if (/rdb_last_bgsave_status:err/.test(info))
      throw refused(pipe, "the snapshot failed: see its log");
    // Nothing was written since the last one.
    if (/rdb_changes_since_last_save:0/.test(info)) return;
  }
  throw refused(pipe, "it has made no snapshot for a long time");
}

/** Index of the newest snapshot when the node had agreed to make another one. */
async function begun(pipe: Pipe, untilMs: number): Promise<Index> {
  for (;;) {
    const newest = await newestSnapshot(pipe);
    const reply = await pipe.request(["BGSAVE", "SCHEDULE"]);
    if (!(reply instanceof Refusal)) return newest?.index ?? 0;
    if (reply.text !== busy || performance.now() > untilMs) throw refused(pipe, reply.text);
    await pause(leaderPollMs);
  }
}

function refused(pipe: Pipe, what: string): CarryError {
  return new CarryError("ERROR_REPLY", `${pipe.address}: ${what}`);
}
