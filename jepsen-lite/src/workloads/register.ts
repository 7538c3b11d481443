/** One value a key, read, overwritten, set if it is missing, compared and swapped: the sharpest check of a single key. */

import { finalAgreement } from "../checkers/final-agreement.js";
import { linearizableRegisters } from "../checkers/linearizable-registers.js";
import type { Client, Completion } from "./client.js";
import { FreshKeys } from "./fresh-keys.js";
import type { Link } from "./link.js";
import { integerOf, stringOf, stringOrNull } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";
import { finalGet } from "./writes.js";

const CLIENTS = 8;
const KEYS = 5;
const PAUSE_MS = 10;
/** Of all operations; the rest are reads. */
const SHARES = { write: 0.25, cas: 0.2, setnx: 0.05 } as const;

export const register: Workload = {
  name: "register",
  summary: "GET, SET, SETNX and compare-and-set by WATCH and MULTI on a few keys",
  start: () => {
    const keys = new FreshKeys("r", KEYS);
    let last = 0;
    const next = (): string => String(++last);
    /** What was seen last, by anybody: a good guess for what a swap compares with. */
    const seen = new Map<string, string>();
    const step = async (client: Client): Promise<void> => {
      const { random } = client;
      const key = keys.pick(random);
      const draw = random.next();
      let completion: Completion;
      if (draw < SHARES.write) completion = await write(client, key, next());
      else if (draw < SHARES.write + SHARES.setnx) completion = await setnx(client, key, next());
      else if (draw < SHARES.write + SHARES.setnx + SHARES.cas)
        completion = await cas(client, key, seen.get(key) ?? "0", next());
      else {
        completion = await read(client, key);
        if (completion.outcome === "ok" && completion.value !== null)
          seen.set(key, String(completion.value));
      }
      keys.used(key, completion);
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      closing: () =>
        keys.all.map((key) => async (client) => (await read(client, key)).outcome === "ok"),
      finalReads: () => keys.all.map(finalGet),
      checkers: [linearizableRegisters, finalAgreement],
    };
  },
};

function read(client: Client, key: string): Promise<Completion> {
  return client.operate({ op: "read", key, value: null, isWrite: false }, async (link) =>
    stringOrNull(await link.look("GET", key)),
  );
}

function write(client: Client, key: string, value: string): Promise<Completion> {
  return client.operate({ op: "write", key, value, isWrite: true }, async (link) => {
    stringOf(await link.write("SET", key, value));
    return value;
  });
}

function setnx(client: Client, key: string, value: string): Promise<Completion> {
  return client.operate(
    { op: "setnx", key, value, isWrite: true },
    async (link) => integerOf(await link.write("SETNX", key, value)) === 1,
  );
}

function cas(client: Client, key: string, from: string, to: string): Promise<Completion> {
  return client.operate({ op: "cas", key, value: [from, to], isWrite: true }, (link) =>
    swap(link, key, from, to),
  );
}

async function swap(link: Link, key: string, from: string, to: string): Promise<boolean> {
  for (;;) {
    const [, current] = await link.lookAll([
      ["WATCH", key],
      ["GET", key],
    ]);
    if (current !== from) {
      await link.look("UNWATCH");
      return false;
    }
    // Nil: it changed in between, to what it is now says the next look.
    if ((await link.transaction([["SET", key, to]])) !== null) return true;
  }
}
