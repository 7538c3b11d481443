/**
 * Where a command answers otherwise than redis-server, on purpose or because 7.2 does. The rows of a family
 * are in a file of its own; each is asked of both sides, and one that differs no longer fails. The page
 * docs/reference/compatibility.md is made of them.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "./redis-server.js";
import { SeededRandom } from "./seeded-random.js";
import { Subject } from "./subject.js";

export interface Difference {
  /** Words with one space between them. */
  readonly command: string;
  /** First line of our reply in RESP2, without its end. */
  readonly ours: string;
  /** The same of redis-server 7.0's. */
  readonly theirs: string;
  /** Sent to it instead of `command`, where that reply is too long to be read. */
  readonly asked?: string;
  readonly reason: string;
  /** Redis 7.2 answers as we do. */
  readonly since72?: true;
}

/** `prepare`: commands behind which each row's is sent. */
export function compareDifferences(
  title: string,
  prepare: readonly string[],
  rows: readonly Difference[],
): void {
  const comparable = redisVersion()?.startsWith("7.0.") ?? false;
  describe.skipIf(!comparable)(`${title}: differences from redis-server 7.0`, () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await RedisServer.start();
    });

    afterAll(async () => {
      await redis.stop();
    });

    test.each(rows)("$command", async ({ command, ours, theirs, asked }) => {
      const subject = new Subject(new SeededRandom(1).next);
      await redis.call("FLUSHALL");
      for (const line of prepare) {
        await redis.call(...line.split(" "));
        subject.execute(bytes(line), Date.now());
      }
      expect(firstLine(subject.execute(bytes(command), Date.now()))).toBe(ours);
      expect(firstLine(await redis.call(...(asked ?? command).split(" ")))).toBe(theirs);
      expect(ours).not.toBe(theirs);
    });
  });
}

function bytes(line: string): Buffer[] {
  return line.split(" ").map((word) => Buffer.from(word, "latin1"));
}

function firstLine(reply: Buffer): string {
  return reply.toString("latin1", 0, reply.indexOf("\r\n"));
}
