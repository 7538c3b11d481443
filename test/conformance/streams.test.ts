/** Streams and their groups beside a real redis-server. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { beforeStreamDifferences, streamDifferences } from "./support/differences-streams.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { streamRepliesAgree } from "./support/streams-agreement.js";
import { StreamsGenerator } from "./support/streams-commands.js";
import { Subject } from "./support/subject.js";

compareWithRedis({
  family: "streams",
  source: (random) => new StreamsGenerator(random),
  agree: streamRepliesAgree,
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
