/** Asks a node for a snapshot now, and waits until it has adopted it: a shorter log is left to copy. */

import { setTimeout as pause } from "node:timers/promises";
import { freshPatienceMs, leaderPollMs } from "./constants.js";
import { CarryError } from "./errors.js";
import type { Pipe } from "./pipe.js";
import { Refusal } from "./reply-stream.js";

/** What a node replies while it makes one. That one was begun before this was asked: it may lack what came since. */
const busy = /^ERR (Background save already in progress|Another child process is active)/;

/** Rejects with ERROR_REPLY when it is refused or fails. */
export async function makeFreshSnapshot(pipe: Pipe): Promise<void> {
  const untilMs = performance.now() + freshPatienceMs;
  await begun(pipe, untilMs);
  while (performance.now() < untilMs) {
    const info = String(await pipe.request(["INFO", "persistence"]));
    if (!/rdb_bgsave_in_progress:1/.test(info)) {
      if (/rdb_last_bgsave_status:ok/.test(info)) return;
      throw refused(pipe, "the snapshot failed: see its log");
    }
    await pause(leaderPollMs);
  }
  throw refused(pipe, "it has made no snapshot for a long time");
}

/** Begun now, or done: nothing was written since the last one. */
async function begun(pipe: Pipe, untilMs: number): Promise<void> {
  for (;;) {
    const reply = await pipe.request(["BGSAVE"]);
    if (!(reply instanceof Refusal)) return;
    if (!busy.test(reply.text) || performance.now() > untilMs) throw refused(pipe, reply.text);
    await pause(leaderPollMs);
  }
}

function refused(pipe: Pipe, what: string): CarryError {
  return new CarryError("ERROR_REPLY", `${pipe.address}: ${what}`);
}
