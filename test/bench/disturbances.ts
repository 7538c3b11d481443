/** What a server is put through while it is measured. */

import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./targets/children.js";
import { followerPorts, type Target } from "./targets/target.js";

export interface Disturbance {
  /** Part of the workload's name. */
  readonly name: string;
  /** Before the run; `load` writes for so many milliseconds. What it gives back ends the disturbance. */
  readonly begin: (
    target: Target,
    load: (milliseconds: number) => Promise<void>,
  ) => Promise<() => Promise<void>>;
}

/** Milliseconds between two looks at whether the next snapshot may begin. */
const LOOK_MS = 200;
/** Milliseconds for which a follower is stopped while the others write on. */
const PAUSED_MS = 3_000;

/** One snapshot after the other, as often as the server makes them. */
export const DURING_SNAPSHOTS: Disturbance = {
  name: "during snapshots",
  begin: async (target) => {
    const port = await target.port();
    let isEnding = false;
    const asking = (async () => {
      while (!isEnding) {
        // Refused while one is made.
        ask(port, "BGSAVE");
        await sleep(LOOK_MS);
      }
      while (!/rdb_bgsave_in_progress:0/.test(ask(port, "INFO", "persistence")))
        await sleep(LOOK_MS);
    })();
    return () => {
      isEnding = true;
      return asking;
    };
  },
};

/** A follower was stopped (SIGSTOP) while the others wrote on, and goes on when the run begins. */
export const DURING_CATCH_UP: Disturbance = {
  name: "during a follower's catch-up",
  begin: async (target, load) => {
    const [port] = await followerPorts(target);
    const follower = target.processes().find((each) => each.port === port)!;
    const goOn = (): void => void process.kill(follower.pid, "SIGCONT");
    // What is stopped can't be ended with this process.
    process.once("exit", goOn);
    process.kill(follower.pid, "SIGSTOP");
    try {
      await load(PAUSED_MS);
    } finally {
      goOn();
      process.off("exit", goOn);
    }
    return () => Promise.resolve();
  },
};
