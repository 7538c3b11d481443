/** INCR as a source of numbers that nobody else was given. */

import { finalAgreement } from "../checkers/final-agreement.js";
import { uniqueIds as uniqueIdsChecker } from "../checkers/unique-ids.js";
import type { Client } from "./client.js";
import { integerOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";
import { finalGet } from "./writes.js";

const CLIENTS = 8;
const PAUSE_MS = 12;
const KEY = "ids";

export const uniqueIds: Workload = {
  name: "unique-ids",
  summary: "INCR: no number twice, none that goes back",
  start: () => {
    const step = async (client: Client): Promise<void> => {
      await client.operate({ op: "generate", key: KEY, value: null, isWrite: true }, async (link) =>
        integerOf(await link.write("INCR", KEY)),
      );
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      finalReads: () => [finalGet(KEY)],
      checkers: [uniqueIdsChecker, finalAgreement],
    };
  },
};
