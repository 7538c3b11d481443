/** Clients that wait for lists, sorted sets and streams, beside a real redis-server. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareConnections } from "./support/compare-connections.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { WaitingCommands, waitersCount, waitingKeys } from "./support/waiting-commands.js";
import { WholeNode } from "./support/whole-node.js";

compareConnections({
  family: "waiting clients",
  connections: waitersCount + 1,
  sequenceLength: 120,
  keys: waitingKeys,
  source: (random) => new WaitingCommands(random),
  servedShare: 1 / 50,
});

describe.skipIf(!(redisVersion()?.startsWith("7.0.") ?? false))(
  "how a wait ends beside redis-server 7.0 (skipped without it)",
  () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await RedisServer.start();
    });

    afterAll(async () => {
      await redis.stop();
    });

    /** The first line waits behind those before; the others are sent by somebody else. Lines of the reply. */
    async function ended(
      before: readonly string[],
      wait: string,
      writes: readonly string[],
    ): Promise<readonly [string, string]> {
      const node = new WholeNode(Math.random);
      const [mine, writer] = [node.connect(2), node.connect(2)];
      await redis.call("FLUSHALL");
      const theirs = await redis.connect();
      const say = async (line: string) => {
        const id = (own: number) => line.replace("@client", String(own)).split(" ");
        writer.send(id(mine.session.id).map((word) => Buffer.from(word)));
        node.settle();
        await redis.call(...id(theirs.id));
      };
      for (const line of before) await say(line);
      mine.send(wait.split(" ").map((word) => Buffer.from(word)));
      node.settle();
      theirs.send(wait.split(" "));
      await hasRead(theirs.id, wait.split(" ")[0]!);
      for (const line of writes) await say(line);
      await redis.call("PING");
      await new Promise((resolve) => setImmediate(resolve));
      const text = (replies: readonly Buffer[]) =>
        Buffer.concat(replies).toString("latin1").replaceAll("\r\n", " ").trim();
      const both = [text(mine.take()), text(theirs.take())] as const;
      theirs.end();
      return both;
    }

    /** Another connection's PING may be answered before this one's command is read. */
    async function hasRead(id: number, command: string): Promise<void> {
      const mark = ` cmd=${command.toLowerCase()}`;
      for (;;) {
        const line = await redis.call("CLIENT", "LIST", "ID", String(id));
        if (line.toString("latin1").includes(mark)) return;
      }
    }

    test.each(["BLPOP k inf", "BLMOVE a b LEFT LEFT 1e400", "BZPOPMIN k 1e300"])(
      "7.2: a timeout beyond all is out of range",
      async (line) => {
        const replies = await ended([], line, []);
        expect(replies).toEqual(["-ERR timeout is out of range", "-ERR timeout is negative"]);
      },
    );

    test("7.2: what ends the wait for a group is told in the command's words", async () => {
      const before = ["XGROUP CREATE s g $ MKSTREAM"];
      const wait = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >";
      const gone = await ended(before, wait, ["DEL s"]);
      expect(gone[0]).toBe(
        "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
      );
      expect(gone[1]).toBe("-UNBLOCKED the stream key no longer exists");
      const destroyed = await ended(before, wait, ["XGROUP DESTROY s g"]);
      expect(destroyed[0]).toBe(gone[0]);
      expect(destroyed[1]).toMatch(/^-NOGROUP the consumer group this client was blocked on/);
      const [ours] = await ended(before, wait, ["SET s string"]);
      expect(ours).toMatch(/^-WRONGTYPE /);
    });

    test("7.2: who waits for several keys is served from the first it names", async () => {
      const feed = ["MULTI", "RPUSH b x", "RPUSH a y", "EXEC"];
      const replies = await ended([], "BLPOP a b 0", feed);
      expect(replies).toEqual(["*2 $1 a $1 y", "*2 $1 b $1 x"]);
    });

    test("Differs from Redis: a value stored over one of another type serves who waits", async () => {
      const writes = ["SET k string", "ZUNIONSTORE k 1 z"];
      const stream = ["XADD s 1-1 f v", "XGROUP CREATE s g $"];
      const wait = "XREADGROUP GROUP g c BLOCK 0 STREAMS s >";
      const read = await ended(stream, wait, ["XGROUP SETID s g 0"]);
      expect(read).toEqual(["*1 *2 $1 s *1 *2 $3 1-1 *2 $1 f $1 v", ""]);
      const replies = await ended(["ZADD z 1 m"], "BZPOPMIN k 0", writes);
      expect(replies).toEqual(["*3 $1 k $1 m $1 1", ""]);
    });

    test("Differs from Redis: who is unblocked and fed in one MULTI is served", async () => {
      const feed = ["MULTI", "CLIENT UNBLOCK @client", "RPUSH k x", "EXEC"];
      expect(await ended([], "BLPOP k 0", feed)).toEqual(["*2 $1 k $1 x", "*-1"]);
    });
  },
);
