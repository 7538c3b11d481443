/** A number that only grows: it never shows less than was acknowledged, nor more than was asked for. */

import { counterBounds } from "../checkers/counter-bounds.js";
import { finalAgreement } from "../checkers/final-agreement.js";
import type { Client, Completion } from "./client.js";
import { integerOf, numberOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";
import { finalGet } from "./writes.js";

const CLIENTS = 8;
const KEYS = ["c:0", "c:1"] as const;
const PAUSE_MS = 10;
const READ_SHARE = 0.4;
const STEP_MAX = 5;

export const counter: Workload = {
  name: "counter",
  summary: "INCRBY of positive numbers, GET of the sum",
  start: () => {
    const step = async (client: Client): Promise<void> => {
      const { random } = client;
      const key = random.pick(KEYS);
      if (random.chance(READ_SHARE)) await read(client, key);
      else await increment(client, key, 1 + random.below(STEP_MAX));
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      closing: () =>
        KEYS.map((key) => async (client) => (await read(client, key)).outcome === "ok"),
      finalReads: () => KEYS.map(finalGet),
      checkers: [counterBounds, finalAgreement],
    };
  },
};

function increment(client: Client, key: string, by: number): Promise<Completion> {
  return client.operate({ op: "increment", key, value: by, isWrite: true }, async (link) =>
    integerOf(await link.write("INCRBY", key, String(by))),
  );
}

function read(client: Client, key: string): Promise<Completion> {
  return client.operate({ op: "read-counter", key, value: null, isWrite: false }, async (link) =>
    numberOf(await link.look("GET", key)),
  );
}
