/**
 * A session store: HSET and EXPIRE in one MULTI, read back whole. One client writes a session, others read it: it shows
 * all fields of one version, the newest that was acknowledged or a later one, until its time is up and not after.
 */

import { finalAgreement } from "../checkers/final-agreement.js";
import { sessions as sessionsChecker, TTL_FIELD } from "../checkers/sessions.js";
import type { Client } from "./client.js";
import { hashOf } from "./replies.js";
import type { ClientPlan, FinalRead, Workload } from "./workload.js";

const WRITERS = 4;
const READERS = 4;
const SESSIONS_PER_WRITER = 6;
const PAUSE_MS = 12;
/** Seconds: one that ends within the run, and one that does not. */
const TTL_SECONDS = { short: 2, long: 3_600 } as const;
/** Writes of one session before it is left to expire. */
const WRITES_MAX = 20;

export const sessions: Workload = {
  name: "sessions",
  summary: "HSET and EXPIRE in one MULTI, HGETALL by others",
  start: () => {
    const all: string[] = [];
    let version = 0;
    const writer = (at: number): ClientPlan["step"] => {
      let generation = 0;
      let written = 0;
      return async (client) => {
        if (++written > WRITES_MAX * SESSIONS_PER_WRITER) {
          generation += 1;
          written = 1;
        }
        const which = client.random.below(SESSIONS_PER_WRITER);
        const key = `u:${at}:${generation}:${which}`;
        if (!all.includes(key)) all.push(key);
        const ttl = which % 2 === 0 ? TTL_SECONDS.short : TTL_SECONDS.long;
        await renew(client, key, String(++version), String(ttl));
      };
    };
    const read = async (client: Client): Promise<void> => {
      if (all.length === 0) return;
      const key = client.random.pick(all.slice(-2 * WRITERS * SESSIONS_PER_WRITER));
      await client.operate({ op: "read-session", key, value: null, isWrite: false }, async (link) =>
        hashOf(await link.look("HGETALL", key)),
      );
    };
    const clients: ClientPlan[] = [];
    for (let at = 0; at < WRITERS; at++) {
      clients.push({ step: writer(at), pauseMs: PAUSE_MS, roams: at % 2 === 1 });
    }
    for (let at = 0; at < READERS; at++) {
      clients.push({ step: read, pauseMs: PAUSE_MS, roams: at % 2 === 1 });
    }
    return {
      clients,
      // Short ones are on their way out: two nodes asked one after the other may differ rightly.
      finalReads: () => all.filter(isLong).map(finalHash),
      checkers: [sessionsChecker, finalAgreement],
    };
  },
};

function isLong(key: string): boolean {
  return Number(key.slice(key.lastIndexOf(":") + 1)) % 2 === 1;
}

function finalHash(key: string): FinalRead {
  return { key, commands: [["HGETALL", key]], value: ([reply]) => hashOf(reply) };
}

async function renew(client: Client, key: string, version: string, ttl: string): Promise<void> {
  const value = { user: version, cart: version, [TTL_FIELD]: ttl };
  await client.operate({ op: "session", key, value, isWrite: true }, async (link) => {
    await link.transaction([
      ["HSET", key, ...Object.entries(value).flat()],
      ["EXPIRE", key, ttl],
    ]);
    return value;
  });
}
