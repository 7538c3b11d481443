/** Money moves between accounts by WATCH and MULTI. Nobody ever sees more or less of it, or a debt. */

import { BANK_TOTAL, bankChecker } from "../checkers/bank.js";
import { finalAgreement } from "../checkers/final-agreement.js";
import type { Json } from "../history/event.js";
import type { Reply } from "../resp/resp-client.js";
import type { Client } from "./client.js";
import type { Link } from "./link.js";
import { numberOf, stringsOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";

const CLIENTS = 8;
const PAUSE_MS = 10;
const READ_SHARE = 0.35;
const AMOUNT_MAX = 30;
const ACCOUNTS = ["a:0", "a:1", "a:2", "a:3", "a:4"] as const;
/** What the nodes' final reads are recorded under. */
const FINAL_KEY = "accounts";

export const bank: Workload = {
  name: "bank",
  summary: "transfers between accounts by WATCH and MULTI, MGET of all of them",
  start: () => {
    const step = async (client: Client): Promise<void> => {
      if (client.random.chance(READ_SHARE)) await readAccounts(client);
      else await transfer(client);
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    const each = String(BANK_TOTAL / ACCOUNTS.length);
    return {
      clients,
      prepare: [["MSET", ...ACCOUNTS.flatMap((account) => [account, each])]],
      closing: () => [async (client) => (await readAccounts(client)).outcome === "ok"],
      finalReads: () => [
        { key: FINAL_KEY, commands: [["MGET", ...ACCOUNTS]], value: ([reply]) => balances(reply) },
      ],
      checkers: [bankChecker, finalAgreement],
    };
  },
};

function balances(reply: Reply | undefined): Json {
  if (!Array.isArray(reply)) throw new Error(`no balances: ${JSON.stringify(reply)}`);
  return Object.fromEntries(ACCOUNTS.map((account, at) => [account, numberOf(reply[at])]));
}

function readAccounts(client: Client) {
  return client.operate(
    { op: "read-accounts", key: null, value: null, isWrite: false },
    async (link) => balances(await link.look("MGET", ...ACCOUNTS)),
  );
}

async function transfer(client: Client): Promise<void> {
  const [from, to] = client.random.sample(ACCOUNTS, 2) as [string, string];
  const amount = 1 + client.random.below(AMOUNT_MAX);
  await client.operate(
    { op: "transfer", key: null, value: { from, to, amount }, isWrite: true },
    (link) => move(link, from, to, amount),
  );
}

/** False: there was not enough, or somebody else moved money first. */
async function move(link: Link, from: string, to: string, amount: number): Promise<boolean> {
  const [, values] = await link.lookAll([
    ["WATCH", from],
    ["MGET", from, to],
  ]);
  if (Number(stringsOf(values)[0]) < amount) {
    await link.look("UNWATCH");
    return false;
  }
  const moved = await link.transaction([
    ["DECRBY", from, String(amount)],
    ["INCRBY", to, String(amount)],
  ]);
  return moved !== null;
}
