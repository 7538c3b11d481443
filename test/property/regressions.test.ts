/** Programs that once showed something wrong, as small as they could be made. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "../conformance/support/redis-server.js";
import type { Request, Step } from "./program.js";
import { DUMPED } from "./program.js";
import { problemOf } from "./programs.js";

const FAR = "5000000000000";
const restored = (key: string): Request => ["RESTORE", key, FAR, DUMPED + key, "REPLACE", "ABSTTL"];

const programs: Record<string, readonly Request[]> = {
  "a restored stream that never had an entry has no deleted one": [
    ["XGROUP", "CREATE", "x", "g", "$", "MKSTREAM"],
    restored("x"),
  ],
  "an entry that was deleted is still pending in a restored stream": [
    ["XGROUP", "CREATE", "x", "g", "0", "MKSTREAM"],
    ["XADD", "x", "8-1", "f", "v"],
    ["XADD", "x", "9-1", "f", "v"],
    ["XREADGROUP", "GROUP", "g", "bob", "STREAMS", "x", ">"],
    ["XDEL", "x", "9-1"],
    restored("x"),
  ],
  "an entry that was trimmed is still pending in a restored stream": [
    ["XGROUP", "CREATE", "x", "g", "0", "MKSTREAM"],
    ["XADD", "x", "8-1", "f", "v"],
    ["XADD", "x", "9-1", "f", "v"],
    ["XREADGROUP", "GROUP", "g", "bob", "STREAMS", "x", ">"],
    ["XTRIM", "x", "MAXLEN", "1"],
    restored("x"),
  ],
};

const skipped = redisVersion() === null;

describe.skipIf(skipped)("like redis-server (skipped without it)", () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  test.each(Object.entries(programs))("%s", async (_title, requests) => {
    const steps = requests.map((request): Step => ({ kind: "run", requests: [request], draw: 1 }));
    const program = { seed: 0, era: "past", isWatchedClosely: true, steps } as const;
    expect(await problemOf(program, redis)).toBeNull();
  });
});
