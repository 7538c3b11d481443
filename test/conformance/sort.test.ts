/** SORT, OBJECT and MEMORY beside a real redis-server. */

import { asList, asSet, asSortedSet, type StringValue, stringToLatin1 } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { objectDifferences } from "./support/differences-lists.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { SortGenerator } from "./support/sort-commands.js";
import { Subject } from "./support/subject.js";
import { sameHeader, sameMultiset } from "./support/unordered.js";

compareWithRedis({
  family: "SORT, OBJECT and MEMORY",
  source: (random) => new SortGenerator(random),
  agree,
});

compareDifferences(
  "OBJECT and MEMORY",
  ["RPUSH l 1", "SADD s m", "ZADD z 1 1", "SORT z", "APPEND word a", "APPEND word b"],
  objectDifferences,
);

describe.skipIf(redisVersion() === null)("SORT beside redis-server (skipped without it)", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  const weights = [
    ...["", " ", "1 ", " 1", "\t-1", "+1", "\xa01", "1\0x", " \0", "\0"],
    ...["0x", "0x10", "-0X.8p1", "0x1p-1075", "0x1p1024", "0x1p1023", "0x1p"],
    ...["1e400", "-1e400", "1e-320", "1e-400", "4.9e-324", "2.3e-308", "0e999", "1e308"],
    ...["nan", "inf", "-Infinity", "infx", "1e", "1e+", ".", "+.", "-", "5.", ".5", "1_0", "1,5"],
  ];

  test.each(weights)("takes %j for a weight, or does not", async (weight) => {
    const subject = new Subject(new SeededRandom(1).next);
    const requests = [
      ["FLUSHALL"],
      // Redis does not clear errno: without a score that it reads well, the last weight out of range would stay.
      ["ZADD", "z", "1", "m"],
      ["RPUSH", "l", "5", weight, "-3", weight],
      ["SORT", "l"],
    ];
    for (const argv of requests) {
      const theirs = (await redis.call(...argv)).toString("latin1");
      const request = argv.map((word) => Buffer.from(word, "latin1"));
      expect(subject.execute(request, Date.now()).toString("latin1")).toBe(theirs);
    }
  });
});

test.skipIf(redisVersion() === null)(
  "Differs from Redis in cluster mode: BY and GET are served, every slot being here",
  async () => {
    const cluster = await RedisServer.startCluster();
    const subject = new Subject(new SeededRandom(1).next);
    const run = (line: string) => {
      const request = line.split(" ").map((word) => Buffer.from(word, "latin1"));
      return subject.execute(request, Date.now()).toString("latin1");
    };
    try {
      await cluster.call("RPUSH", "l", "2", "1");
      run("RPUSH l 2 1");
      for (const line of ["SORT l BY w*", "SORT l GET #", "SORT_RO l BY {l}* GET {l}*->f"]) {
        const theirs = (await cluster.call(...line.split(" "))).toString("latin1");
        expect(theirs, line).toMatch(/^-ERR (BY|GET) option of SORT denied in Cluster mode/);
        expect(run(line), line).toMatch(/^\*2\r\n/);
      }
      const plain = await cluster.call("SORT", "l", "BY", "nosort");
      expect(run("SORT l BY nosort")).toBe(plain.toString("latin1"));
    } finally {
      await cluster.stop();
    }
  },
);

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer, subject: Subject): boolean {
  const words = argv.map((argument) => argument.toString("latin1"));
  const name = words[0]!.toUpperCase();
  if (name === "SORT" || name === "SORT_RO") return sortsAgree(words, ours, theirs, subject);
  const a = readFrame(ours, 0)!.value;
  const b = readFrame(theirs, 0)!.value;
  if (name === "MEMORY") return isPositive(a) && isPositive(b);
  if (name !== "OBJECT") return false;
  switch (words[1]!.toUpperCase()) {
    case "ENCODING":
      return encodingsAgree(a, b);
    case "IDLETIME":
      return a === 0 && typeof b === "number" && b >= 0;
    default:
      return false;
  }
}

function isPositive(value: RespValue): boolean {
  return typeof value === "number" && value > 0;
}

/**
 * 7.0 knows no listpack of a list or set, and its SORT makes a skiplist of every sorted set it meets.
 */
function encodingsAgree(ours: RespValue, theirs: RespValue): boolean {
  return ours === "listpack" && ["quicklist", "hashtable", "skiplist"].includes(String(theirs));
}

/**
 * The order is open where ALPHA weights may be equal, in a set that is not sorted, and, of ours, for what is
 * behind a NUL, which Redis does not compare.
 */
function sortsAgree(
  words: readonly string[],
  ours: Buffer,
  theirs: Buffer,
  subject: Subject,
): boolean {
  const options = words.slice(2).map((word) => word.toUpperCase());
  const isAlpha = options.includes("ALPHA");
  const isWeighed = options.includes("BY");
  const keepsOrder = options.some(
    (word, i) => word === "BY" && !/^[^\0]*\*/.test(options[i + 1] ?? ""),
  );
  const hasNul = isAlpha && elementsAt(subject, words[1]!).some((one) => one.includes("\0"));
  const isOpen = hasNul || (isAlpha && isWeighed) || (words[1]!.startsWith("s") && keepsOrder);
  if (!isOpen || !sameHeader(ours, theirs)) return false;
  return options.includes("LIMIT") || sameMultiset(ours, theirs, getsOf(options));
}

function elementsAt(subject: Subject, key: string): string[] {
  const elements: string[] = [];
  const value = subject.keyspace.peek(key);
  if (value === undefined) return elements;
  const take = (element: StringValue) => {
    elements.push(stringToLatin1(element));
    return true;
  };
  asList(value)?.forEachFrom(0, 1, take);
  asSet(value)?.forEach(take);
  asSortedSet(value)?.forEach(take);
  return elements;
}

function getsOf(options: readonly string[]): number {
  return Math.max(options.filter((word) => word === "GET").length, 1);
}
