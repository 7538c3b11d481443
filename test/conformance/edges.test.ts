/** Single subjects against a real redis-server, each more deeply than the mixed sequences reach. */

import { errors, invalidExpire } from "@redoubt/commands";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { floatText } from "./support/float-text.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { Subject } from "./support/subject.js";

const version = redisVersion();

function bytes(...argv: string[]): Buffer[] {
  return argv.map((argument) => Buffer.from(argument, "latin1"));
}

function value(reply: Buffer): RespValue {
  return readFrame(reply, 0)!.value;
}

describe.skipIf(version === null)("edges like redis-server (skipped without it)", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  /** Same commands to both, replies as text. */
  async function compare(subject: Subject, commands: readonly Buffer[][]): Promise<void> {
    const theirs = await redis.pipeline(commands);
    for (let i = 0; i < commands.length; i++) {
      const ours = subject.execute(commands[i]!, Date.now());
      if (ours.equals(theirs[i]!)) continue;
      const where = commands[i]!.map((argument) => argument.toString("latin1")).join(" ");
      expect(ours.toString("latin1"), where).toBe(theirs[i]!.toString("latin1"));
    }
  }

  test("INCRBYFLOAT adds random pairs as an 80-bit long double", async () => {
    const random = new SeededRandom(20);
    const subject = new Subject(random.next);
    const commands: Buffer[][] = [];
    for (let i = 0; i < 2_000; i++) {
      commands.push(bytes("SET", "f", floatText(random)));
      commands.push(bytes("INCRBYFLOAT", "f", floatText(random)));
      commands.push(bytes("INCRBYFLOAT", "f", floatText(random)));
    }
    await compare(subject, commands);
  });

  test("INCRBYFLOAT rounds denormals, ties and the largest numbers alike", async () => {
    const texts = [
      "3.6451995318824746025e-4951",
      "1.8e-4951",
      "1.9e-4951",
      "1.18973149535723176502e+4932",
      "1.18973149535723176505e+4932",
      "1.18973149535723176509e+4932",
      "18446744073709551616",
      "18446744073709551617",
      "36893488147419103233",
      "36893488147419103235",
      "0x1p-16445",
      "0x1p-16446",
      "0x1.8p-16446",
      "0x1.fffffffffffffffep16383",
      "0x1.ffffffffffffffffp16383",
      "0x.0000000000000000000000001p100",
      "0.000000000000000005",
      "0.000000000000000015",
      "-0.000000000000000005",
      "-0",
      `${"9".repeat(5118)}`,
      `0.${"0".repeat(5000)}1e5000`,
      `1${"0".repeat(5118)}`,
      "1e99999999999999999999",
      "0e99999999999999999999",
      "1e-99999999999999999999",
      "0x1p99999999999999999999",
    ];
    const commands = texts.flatMap((text) => [
      bytes("DEL", "f"),
      bytes("INCRBYFLOAT", "f", text),
      bytes("SET", "f", text),
      bytes("INCRBYFLOAT", "f", "0"),
      bytes("INCRBYFLOAT", "f", "1"),
    ]);
    await redis.call("FLUSHALL");
    await compare(new Subject(Math.random), commands);
  });

  test("KEYS and SCAN MATCH choose the same keys for random patterns", async () => {
    const random = new SeededRandom(4);
    const subject = new Subject(random.next);
    const letters = ["a", "b", "-", "]", "[", "\\", "^", "*", "\xe9", "\x80"];
    const text = (lengthEnd: number, of: readonly string[]) =>
      Array.from({ length: random.below(lengthEnd) }, () => random.pick(of)).join("");
    const keys = Array.from({ length: 80 }, () => text(6, letters));
    await redis.call("FLUSHALL");
    await compare(
      subject,
      keys.map((key) => bytes("SET", key, "")),
    );
    for (let i = 0; i < 1_500; i++) {
      const pattern = text(8, [...letters, "*", "?", "["]);
      const ours = value(subject.execute(bytes("KEYS", pattern), Date.now())) as string[];
      const theirs = value(await redis.call("KEYS", pattern)) as string[];
      expect([...ours].sort(), JSON.stringify(pattern)).toEqual([...theirs].sort());
      const scan = bytes("SCAN", "0", "MATCH", pattern, "COUNT", "1000");
      const [cursor, found] = value(subject.execute(scan, Date.now())) as [string, string[]];
      expect(cursor).toBe("0");
      expect([...found].sort(), JSON.stringify(pattern)).toEqual([...ours].sort());
    }
  });

  test("a whole SCAN gives every key, filtered by type", async () => {
    const subject = new Subject(Math.random);
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    for (const key of keys) subject.execute(bytes("SET", key, "v"), Date.now());
    const scanAll = (...options: string[]) => {
      const seen = new Set<string>();
      let cursor = "0";
      do {
        const request = bytes("SCAN", cursor, ...options);
        const reply = value(subject.execute(request, Date.now())) as [string, string[]];
        cursor = reply[0];
        for (const key of reply[1]) seen.add(key);
      } while (cursor !== "0");
      return [...seen].sort();
    };
    expect(scanAll()).toEqual([...keys].sort());
    expect(scanAll("TYPE", "STRING", "COUNT", "7")).toEqual([...keys].sort());
    expect(scanAll("TYPE", "list")).toEqual([]);
  });

  test("SCAN refuses what Redis refuses", async () => {
    await redis.call("FLUSHALL");
    const cursors = ["x", "-1", "+0", "+", "", " 0", "0 ", "0\0x", "18446744073709551615"];
    const huge = ["18446744073709551616", "-18446744073709551615", "-18446744073709551616"];
    const options = [
      ["MATCH"],
      ["COUNT", "0"],
      ["COUNT", "-5"],
      ["COUNT", "x"],
      ["COUNT", "9223372036854775807"],
      ["TYPE"],
      ["nosuch", "x"],
      ["MATCH", "*", "x"],
    ];
    const commands = [...cursors, ...huge].map((cursor) => bytes("SCAN", cursor));
    commands.push(...options.map((option) => bytes("SCAN", "0", ...option)));
    await compare(new Subject(Math.random), commands);
  });

  test("RANDOMKEY gives a key that exists, and nil when there is none", () => {
    const subject = new Subject(new SeededRandom(1).next);
    expect(value(subject.execute(bytes("RANDOMKEY"), 1_000))).toBe(null);
    subject.execute(bytes("SET", "gone", "v", "PXAT", "999"), 900);
    subject.execute(bytes("SET", "here", "v"), 900);
    for (let i = 0; i < 20; i++) {
      expect(value(subject.execute(bytes("RANDOMKEY"), 1_000))).toBe("here");
    }
  });

  test("Differs from Redis: a deadline beyond 2^53 - 1 ms is an invalid expire time", async () => {
    const subject = new Subject(Math.random);
    for (const last of ["9007199254740991", "9007199254740992"]) {
      const fits = last.endsWith("1");
      await redis.call("SET", "k", "v");
      subject.execute(bytes("SET", "k", "v"), Date.now());
      const ours = value(subject.execute(bytes("PEXPIREAT", "k", last), Date.now()));
      expect(value(await redis.call("PEXPIREAT", "k", last))).toBe(1);
      if (fits) expect(ours).toBe(1);
      else expect(ours).toMatchObject({ text: invalidExpire("pexpireat") });
    }
  });

  test("what a subject does wrong is noticed", async () => {
    const subject = new Subject(Math.random);
    await redis.call("FLUSHALL");
    subject.execute(bytes("SET", "only-ours", "v"), Date.now());
    await expect(compare(subject, [bytes("DBSIZE")])).rejects.toThrow("DBSIZE");
  });
});

describe.skipIf(version === null)(
  "one database, as in a Redis cluster (skipped without it)",
  () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await RedisServer.startCluster();
    });

    afterAll(async () => {
      await redis.stop();
    });

    test("SELECT has the same words", async () => {
      const subject = new Subject(Math.random);
      for (const database of ["0", "1", "16", "-1", "x", "", "99999999999", "9".repeat(25)]) {
        const ours = subject.execute(bytes("SELECT", database), Date.now()).toString();
        expect(ours, database).toBe((await redis.call("SELECT", database)).toString());
      }
      expect(value(subject.execute(bytes("SELECT", "1"), 0))).toMatchObject({
        text: errors.selectInCluster,
      });
    });

    test("COPY ... DB has the same words", async () => {
      const subject = new Subject(Math.random);
      const options = ["0", "1", "15", "16", "-1", "x", "99999999999"].map((n) => ["DB", n]);
      options.push(["DB"], ["DB", "1", "DB", "0"], ["DB", "0", "DB", "1"], ["DB", "1", "x"]);
      for (const option of options) {
        const request = ["COPY", "{t}a", "{t}b", ...option];
        const ours = subject.execute(bytes(...request), Date.now()).toString();
        expect(ours, option.join(" ")).toBe((await redis.call(...request)).toString());
      }
    });
  },
);
