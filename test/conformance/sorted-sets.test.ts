/** Sorted sets beside a real redis-server, and whole scans of them. */

import { asSortedSet, type SortedSetView } from "@redoubt/keyspace";
import { formatDouble } from "@redoubt/resp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { longMember, sortedSetDifferences } from "./support/differences-sorted-sets.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { SortedSetCommands } from "./support/sorted-sets-commands.js";
import { Subject } from "./support/subject.js";
import {
  bothChosen,
  elementsOf,
  grouped,
  sameHeader,
  scanStepsAgree,
} from "./support/unordered.js";

compareWithRedis({
  family: "sorted sets",
  source: (random) => new SortedSetCommands(random),
  agree,
});

compareDifferences(
  "sorted sets",
  ["ZADD z 1 m", `ZADD long -0 ${longMember}`],
  sortedSetDifferences,
);

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer, subject: Subject): boolean {
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "ZRANDMEMBER":
      return choicesAgree(argv, ours, theirs, subject);
    case "ZSCAN": {
      const fromStart = argv[2]!.toString("latin1") === "0";
      const all = new Set(entriesOf(subject, argv[1]!));
      return scanStepsAgree(ours, scoresAsElsewhere(theirs), 2, all, fromStart);
    }
    case "ZRANK":
    case "ZREVRANK":
      // 7.2 takes a fourth argument, and says what is wrong with another one.
      return argv.length === 4 && isError(ours) && isError(theirs);
    case "OBJECT":
      // Encodings of other types are compared elsewhere.
      return argv.length === 3 && sortedSetIn(subject, argv[2]!) === undefined;
    default:
      return false;
  }
}

/** ZSCAN of a listpack gives integers as they are stored there: 1e17 with all its digits. */
function scoresAsElsewhere(reply: Buffer): Buffer {
  const elements = elementsOf(reply);
  if (elements?.length !== 2) return reply;
  const [cursor, entries] = elements as [string, string[]];
  const texts = entries.map((text, i) =>
    i % 2 === 1 && /^-?\d+$/.test(text) ? formatDouble(Number(text)) : text,
  );
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  const head = `*2\r\n${bulk(cursor)}*${texts.length}\r\n`;
  return Buffer.from(head + texts.map(bulk).join(""), "latin1");
}

function isError(reply: Buffer): boolean {
  return reply.toString("latin1", 0, 1) === "-";
}

function choicesAgree(
  argv: readonly Buffer[],
  ours: Buffer,
  theirs: Buffer,
  subject: Subject,
): boolean {
  const counted = argv.length > 2;
  const isArray = elementsOf(ours) !== null;
  if (isArray !== counted || (counted && !sameHeader(ours, theirs))) return false;
  const withScores = argv.length > 3;
  const entries = entriesOf(subject, argv[1]!);
  const all = withScores ? entries : entries.map((entry) => JSON.stringify([firstOf(entry)]));
  const distinct = !counted || !argv[2]!.toString("latin1").startsWith("-");
  const [mine, other] = [ours, theirs].map((reply) => chosenIn(reply, withScores));
  return bothChosen(mine!, other!, new Set(all), distinct);
}

/** RESP2 has members and scores in turn, RESP3 pairs. */
function chosenIn(reply: Buffer, withScores: boolean): string[] {
  const elements = elementsOf(reply) ?? [readFrame(reply, 0)!.value];
  return grouped(elements.flat(), withScores ? 2 : 1);
}

function firstOf(entry: string): string {
  return (JSON.parse(entry) as string[])[0]!;
}

function entriesOf(subject: Subject, key: Buffer): string[] {
  const entries: string[] = [];
  sortedSetIn(subject, key)?.forEach((member, score) => {
    entries.push(JSON.stringify([member, formatDouble(score)]));
  });
  return entries;
}

function sortedSetIn(subject: Subject, key: Buffer): SortedSetView | undefined {
  const value = subject.keyspace.peek(key.toString("latin1"));
  return value === undefined ? undefined : asSortedSet(value);
}

function bytes(...argv: readonly string[]): Buffer[] {
  return argv.map((argument) => Buffer.from(argument, "latin1"));
}

describe.skipIf(redisVersion() === null)("scores like redis-server (skipped without it)", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  async function compare(commands: readonly Buffer[][]): Promise<void> {
    const subject = new Subject(new SeededRandom(1).next);
    await redis.call("FLUSHALL");
    const theirs = await redis.pipeline(commands);
    commands.forEach((command, i) => {
      const where = command
        .map((argument) => JSON.stringify(argument.toString("latin1")))
        .join(" ");
      const ours = subject.execute(command, Date.now()).toString("latin1");
      expect(ours, where.slice(0, 300)).toBe(theirs[i]!.toString("latin1"));
    });
  }

  test("random texts are read and printed alike, as scores and as bounds", async () => {
    const random = new SeededRandom(11);
    const commands: Buffer[][] = [];
    for (let i = 0; i < 10_000; i++) {
      const text = doubleText(random);
      commands.push(bytes("ZADD", "z", text, "m"), bytes("ZSCORE", "z", "m"));
      commands.push(bytes("ZCOUNT", "z", text, `(${text}`), bytes("ZCOUNT", "z", text, "+inf"));
    }
    await compare(commands);
  });

  test("texts at the ends of the doubles, and with any byte around a number", async () => {
    const edges = [
      "1.7976931348623157e308",
      "1.7976931348623158e308",
      "1.7976931348623159e308",
      "4.9406564584124654e-324",
      "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "2.2250738585072011e-308",
      "0x1.fffffffffffffp1023",
      "0x1.fffffffffffff7fp1023",
      "0x1.fffffffffffff8p1023",
      "0x1p-1074",
      "0x1p-1075",
      "0x1.0000001p-1075",
      "0x0.8p-1074",
      "0x1.8p-1074",
      "0x1.00000000000008p0",
      "0x1.00000000000008001p0",
      "0x1.00000000000018p0",
      `0x${"f".repeat(300)}`,
      `0x.${"0".repeat(400)}1p1600`,
      `1${"0".repeat(400)}e-400`,
      `0.${"0".repeat(400)}1e400`,
      "0e99999999999",
      "1e99999999999999999999",
      "0x0p99999999999999999999",
      "0x1p-99999999999999999999",
      "infinit",
      "infinityx",
      "+inf",
      "nan()",
      "1e+5",
      "1E-5",
      "1e+",
      "1.e5",
      ".e5",
      "0x.p1",
      "0x1.p+1",
      "0X1P1",
      "1,5",
      "1_0",
    ];
    const around = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    const texts = [...edges, ...around.flatMap((byte) => [`${byte}1`, `1${byte}`, byte])];
    const commands = texts.flatMap((text) => [
      bytes("ZADD", "z", text, "m"),
      bytes("ZSCORE", "z", "m"),
      bytes("ZCOUNT", "z", text, "+inf"),
      bytes("ZCOUNT", "z", "-inf", `(${text}`),
      bytes("ZUNION", "1", "z", "WEIGHTS", text, "WITHSCORES"),
    ]);
    await compare(commands);
  });

  test("sums of many inputs are added in the same order", async () => {
    const random = new SeededRandom(12);
    const commands: Buffer[][] = [];
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
    for (const key of keys) {
      const pairs = Array.from({ length: 1 + random.below(6) }, () => [
        String((random.next() - 0.5) * 10 ** random.below(18)),
        random.pick(["a", "b", "c", "d", "e", "f"]),
      ]);
      commands.push(bytes("ZADD", key, ...pairs.flat()));
    }
    for (let i = 0; i < 2_000; i++) {
      const chosen = Array.from({ length: 1 + random.below(10) }, () => random.pick(keys));
      const request = [String(chosen.length), ...chosen, "WITHSCORES"];
      commands.push(bytes(random.pick(["ZUNION", "ZINTER"]), ...request));
    }
    await compare(commands);
  });
});

function doubleText(random: SeededRandom): string {
  const sign = random.pick(["", "", "-", "+"]);
  const digits = (count: number) => Array.from({ length: count }, () => random.below(10)).join("");
  const view = new DataView(new ArrayBuffer(8));
  switch (random.below(5)) {
    case 0:
      view.setUint32(0, random.below(2 ** 32));
      view.setUint32(4, random.below(2 ** 32));
      return String(view.getFloat64(0)).toLowerCase();
    case 1:
      return `${sign}${1 + random.below(9)}${digits(random.below(25))}.${digits(random.below(25))}`;
    case 2:
      return `${sign}${1 + random.below(9)}.${digits(random.below(30))}e${random.below(660) - 330}`;
    case 3: {
      const hex = () => random.below(2 ** 32).toString(16);
      return `${sign}0x1${hex()}.${hex()}${hex()}p${random.below(2200) - 1120}`;
    }
    default:
      return `${sign}${1 + random.below(1000)}.${random.pick(["5", "25", "125", "0625", "1"])}`;
  }
}

test.skipIf(redisVersion() === null)(
  "Differs from Redis: ZSCAN prints a score as all commands do, in a listpack too",
  async () => {
    const redis = await RedisServer.start();
    const subject = new Subject(new SeededRandom(1).next);
    const scanned = (reply: Buffer) => ((elementsOf(reply) ?? [])[1] as string[])[1];
    await redis.call("ZADD", "z", "1e17", "m");
    subject.execute(bytes("ZADD", "z", "1e17", "m"), 1000);
    expect(scanned(await redis.call("ZSCAN", "z", "0"))).toBe("100000000000000000");
    expect(scanned(subject.execute(bytes("ZSCAN", "z", "0"), 1000))).toBe("1e+17");
    expect((await redis.call("ZSCORE", "z", "m")).toString()).toBe("$5\r\n1e+17\r\n");
    await redis.stop();
  },
);

describe("ZSCAN", () => {
  function run(subject: Subject, ...argv: string[]): RespValue {
    return readFrame(subject.execute(bytes(...argv), 1000), 0)!.value;
  }

  /** Calls `between` after each step. */
  function scanAll(subject: Subject, options: readonly string[], between: () => void): string[] {
    const seen: string[] = [];
    let cursor = "0";
    do {
      const reply = run(subject, "ZSCAN", "z", cursor, ...options) as [string, string[]];
      cursor = reply[0];
      seen.push(...grouped(reply[1], 2));
      between();
    } while (cursor !== "0");
    return seen.sort();
  }

  const all = Array.from({ length: 3000 }, (_, i) => JSON.stringify([`m${i}`, `${i % 7}`])).sort();

  function filled(): Subject {
    const subject = new Subject(new SeededRandom(1).next);
    run(subject, "ZADD", "z", ...all.flatMap((entry) => (JSON.parse(entry) as string[]).reverse()));
    return subject;
  }

  test.each([[[]], [["COUNT", "1"]], [["COUNT", "77"]], [["COUNT", "100000"]]])(
    "gives every member of a large sorted set once with its score, with %j",
    (options) => {
      expect(scanAll(filled(), options, () => {})).toEqual(all);
    },
  );

  test("MATCH chooses among the members", () => {
    const chosen = all.filter((entry) => /^m1.*5$/.test(firstOf(entry)));
    expect(scanAll(filled(), ["MATCH", "m1*5"], () => {})).toEqual(chosen);
  });

  test("gives every member that stays while others come and go", () => {
    const subject = filled();
    const random = new SeededRandom(7);
    let step = 0;
    const seen = scanAll(subject, ["COUNT", "50"], () => {
      step += 1;
      run(subject, "ZREM", "z", `m${2 * random.below(1500)}`);
      if (step < 20) run(subject, "ZADD", "z", "1", `new${step}`);
    });
    const stayed = all.filter((entry) => /[13579]$/.test(firstOf(entry)));
    expect(stayed.filter((entry) => !seen.includes(entry))).toEqual([]);
  });
});
