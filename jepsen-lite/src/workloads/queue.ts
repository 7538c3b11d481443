/**
 * Jobs are put into a queue and taken out once each. `queue`: a list, from which BLMOVE takes into a list of what is
 * taken. `stream`: a stream with a consumer group, which acknowledges. Nothing is ever removed, so whatever is missing
 * at the end is lost.
 */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { queueChecker } from "../checkers/queue.js";
import type { Reply } from "../resp/resp-client.js";
import type { Client } from "./client.js";
import { integerOf, streamEntriesOf, stringOf, stringOrNull, stringsOf } from "./replies.js";
import type { ClientPlan, Workload, WorkloadRun } from "./workload.js";

const PRODUCERS = 4;
const CONSUMERS = 4;
const PAUSE_MS = 12;
/** Seconds that a consumer waits for a job. Well below the time of an operation. */
const WAIT_SECONDS = "0.2";
const WAIT_MS = "200";

export const queue: Workload = {
  name: "queue",
  summary: "LPUSH of jobs, BLMOVE of each into a list of taken ones",
  start: () => {
    const key = "q";
    const taken = "q:taken";
    let last = 0;
    const enqueue = async (client: Client): Promise<void> => {
      const element = String(++last);
      await client.operate({ op: "enqueue", key, value: element, isWrite: true }, async (link) => {
        integerOf(await link.write("LPUSH", key, element));
        return element;
      });
    };
    const dequeue = async (client: Client): Promise<void> => {
      await client.operate({ op: "dequeue", key, value: null, isWrite: true }, async (link) =>
        stringOrNull(await link.write("BLMOVE", key, taken, "RIGHT", "LEFT", WAIT_SECONDS)),
      );
    };
    return {
      clients: clientsOf(enqueue, () => dequeue),
      finalReads: () => [
        {
          key,
          commands: [
            ["LRANGE", key, "0", "-1"],
            ["LRANGE", taken, "0", "-1"],
          ],
          value: ([waiting, done]) => [...stringsOf(waiting), ...stringsOf(done)],
        },
      ],
      checkers: [queueChecker, finalReads, dirtyReads],
    };
  },
};

export const stream: Workload = {
  name: "stream",
  summary: "XADD of jobs, XREADGROUP and XACK by a group of consumers",
  start: (): WorkloadRun => {
    const key = "x";
    const group = "workers";
    let last = 0;
    let consumers = 0;
    const enqueue = async (client: Client): Promise<void> => {
      const element = String(++last);
      await client.operate({ op: "enqueue", key, value: element, isWrite: true }, async (link) => {
        stringOf(await link.write("XADD", key, "*", "e", element));
        return element;
      });
    };
    const consumer = (): ClientPlan["step"] => {
      const name = `c${++consumers}`;
      return async (client) => {
        const asked = ["XREADGROUP", "GROUP", group, name, "COUNT", "1", "BLOCK", WAIT_MS];
        let id: string | null = null;
        const completion = await client.operate(
          { op: "dequeue", key, value: null, isWrite: true },
          async (link) => {
            const entry = firstOf(await link.write(...asked, "STREAMS", key, ">"));
            id = entry?.id ?? null;
            return entry?.element ?? null;
          },
        );
        if (completion.outcome !== "ok" || id === null) return;
        await acknowledge(client, key, group, id, String(completion.value));
      };
    };
    return {
      prepare: [["XGROUP", "CREATE", key, group, "0", "MKSTREAM"]],
      clients: clientsOf(enqueue, consumer),
      finalReads: () => [
        {
          key,
          commands: [["XRANGE", key, "-", "+"]],
          value: ([reply]) => streamEntriesOf(reply).map(({ element }) => element),
        },
      ],
      checkers: [queueChecker, finalReads, dirtyReads],
    };
  },
};

async function acknowledge(
  client: Client,
  key: string,
  group: string,
  id: string,
  element: string,
): Promise<void> {
  await client.operate({ op: "acknowledge", key, value: element, isWrite: true }, async (link) => {
    integerOf(await link.write("XACK", key, group, id));
    return element;
  });
}

/** Of an XREADGROUP of one stream. */
function firstOf(reply: Reply): { id: string; element: string } | null {
  if (reply === null) return null;
  const [ofStream] = reply as Reply[];
  return streamEntriesOf((ofStream as Reply[])[1])[0] ?? null;
}

function clientsOf(
  produce: ClientPlan["step"],
  consume: () => ClientPlan["step"],
): readonly ClientPlan[] {
  const clients: ClientPlan[] = [];
  for (let at = 0; at < PRODUCERS; at++) {
    clients.push({ step: produce, pauseMs: PAUSE_MS, roams: at % 2 === 1 });
  }
  for (let at = 0; at < CONSUMERS; at++) {
    clients.push({ step: consume(), pauseMs: PAUSE_MS, roams: at % 2 === 1 });
  }
  return clients;
}
