/** Streams and their groups beside a real redis-server. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { beforeStreamDifferences, streamDifferences } from "./support/differences-streams.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { StreamsGenerator } from "./support/streams-commands.js";
import { Subject } from "./support/subject.js";

/** Both sides read their clock at some time between sending and receiving a pipeline. */
const CLOCK_TOLERANCE_MS = 20_000;
/** Integers above are times. */
const SOME_TIME_MS = 1_000_000_000_000;

compareWithRedis({
  title: "streams",
  commands: 40_000,
  source: (random) => new StreamsGenerator(random),
  agree,
});

compareDifferences("streams", beforeStreamDifferences, streamDifferences);

describe.skipIf(redisVersion() === null)("long streams like redis-server", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  test("~ trims whole chunks, of a hundred entries each", async () => {
    const subject = new Subject(Math.random);
    const compare = async (...argv: string[]) => {
      const request = argv.map((argument) => Buffer.from(argument, "latin1"));
      const ours = subject.execute(request, Date.now()).toString("latin1");
      const theirs = (await redis.call(...argv)).toString("latin1");
      expect(ours, argv.join(" ")).toBe(theirs);
    };
    for (let i = 1; i <= 750; i++) await compare("XADD", "s", `${i}`, "f", "v");
    await compare("XDEL", "s", "150", "250", "251");
    await compare("XTRIM", "s", "MAXLEN", "~", "700");
    await compare("XTRIM", "s", "MAXLEN", "~", "600", "LIMIT", "99");
    await compare("XTRIM", "s", "MAXLEN", "~", "600", "LIMIT", "100");
    await compare("XTRIM", "s", "MAXLEN", "~", "400", "LIMIT", "150");
    await compare("XTRIM", "s", "MINID", "~", "300");
    await compare("XTRIM", "s", "MINID", "~", "301");
    await compare("XTRIM", "s", "MINID", "~", "700", "LIMIT", "0");
    await compare("XADD", "s", "MAXLEN", "~", "20", "751", "f", "v");
    await compare("XLEN", "s");
    await compare("XTRIM", "s", "MINID", "720");
    await compare("XTRIM", "s", "MAXLEN", "~", "0");
    await compare("XLEN", "s");
  });
});

/** Equal but for times, for what 7.2 adds, and for the shape of an index that only Redis has. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer): boolean {
  const [a, b] = [ours.toString("latin1"), theirs.toString("latin1")];
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "XADD":
      // A millisecond without a sequence number left: see the differences.
      return a.startsWith("-ERR The ID specified") && b.startsWith("-ERR Elements are too large");
    case "XREAD":
    case "XREADGROUP":
      return a.startsWith("-ERR Unbalanced 'xread") && b.startsWith("-ERR Unbalanced XREAD ");
    case "XPENDING":
      return alike(a, b, (_before, i) => i % 2 === 0);
    case "XINFO":
      return alike(
        as70(a),
        b,
        (before, _i, value) =>
          value >= SOME_TIME_MS || /idle\r\n$|radix-tree-(?:keys|nodes)\r\n$/.test(before),
      );
    default:
      return false;
  }
}

/** Without the fields that 7.2 adds to consumers. */
function as70(reply: string): string {
  return reply
    .replace(/\$8\r\ninactive\r\n:-?\d+\r\n/g, "")
    .replace(/%4(\r\n\$4\r\nname\r\n)/g, "%3$1")
    .replace(/\*8(\r\n\$4\r\nname\r\n)/g, "*6$1")
    .replace(/\$11\r\nactive-time\r\n:-?\d+\r\n/g, "")
    .replace(/%5(\r\n\$4\r\nname\r\n)/g, "%4$1")
    .replace(/\*10(\r\n\$4\r\nname\r\n)/g, "*8$1");
}

/** Equal but for integers of which `isLoose` is true: those are near each other. */
function alike(
  a: string,
  b: string,
  isLoose: (before: string, index: number, value: number) => boolean,
): boolean {
  const [partsA, partsB] = [a.split(integer), b.split(integer)];
  return (
    partsA.length === partsB.length &&
    partsA.every((part, i) => {
      if (part === partsB[i]) return true;
      if (i % 2 === 0) return false;
      const value = Number(part);
      const distance = Math.abs(value - Number(partsB[i]));
      return distance <= CLOCK_TOLERANCE_MS && isLoose(partsA[i - 1]!, (i - 1) / 2, value);
    })
  );
}

const integer = /(?<=\n|^):(-?\d+)(?=\r\n)/;
