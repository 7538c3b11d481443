/** Appends to lists and reads of whole lists, alone and several in one MULTI: from what is read the order follows. */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { listAppend as listAppendChecker } from "../checkers/list-append/list-append.js";
import type { Json } from "../history/event.js";
import type { Random } from "../random.js";
import type { Reply } from "../resp/resp-client.js";
import { KEY_ELEMENTS_MAX } from "../run/constants.js";
import type { Client, Completion } from "./client.js";
import { FreshKeys } from "./fresh-keys.js";
import type { Link } from "./link.js";
import { integerOf, stringsOf } from "./replies.js";
import type { ClientPlan, FinalRead, Workload } from "./workload.js";

const CLIENTS = 8;
const KEYS = 4;
const PAUSE_MS = 10;
/** Of transactions. */
const PARTS_MAX = 4;
const APPEND_SHARE = 0.5;

type Part = readonly ["append", string, string] | readonly ["r", string, null];

export const listAppend: Workload = {
  name: "list-append",
  summary: "RPUSH and LRANGE, alone and in MULTI over several lists",
  start: () => {
    const keys = new FreshKeys("l", KEYS, 2 * KEY_ELEMENTS_MAX);
    let last = 0;
    const drawn = (random: Random): Part[] => {
      const count = 1 + random.below(PARTS_MAX);
      return Array.from({ length: count }, (): Part => {
        const key = keys.pick(random);
        return random.chance(APPEND_SHARE) ? ["append", key, String(++last)] : ["r", key, null];
      });
    };
    const step = async (client: Client): Promise<void> => {
      const parts = drawn(client.random);
      const completion = await transact(client, parts);
      for (const [, key] of parts) keys.used(key, completion);
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      closing: () =>
        keys.all.map(
          (key) => async (client) => (await transact(client, [["r", key, null]])).outcome === "ok",
        ),
      finalReads: () => keys.all.map(finalList),
      checkers: [listAppendChecker, finalReads, dirtyReads],
    };
  },
};

export function finalList(key: string): FinalRead {
  return { key, commands: [["LRANGE", key, "0", "-1"]], value: ([reply]) => stringsOf(reply) };
}

function transact(client: Client, parts: readonly Part[]): Promise<Completion> {
  const isWrite = parts.some(([kind]) => kind === "append");
  return client.operate({ op: "txn", key: null, value: parts, isWrite }, async (link) => {
    const replies = await send(link, parts.map(commandOf), isWrite);
    return parts.map((part, at): Json => answered(part, replies[at]!));
  });
}

async function send(link: Link, commands: readonly string[][], isWrite: boolean): Promise<Reply[]> {
  const [first] = commands;
  if (commands.length === 1) {
    return [isWrite ? await link.write(...first!) : await link.look(...first!)];
  }
  if (!isWrite) return link.lookTogether(commands);
  const replies = await link.transaction(commands);
  if (replies === null) throw new Error("a transaction that watched nothing was not executed");
  return replies;
}

function commandOf([kind, key, element]: Part): string[] {
  return kind === "append" ? ["RPUSH", key, element!] : ["LRANGE", key, "0", "-1"];
}

function answered(part: Part, reply: Reply): Json {
  if (part[0] === "r") return ["r", part[1], stringsOf(reply)];
  return [...part, integerOf(reply)];
}
