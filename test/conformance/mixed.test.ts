/** All families on the same keys, with transactions, beside a real redis-server. */

import { expect, test } from "vitest";
import { compareConnections } from "./support/compare-connections.js";
import { MixedCommands, mixedKeys } from "./support/mixed-commands.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { WholeNode } from "./support/whole-node.js";

compareConnections({
  family: "all types on the same keys",
  connections: 2,
  sequenceLength: 250,
  keys: mixedKeys,
  source: (random) => new MixedCommands(random),
});

test.skipIf(redisVersion() === null)(
  "Differs from Redis: a consumer that is made changes its watched stream",
  async () => {
    const redis = await RedisServer.start();
    const node = new WholeNode(Math.random);
    const client = node.connect(2);
    let theirs = "";
    for (const line of [
      "XGROUP CREATE s g 0 MKSTREAM",
      "WATCH s",
      "XGROUP CREATECONSUMER s g c",
      "MULTI",
      "EXEC",
    ]) {
      client.send(line.split(" ").map((word) => Buffer.from(word)));
      node.settle();
      theirs = (await redis.call(...line.split(" "))).toString();
    }
    await redis.stop();
    expect(client.take().at(-1)!.toString()).toBe("*-1\r\n");
    expect(theirs).toBe("*0\r\n");
  },
);
