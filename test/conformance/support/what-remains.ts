/**
 * At the end of a sequence: both datasets have the same digest, each key is scanned to its end on both sides, and
 * each side restores what the other one dumps.
 */

import { type Mismatch, show } from "./compare.js";
import type { RedisServer } from "./redis-server.js";
import { type RespValue, readFrame } from "./resp-value.js";
import type { SeededRandom } from "./seeded-random.js";
import { grouped } from "./unordered.js";
import type { WholeNode } from "./whole-node.js";

const OK = "+OK\r\n";

/** Command and width of an element, by type. */
const scans: Readonly<Record<string, readonly [string, number]>> = {
  set: ["SSCAN", 1],
  hash: ["HSCAN", 2],
};

type Ask = (...argv: (string | Buffer)[]) => Promise<Buffer>;

export async function compareWhatRemains(
  node: WholeNode,
  redis: RedisServer,
  keys: readonly string[],
  random: SeededRandom,
): Promise<Mismatch | null> {
  const client = node.connect(2);
  const ours: Ask = (...argv) => {
    client.send(
      argv.map((word) => (typeof word === "string" ? Buffer.from(word, "latin1") : word)),
    );
    node.settle();
    return Promise.resolve(client.take()[0]!);
  };
  const theirs: Ask = async (...argv) => (await redis.pipeline([argv]))[0]!;
  const digests = await digestMismatch(node, theirs, "dataset");
  if (digests !== null) return digests;
  // A scan that meets what is expired may delete it, or not.
  for (const key of keys) for (const ask of [ours, theirs]) await ask("EXISTS", key);
  const [mine, other] = [await scanAll(ours, random), await scanAll(theirs, random)];
  if (mine.join() !== other.join()) {
    return { where: "keys scanned", ours: mine.join(), theirs: other.join() };
  }
  for (const name of keys.filter((name) => mine.includes(JSON.stringify([name])))) {
    const key = Buffer.from(name, "latin1");
    const mismatch =
      (await scanMismatch(key, ours, theirs, random)) ?? (await dumpMismatch(key, ours, theirs));
    if (mismatch !== null) return mismatch;
  }
  return digestMismatch(node, theirs, "dataset with what the other side dumped");
}

async function digestMismatch(
  node: WholeNode,
  theirs: Ask,
  where: string,
): Promise<Mismatch | null> {
  const other = (await theirs("DEBUG", "DIGEST")).toString("latin1").slice(1, -2);
  const digest = node.digest();
  return digest === other ? null : { where, ours: digest, theirs: other };
}

async function scanMismatch(
  key: Buffer,
  ours: Ask,
  theirs: Ask,
  random: SeededRandom,
): Promise<Mismatch | null> {
  const type = (await ours("TYPE", key)).toString("latin1").slice(1, -2);
  const scan = scans[type];
  if (scan === undefined) return null;
  const [name, width] = scan;
  const mine = (await scanAll(ours, random, name, key, width)).join();
  const other = (await scanAll(theirs, random, name, key, width)).join();
  if (mine === other) return null;
  return { where: `a whole ${name} of ${show([key])}`, ours: mine, theirs: other };
}

/** Each element once, sorted: Redis may give one twice. */
async function scanAll(
  ask: Ask,
  random: SeededRandom,
  name = "SCAN",
  key: Buffer | null = null,
  width = 1,
): Promise<string[]> {
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const count = String(1 + random.below(20));
    const reply = await ask(name, ...(key === null ? [] : [key]), cursor, "COUNT", count);
    const [next, elements] = readFrame(reply, 0)!.value as [string, RespValue[]];
    for (const element of grouped(elements, width)) seen.add(element);
    cursor = next;
  } while (cursor !== "0");
  return [...seen].sort();
}

/** Under new names: both then hold both copies. */
async function dumpMismatch(key: Buffer, ours: Ask, theirs: Ask): Promise<Mismatch | null> {
  const [mine, other] = [await ours("DUMP", key), await theirs("DUMP", key)];
  const payload = (reply: Buffer) => Buffer.from(reply.subarray(reply.indexOf("\n") + 1, -2));
  const copy = Buffer.concat([Buffer.from("copy:"), key]);
  const replies = [
    await ours("RESTORE", copy, "0", payload(other), "REPLACE"),
    await theirs("RESTORE", copy, "0", payload(mine), "REPLACE"),
  ].map(String);
  const refused = replies.find((reply) => reply !== OK);
  if (refused === undefined) return null;
  return { where: `RESTORE of the other's ${show([key])}`, ours: replies[0]!, theirs: replies[1]! };
}
