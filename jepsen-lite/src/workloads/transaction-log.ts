/** An entry is pushed to a list and its amount added to a balance, in one pipeline and no transaction: first, then. */

import { dirtyReads } from "../checkers/dirty-reads.js";
import { finalReads } from "../checkers/final-reads.js";
import { transactionLog as transactionLogChecker } from "../checkers/transaction-log.js";
import { KEY_ELEMENTS_MAX } from "../run/constants.js";
import type { Client, Completion } from "./client.js";
import { FreshKeys } from "./fresh-keys.js";
import { integerOf, numberOf, stringsOf } from "./replies.js";
import type { ClientPlan, Workload } from "./workload.js";

const CLIENTS = 8;
const KEYS = 2;
const PAUSE_MS = 12;
const READ_SHARE = 0.3;
const AMOUNT_MAX = 9;

export const transactionLog: Workload = {
  name: "transaction-log",
  summary: "LPUSH and INCRBY in one pipeline, both read in one MULTI",
  start: () => {
    const keys = new FreshKeys("t", KEYS, 2 * KEY_ELEMENTS_MAX);
    let last = 0;
    const step = async (client: Client): Promise<void> => {
      const { random } = client;
      const key = keys.pick(random);
      const isRead = random.chance(READ_SHARE);
      const completion = isRead
        ? await readLog(client, key)
        : await log(client, key, ++last, 1 + random.below(AMOUNT_MAX));
      keys.used(key, completion);
    };
    const clients = Array.from(
      { length: CLIENTS },
      (_, at): ClientPlan => ({ step, pauseMs: PAUSE_MS, roams: at % 2 === 1 }),
    );
    return {
      clients,
      closing: () =>
        keys.all.map((key) => async (client) => (await readLog(client, key)).outcome === "ok"),
      finalReads: () =>
        keys.all.map((key) => ({
          key,
          commands: commandsOf(key),
          value: ([elements, balance]) => ({
            elements: stringsOf(elements),
            balance: numberOf(balance),
          }),
        })),
      checkers: [transactionLogChecker, finalReads, dirtyReads],
    };
  },
};

function balanceKey(key: string): string {
  return `${key}:balance`;
}

function commandsOf(key: string): string[][] {
  return [
    ["LRANGE", key, "0", "-1"],
    ["GET", balanceKey(key)],
  ];
}

function log(client: Client, key: string, number: number, amount: number): Promise<Completion> {
  // The element carries its amount: a reader can add up what it sees.
  const element = `${number}:${amount}`;
  const value = { element, amount };
  return client.operate({ op: "log", key, value, isWrite: true }, async (link) => {
    const [, balance] = await link.writeAll([
      ["LPUSH", key, element],
      ["INCRBY", balanceKey(key), String(amount)],
    ]);
    return { ...value, balance: integerOf(balance) };
  });
}

function readLog(client: Client, key: string): Promise<Completion> {
  return client.operate({ op: "read-log", key, value: null, isWrite: false }, async (link) => {
    const [elements, balance] = await link.lookTogether(commandsOf(key));
    return { elements: stringsOf(elements), balance: numberOf(balance) };
  });
}
