/**
 * The same generated commands to a real redis-server and to our rows: every reply must be equal byte for
 * byte, or by a rule of its command's, and so must the datasets after each sequence. Of a sequence that fails
 * the shortest part is shown that still does.
 */

import { debugDigest, stateDigest } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "./redis-server.js";
import { SeededRandom } from "./seeded-random.js";
import { type Family, replayOf, report, seedsOf } from "./shares.js";
import { shrink } from "./shrink.js";
import { Subject } from "./subject.js";

/** Commands of one sequence, one after the other. */
export interface CommandSource {
  next(): Buffer[];
}

export interface Comparison {
  readonly family: Family;
  readonly sequenceLength?: number;
  readonly source: (random: SeededRandom) => CommandSource;
  /**
   * Replies that need not be equal byte for byte: asked when they are not, after we executed. True or the
   * name of a rule: they agree.
   */
  readonly agree?: (
    argv: readonly Buffer[],
    ours: Buffer,
    theirs: Buffer,
    subject: Subject,
  ) => boolean | string | null;
}

/** What is not equal. */
export interface Mismatch {
  readonly where: string;
  readonly ours: string;
  readonly theirs: string;
}

const SEQUENCE_LENGTH = 250;
/** Commands between two commits of ours. */
const COMMIT_INTERVAL = 50;
const SOME_RULE = "by a rule of the command";

type Rules = Record<string, number>;

export function compareWithRedis(comparison: Comparison): void {
  const { family, source } = comparison;
  const length = comparison.sequenceLength ?? SEQUENCE_LENGTH;
  describe.skipIf(redisVersion() === null)(
    `${family} like redis-server (skipped without it)`,
    () => {
      let redis: RedisServer;

      beforeAll(async () => {
        redis = await RedisServer.start();
        // Else a key with a past deadline vanishes by itself, at some time.
        await redis.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      });

      afterAll(async () => {
        await redis.stop();
      });

      for (const protocol of [2, 3] as const) {
        test(`generated sequences, RESP${protocol}`, async () => {
          await redis.call("HELLO", String(protocol));
          const seeds = seedsOf(family, length);
          const rules: Rules = {};
          for (const seed of seeds) {
            const random = new SeededRandom(seed);
            const generator = source(random);
            const commands = Array.from({ length }, () => generator.next());
            const run = (part: readonly Buffer[][], counted: Rules) =>
              mismatchOf(redis, comparison, part, new Subject(random.next), protocol, counted);
            const mismatch = await run(commands, rules);
            if (mismatch === null) continue;
            const shortest = await shrink(commands, mismatch, (part) => run(part, {}));
            fail(shortest.items.map(show), shortest.failure, replayOf(family, seed), protocol);
          }
          const sequences = seeds.length;
          report({
            ...{ family, protocol, sequences, rules },
            ...{ commands: sequences * length, digests: sequences },
          });
        });
      }
    },
  );
}

/** Ends the test. */
export function fail(
  sequence: readonly string[],
  { where, ours, theirs }: Mismatch,
  replay: string,
  protocol: 2 | 3,
): never {
  const text = `RESP${protocol}, ${where}, behind\n${sequence.join("\n")}\n(${replay})`;
  expect(ours, text).toBe(theirs);
  throw new Error("a mismatch is of two that differ");
}

async function mismatchOf(
  redis: RedisServer,
  { agree }: Comparison,
  commands: readonly Buffer[][],
  subject: Subject,
  protocol: 2 | 3,
  rules: Rules,
): Promise<Mismatch | null> {
  subject.protocol = protocol;
  await redis.call("FLUSHALL");
  const theirs = await redis.pipeline(commands);
  for (let i = 0; i < commands.length; i++) {
    const nowMs = Date.now();
    const argv = commands[i]!;
    const ours = subject.execute(argv, nowMs);
    if (i % COMMIT_INTERVAL === COMMIT_INTERVAL - 1) subject.commit(nowMs);
    const their = theirs[i]!;
    if (ours.equals(their)) continue;
    const rule = agree?.(argv, ours, their, subject) ?? false;
    if (rule === false) {
      return { where: `reply to ${show(argv)}`, ours: show([ours]), theirs: show([their]) };
    }
    const name = rule === true ? SOME_RULE : rule;
    rules[name] = (rules[name] ?? 0) + 1;
  }
  const nowMs = Date.now();
  subject.commit(nowMs);
  subject.keyspace.logTimeMs = subject.follower.logTimeMs;
  const digest = (await redis.call("DEBUG", "DIGEST")).toString("latin1").slice(1, -2);
  const sides: readonly (readonly [string, string, string])[] = [
    ["dataset", subject.digest(), digest],
    ["dataset of the follower", debugDigest(subject.follower), digest],
    ["state of the leader", stateDigest(subject.keyspace), stateDigest(subject.follower)],
  ];
  for (const [where, ours, other] of sides) {
    if (ours !== other) return { where, ours, theirs: other };
  }
  return null;
}

/** Long arguments are cut. */
export function show(argv: readonly Buffer[]): string {
  return argv
    .map((argument) => JSON.stringify(argument.toString("latin1").slice(0, 300)))
    .join(" ");
}
