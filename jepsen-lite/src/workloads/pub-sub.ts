/**
 * A write and a message that tells of it, in one MULTI. Who hears the message may rely on the write: it must not
 * vanish. Subscribers sit on every node.
 */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { pubSub as pubSubChecker } from "../checkers/pub-sub.js";
import type { Client } from "./client.js";
import { integerOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";
import { finalGet } from "./writes.js";

const PUBLISHERS = 5;
const PAUSE_MS = 12;
/** Milliseconds between two looks at whether a subscriber is still connected. */
const RECONNECT_MS = 100;
const CHANNEL = "news";

export const pubSub: Workload = {
  name: "pub-sub",
  summary: "SET and PUBLISH in one MULTI, subscribers on every node",
  start: ({ nodes }) => {
    const published: string[] = [];
    const publish = async (client: Client): Promise<void> => {
      const element = `m:${published.length}`;
      published.push(element);
      await client.operate(
        { op: "publish", key: CHANNEL, value: element, isWrite: true },
        async (link) => {
          const replies = await link.transaction([
            ["SET", element, element],
            ["PUBLISH", CHANNEL, element],
          ]);
          return integerOf(replies?.[1]);
        },
      );
    };
    const listen = async (client: Client): Promise<void> => {
      await client.connected();
    };
    const clients: ClientPlan[] = [];
    for (let at = 0; at < PUBLISHERS; at++) {
      clients.push({ step: publish, pauseMs: PAUSE_MS, roams: at % 2 === 1 });
    }
    for (const node of nodes) {
      clients.push({ step: listen, pauseMs: RECONNECT_MS, pinnedTo: node, subscribesTo: CHANNEL });
    }
    return {
      clients,
      finalReads: () => published.map(finalGet),
      checkers: [pubSubChecker, finalReads, dirtyReads],
    };
  },
};
