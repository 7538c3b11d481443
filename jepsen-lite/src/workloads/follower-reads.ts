/** Lists that grow at their end, read on every node under READONLY: each shows a beginning of the truth, ever longer. */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { followerReads as followerReadsChecker } from "../checkers/follower-reads.js";
import { KEY_ELEMENTS_MAX } from "../run/constants.js";
import type { Client } from "./client.js";
import { FreshKeys } from "./fresh-keys.js";
import { finalList } from "./list-append.js";
import { integerOf, stringsOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";

const WRITERS = 3;
const KEYS = 3;
const READERS_PER_NODE = 2;
const PAUSE_MS = 10;

export const followerReads: Workload = {
  name: "follower-reads",
  summary: "RPUSH through the leader, LRANGE of every node under READONLY",
  start: ({ nodes }) => {
    const keys = new FreshKeys("f", KEYS, KEY_ELEMENTS_MAX);
    let last = 0;
    const append = async (client: Client): Promise<void> => {
      const key = keys.pick(client.random);
      const element = String(++last);
      const completion = await client.operate(
        { op: "add", key, value: element, isWrite: true },
        async (link) => {
          integerOf(await link.write("RPUSH", key, element));
          return element;
        },
      );
      keys.used(key, completion);
    };
    const look = async (client: Client): Promise<void> => {
      const key = client.random.pick(keys.all.slice(-2 * KEYS));
      await client.operate({ op: "stale-read", key, value: null, isWrite: false }, async (link) =>
        stringsOf(await link.look("LRANGE", key, "0", "-1")),
      );
    };
    const clients: ClientPlan[] = [];
    for (let at = 0; at < WRITERS; at++) clients.push({ step: append, pauseMs: PAUSE_MS });
    for (const node of nodes) {
      for (let at = 0; at < READERS_PER_NODE; at++) {
        clients.push({ step: look, pauseMs: PAUSE_MS, pinnedTo: node });
      }
    }
    return {
      clients,
      finalReads: () => keys.all.map(finalList),
      checkers: [followerReadsChecker, finalReads, dirtyReads],
    };
  },
};
