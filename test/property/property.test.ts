/** A few hundred programs; npm run property runs as many as are wanted. */

import { describe, expect, test } from "vitest";
import { Inverse } from "../../packages/keyspace/src/inverse.js";
import { RedisServer, redisVersion } from "../conformance/support/redis-server.js";
import { generate } from "./generate.js";
import type { Program, Step } from "./program.js";
import { problemOf, runPrograms } from "./programs.js";
import { shrink } from "./shrink.js";

const PROGRAMS = 200;
const title = redisVersion() === null ? "(skipped: no redis-server)" : "and a real redis-server";

describe("random programs of commands", () => {
  test(`traps 30, 31, 32, 51, 52: leader, follower, undo and the log agree, ${title}`, async () => {
    const redis = redisVersion() === null ? null : await RedisServer.start();
    try {
      const { coverage, failure } = await runPrograms(1, PROGRAMS, redis);
      expect(failure).toBeNull();
      expect(coverage.programs).toBe(PROGRAMS);
      expect(coverage.redisComparisons).toBe(redis === null ? 0 : PROGRAMS);
      expect(Object.keys(coverage.effects).length).toBeGreaterThan(25);
      expect(coverage.rolledBackEffects).toBeGreaterThan(1000);
    } finally {
      await redis?.stop();
    }
  });

  test("a program is made of its seed alone", () => {
    for (const seed of [1, 2, 3]) expect(generate(seed)).toEqual(generate(seed));
    expect(generate(1)).not.toEqual(generate(2));
  });

  test("a failing program is made as small as it can be", async () => {
    const program = generate(7);
    const fails = async ({ steps }: Program): Promise<boolean> =>
      steps.filter(({ kind }) => kind === "seal").length >= 2;
    const { steps } = await shrink(program, fails);
    expect(steps).toEqual([{ kind: "seal" }, { kind: "seal" }]);
  });
});

test("an inverse that does nothing is found", async () => {
  const { prototype } = Inverse;
  const { play } = prototype;
  prototype.play = () => undefined;
  try {
    const push: Step = { kind: "run", requests: [["RPUSH", "l", "a"]], draw: 1 };
    const seal: Step = { kind: "seal" };
    const commit: Step = { kind: "commit", batches: 1 };
    const fall: Step = { kind: "fall", survivors: 0, moves: false };
    const steps = [push, seal, commit, push, fall];
    const problem = await problemOf({ seed: 0, era: "past", isWatchedClosely: false, steps }, null);
    expect(String(problem)).toContain("played back to 1");
  } finally {
    prototype.play = play;
  }
});

describe.skipIf(redisVersion() === null)("a checker that is lied to", () => {
  const program: Program = {
    seed: 0,
    era: "past",
    isWatchedClosely: true,
    steps: [{ kind: "run", requests: [["RPUSH", "l", "a", "b"]], draw: 1 }],
  };

  test.each([
    ["leaves out an effect", () => []],
    ["changes one", (argv: string[]) => [[...argv.slice(0, -1), "c"]]],
  ])("finds a log that %s", async (_title, lie) => {
    const redis = await RedisServer.start();
    try {
      const truth = redis.pipeline.bind(redis);
      redis.pipeline = (commands) =>
        truth(
          commands.flatMap((argv) => {
            const words = argv.map(String);
            return words[0] === "RPUSH"
              ? lie(words)
                  .concat([["PING"]])
                  .slice(0, 1)
              : [argv];
          }),
        );
      expect(String(await problemOf(program, redis))).toContain("DEBUG DIGEST");
    } finally {
      await redis.stop();
    }
  });
});
