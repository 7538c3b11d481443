/** DUMP and RESTORE beside a real redis-server: each side's payloads are restored by the other. */

import { errors } from "@redoubt/commands";
import { debugDigestValue } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as hand from "./support/payloads.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { sampleText, sampleValue } from "./support/sample-values.js";
import { SeededRandom } from "./support/seeded-random.js";
import { commandsOf, firstSeed, shares } from "./support/shares.js";
import { Subject } from "./support/subject.js";

/** Of a run of the tests. */
const VALUES = 400;
const values =
  (VALUES * commandsOf("all types on the same keys")) / shares["all types on the same keys"];
const comparable = redisVersion()?.startsWith("7.0.") ?? false;

type Argument = string | Buffer;

const OK = "+OK\r\n";
const badFormat = `-${errors.dumpBadFormat}\r\n`;

/** The text of a bulk reply. */
function bulk(reply: Buffer): Buffer {
  return reply.subarray(reply.indexOf("\n") + 1, -2);
}

/** Ours, at a time. */
function ask(subject: Subject, ...argv: Argument[]): Buffer {
  const request = argv.map((argument) =>
    typeof argument === "string" ? Buffer.from(argument, "latin1") : argument,
  );
  return subject.execute(request, Date.now());
}

function digestOf(subject: Subject, key: string): string | null {
  const { keyspace } = subject;
  const value = keyspace.peek(key);
  return value === undefined ? null : debugDigestValue(value, keyspace.deadlineOf(key));
}

/** Redis counts nodes of its own index. */
function withoutIndex(info: string): string {
  return info.replace(/(radix-tree-(?:keys|nodes)\r\n):\d+/g, "$1");
}

describe.skipIf(!comparable)("payloads like redis-server's (skipped without 7.0)", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start("--sanitize-dump-payload", "yes", "--list-compress-depth", "1");
  });

  afterAll(async () => {
    await redis.stop();
  });

  async function redisDigest(key: string): Promise<string> {
    const reply = (await redis.call("DEBUG", "DIGEST-VALUE", key)).toString("latin1");
    return /[0-9a-f]{40}/.exec(reply)![0];
  }

  async function theirs(...argv: Argument[]): Promise<Buffer> {
    const [reply] = await redis.pipeline([argv]);
    return reply!;
  }

  /** Restored by both, and alike. */
  async function bothRestore(payload: Buffer, label: string): Promise<void> {
    const subject = new Subject(Math.random);
    const reply = ask(subject, "RESTORE", "k", "0", payload).toString("latin1");
    const their = (await theirs("RESTORE", "k", "0", payload, "REPLACE")).toString("latin1");
    expect(reply, label).toBe(their);
    expect(reply, label).toBe(OK);
    expect(digestOf(subject, "k"), label).toBe(await redisDigest("k"));
  }

  /** What makes Redis use its other forms. */
  const settings: Readonly<Record<string, readonly (readonly string[])[]>> = {
    "as they come": [],
    "small packed nodes, large plain ones": [
      ["CONFIG", "SET", "list-max-listpack-size", "16"],
      ["DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b"],
      ["CONFIG", "SET", "stream-node-max-entries", "7"],
    ],
    "all packed": [
      ["CONFIG", "SET", "list-max-listpack-size", "-5"],
      ["CONFIG", "SET", "hash-max-listpack-entries", "1000"],
      ["CONFIG", "SET", "hash-max-listpack-value", "10000"],
      ["CONFIG", "SET", "zset-max-listpack-entries", "1000"],
      ["CONFIG", "SET", "zset-max-listpack-value", "10000"],
      ["CONFIG", "SET", "set-max-intset-entries", "1000"],
    ],
    "nothing packed, nothing compressed": [
      ["CONFIG", "SET", "rdbcompression", "no"],
      ["CONFIG", "SET", "hash-max-listpack-entries", "0"],
      ["CONFIG", "SET", "zset-max-listpack-entries", "0"],
      ["CONFIG", "SET", "set-max-intset-entries", "0"],
    ],
  };

  test.each(Object.keys(settings))(
    "values dumped by either are restored by the other, %s",
    async (name) => {
      for (const command of settings[name]!) expect(String(await redis.call(...command))).toBe(OK);
      const random = new SeededRandom(firstSeed);
      for (let i = 0; i < values / 4; i++) {
        const label = `seed ${firstSeed}, value ${i}`;
        await redis.call("FLUSHALL");
        await redis.pipeline(sampleValue(random, "k"));
        if ((await redis.call("EXISTS", "k")).toString() === ":0\r\n") continue;
        const payload = Buffer.from(bulk(await redis.call("DUMP", "k")));
        const subject = new Subject(Math.random);
        expect(ask(subject, "RESTORE", "k", "0", payload).toString(), label).toBe(OK);
        const digest = await redisDigest("k");
        expect(digestOf(subject, "k"), label).toBe(digest);
        const ours = Buffer.from(bulk(ask(subject, "DUMP", "k")));
        expect((await theirs("RESTORE", "back", "0", ours)).toString(), label).toBe(OK);
        expect(await redisDigest("back"), label).toBe(digest);
        const type = (await redis.call("TYPE", "k")).toString();
        if (type !== "+stream\r\n") continue;
        const info = await redis.call("XINFO", "STREAM", "k", "FULL", "COUNT", "0");
        const back = await redis.call("XINFO", "STREAM", "back", "FULL", "COUNT", "0");
        const [a, b] = [
          withoutIndex(info.toString("latin1")),
          withoutIndex(back.toString("latin1")),
        ];
        expect(b, label).toBe(a);
      }
    },
  );

  test("forms that are no longer written are read alike", async () => {
    const random = new SeededRandom(firstSeed);
    for (let i = 0; i < 60; i++) {
      const seen = new Set<string>();
      while (seen.size < 1 + random.below(40)) seen.add(sampleText(random));
      const texts = [...seen];
      const elements = texts.map((text) =>
        /^(0|-?[1-9]\d{0,17})$/.test(text) ? BigInt(text) : text,
      );
      const scored = elements.flatMap((element, at) => [element, at % 2 ? BigInt(at) : `${at}.5`]);
      const texted = texts.flatMap((text, at) => [
        hand.string(text),
        hand.textScore(["1.5", "-7", "inf", "-inf", "1e-5"][at % 5]!),
      ]);
      const size = hand.length(texts.length);
      const all: Record<string, Buffer> = {
        list: hand.typed(1, size, ...texts.map(hand.string)),
        "list ziplist": hand.typed(10, hand.string(hand.ziplist(elements))),
        quicklist: hand.typed(
          14,
          hand.length(2),
          hand.string(hand.ziplist(elements)),
          hand.string(hand.ziplist([...elements].reverse())),
        ),
        "hash zipmap": hand.typed(
          9,
          hand.string(
            hand.zipmap(
              texts.flatMap((t) => [t, t]),
              i % 4,
            ),
          ),
        ),
        "hash ziplist": hand.typed(
          13,
          hand.string(hand.ziplist(elements.flatMap((element) => [element, "v"]))),
        ),
        "zset ziplist": hand.typed(12, hand.string(hand.ziplist(scored))),
        "zset of texts": hand.typed(3, size, ...texted),
      };
      for (const [name, body] of Object.entries(all)) {
        await bothRestore(hand.payloadOf(body, 1 + random.below(10)), `${name} ${i}`);
      }
    }
  });

  test("what is refused, and in which order", async () => {
    const good = hand.payloadOf(hand.typed(0, hand.string("v")));
    const wrongSum = Buffer.from(good);
    wrongSum[wrongSum.length - 1]! ^= 1;
    const one = hand.length(1);
    const two = hand.length(2);
    const bodies: Record<string, Buffer> = {
      "an empty list": hand.typed(1, hand.length(0)),
      "an empty set": hand.typed(2, hand.length(0)),
      "an empty ziplist": hand.typed(10, hand.string(hand.ziplist([]))),
      "a quicklist without nodes": hand.typed(14, hand.length(0)),
      "a quicklist of an empty node": hand.typed(14, one, hand.string(hand.ziplist([]))),
      "a member twice": hand.typed(2, two, hand.string("a"), hand.string("a")),
      "a field twice": hand.typed(4, two, ...["a", "1", "a", "2"].map(hand.string)),
      "a packed field twice": hand.typed(13, hand.string(hand.ziplist(["a", "1", "a", "2"]))),
      "a scored member twice": hand.typed(
        5,
        two,
        ...["a", "a"].flatMap((m) => [hand.string(m), Buffer.alloc(8)]),
      ),
      "a score that is no number": hand.typed(3, one, hand.string("a"), hand.textScore("nan")),
      "a binary score that is no number": hand.typed(
        5,
        one,
        hand.string("a"),
        Buffer.alloc(8, 0xff),
      ),
      "a field without value": hand.typed(13, hand.string(hand.ziplist(["a", "1", "b"]))),
      "a module": hand.typed(6, hand.string("x")),
      "a module of version 2": hand.typed(7, hand.string("x")),
      "an unknown type": hand.typed(99),
      "more members than bytes": hand.typed(2, Buffer.of(0x80, 0xff, 0xff, 0xff, 0xff)),
      "a text longer than the payload": hand.typed(0, Buffer.of(0x80, 0x7f, 0xff, 0xff, 0xff)),
      "a length of 64 bits": hand.typed(1, Buffer.of(0x81, ...Buffer.alloc(8, 0xff))),
      "LZF of too much": hand.typed(0, Buffer.of(0xc3, 2, 0x80, 3, 0xff, 0xff, 0xff, 0, 0x61)),
    };
    const requests: Argument[][] = [
      ["RESTORE", "k", "0", good],
      ["RESTORE", "k", "-1", "x"],
      ["RESTORE", "k", "x", "x"],
      ["RESTORE", "k", "0", "x"],
      ["RESTORE", "k", "0", "x", "REPLACE", "IDLETIME"],
      ["RESTORE", "k", "0", "x", "FREQ", "1", "IDLETIME", "1"],
      ["RESTORE", "k", "0", "x", "IDLETIME", "1", "FREQ", "1"],
      ["RESTORE", "k", "0", "x", "IDLETIME", "1", "idletime", "-1"],
      ["RESTORE", "k", "0", "x", "IDLETIME", "x"],
      ["RESTORE", "k", "0", "x", "FREQ", "256"],
      ["RESTORE", "k", "0", "x", "nosuch"],
      ["RESTORE", "k", "-1", "x", "REPLACE"],
      ["RESTORE", "k", "x", "x", "REPLACE"],
      ["RESTORE", "k", "0", "", "REPLACE"],
      ["RESTORE", "k", "0", wrongSum, "REPLACE"],
      ["RESTORE", "k", "0", hand.payloadOf(hand.typed(0, hand.string("v")), 12), "REPLACE"],
      ["RESTORE", "k", "0", good, "replace", "ABSTTL", "FREQ", "255", "FREQ", "0"],
      ["PTTL", "k"],
      ["RESTORE", "k", "1", good, "REPLACE", "ABSTTL"],
      ["EXISTS", "k"],
      ["RESTORE", "k", "1", good, "ABSTTL"],
      ["EXISTS", "k"],
      ["RESTORE", "k", "99999999999999", good, "ABSTTL", "IDLETIME", "5"],
      ["PEXPIRETIME", "k"],
      ["DUMP", "nosuch"],
      ["DUMP"],
      ["RESTORE", "k", "0"],
      ...Object.values(bodies).map((body) => ["RESTORE", "new", "0", hand.payloadOf(body)]),
    ];
    await redis.call("FLUSHALL");
    const subject = new Subject(Math.random);
    for (const argv of requests) {
      const label = argv.map((argument) => JSON.stringify(argument.toString("latin1"))).join(" ");
      const ours = ask(subject, ...argv).toString("latin1");
      expect(ours, label).toBe((await theirs(...argv)).toString("latin1"));
    }
    for (const [name, body] of Object.entries(bodies)) {
      const reply = ask(subject, "RESTORE", "new", "0", hand.payloadOf(body)).toString();
      expect(reply, name).toBe(badFormat);
    }
  });

  test("damaged payloads are refused or restored, and never more than that", async () => {
    const random = new SeededRandom(firstSeed + 1);
    const known = [OK, badFormat, `-${errors.restoreTooLarge}\r\n`];
    let restored = 0;
    for (let i = 0; i < values / 8; i++) {
      await redis.call("FLUSHALL");
      await redis.pipeline(sampleValue(random, "k"));
      if ((await redis.call("EXISTS", "k")).toString() === ":0\r\n") continue;
      const payload = Buffer.from(bulk(await redis.call("DUMP", "k")));
      const subject = new Subject(Math.random);
      for (let j = 0; j < 40; j++) {
        ask(subject, "FLUSHALL");
        const bytes = damaged(random, payload);
        const reply = ask(subject, "RESTORE", "k", "0", bytes).toString();
        expect(known).toContain(reply);
        if (reply !== OK) {
          expect(subject.keyspace.size).toBe(0);
          continue;
        }
        restored++;
        const again = Buffer.from(bulk(ask(subject, "DUMP", "k")));
        expect(ask(subject, "RESTORE", "again", "0", again).toString()).toBe(OK);
        expect(digestOf(subject, "again")).toBe(digestOf(subject, "k"));
        subject.commit(Date.now());
        expect(subject.follower.size).toBe(2);
      }
    }
    expect(restored).toBeGreaterThan(0);
  });
});

function damaged(random: SeededRandom, payload: Buffer): Buffer {
  let bytes = Buffer.from(payload);
  const changes = 1 + random.below(3);
  for (let i = 0; i < changes && bytes.length > 11; i++) {
    // The head of the value is where lengths are.
    const end = random.chance(0.5) ? Math.min(40, bytes.length - 10) : bytes.length - 10;
    const at = random.below(end);
    const kind = random.below(4);
    if (kind === 0) bytes[at]! ^= 1 << random.below(8);
    else if (kind === 1) bytes[at] = random.pick([0, 1, 2, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff]);
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    else
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        Buffer.of(random.below(256)),
        bytes.subarray(at),
      ]);
  }
  return hand.withChecksum(bytes);
}
