/** A set that only grows: what was added must be seen by whoever looks later, and be there at the end. */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { setFull } from "../checkers/set-full.js";
import { KEY_ELEMENTS_MAX } from "../run/constants.js";
import type { Client, Completion } from "./client.js";
import { FreshKeys } from "./fresh-keys.js";
import { integerOf, stringsOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";

const CLIENTS = 8;
const KEYS = 2;
const PAUSE_MS = 10;
const READ_SHARE = 0.3;

export const set: Workload = {
  name: "set",
  summary: "SADD of fresh elements, SMEMBERS of everything",
  start: () => {
    const keys = new FreshKeys("s", KEYS, 2 * KEY_ELEMENTS_MAX);
    let last = 0;
    const step = async (client: Client): Promise<void> => {
      const key = keys.pick(client.random);
      const isRead = client.random.chance(READ_SHARE);
      keys.used(key, await (isRead ? readAll(client, key) : add(client, key, String(++last))));
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      closing: () =>
        keys.all.map((key) => async (client) => (await readAll(client, key)).outcome === "ok"),
      finalReads: () =>
        keys.all.map((key) => ({
          key,
          commands: [["SMEMBERS", key]],
          value: ([reply]) => stringsOf(reply),
        })),
      checkers: [setFull, finalReads, dirtyReads],
    };
  },
};

function add(client: Client, key: string, element: string): Promise<Completion> {
  return client.operate({ op: "add", key, value: element, isWrite: true }, async (link) => {
    integerOf(await link.write("SADD", key, element));
    return element;
  });
}

function readAll(client: Client, key: string): Promise<Completion> {
  return client.operate({ op: "read-all", key, value: null, isWrite: false }, async (link) =>
    stringsOf(await link.look("SMEMBERS", key)),
  );
}
