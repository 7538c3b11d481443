/**
 * The same generated commands to a real redis-server and to our rows: every reply must be equal byte for
 * byte, or by a rule of its command's, and so must the datasets after each sequence.
 * REDOUBT_CONFORMANCE_COMMANDS asks for more of them, REDOUBT_CONFORMANCE_SEED for others.
 */

import { debugDigest, stateDigest } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "./redis-server.js";
import { SeededRandom } from "./seeded-random.js";
import { Subject } from "./subject.js";

const commandsMin = process.env.REDOUBT_CONFORMANCE_COMMANDS;
const firstSeed = Number(process.env.REDOUBT_CONFORMANCE_SEED ?? 1);

/** Commands of one sequence, one after the other. */
export interface CommandSource {
  next(): Buffer[];
}

export interface Comparison {
  /** What is compared, for the title. */
  readonly title: string;
  /** In a run of the tests, both protocols together. */
  readonly commands: number;
  readonly sequenceLength?: number;
  readonly source: (random: SeededRandom) => CommandSource;
  /** Replies that need not be equal byte for byte: asked when they are not, after we executed. */
  readonly agree?: (
    argv: readonly Buffer[],
    ours: Buffer,
    theirs: Buffer,
    subject: Subject,
  ) => boolean;
  /** Commands that are sent to the redis-server once, before anything is compared. */
  readonly prepare?: readonly (readonly string[])[];
}

const SEQUENCE_LENGTH = 250;

export function compareWithRedis(comparison: Comparison): void {
  const { title, commands } = comparison;
  const length = comparison.sequenceLength ?? SEQUENCE_LENGTH;
  const skipped = redisVersion() === null;
  describe.skipIf(skipped)(`${title} like redis-server (skipped without it)`, () => {
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await RedisServer.start();
      // Else a key with a past deadline vanishes by itself, at some time.
      await redis.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      for (const argv of comparison.prepare ?? []) await redis.call(...argv);
    });

    afterAll(async () => {
      await redis.stop();
    });

    for (const protocol of [2, 3] as const) {
      test(`generated sequences, RESP${protocol}`, async () => {
        await redis.call("HELLO", String(protocol));
        const wanted = commandsMin === undefined ? commands : Number(commandsMin);
        const sequences = Math.ceil(wanted / 2 / length);
        for (let i = 0; i < sequences; i++) {
          await compareSequence(redis, comparison, firstSeed * 100_000 + i, protocol, length);
        }
      });
    }
  });
}

async function compareSequence(
  redis: RedisServer,
  { source, agree }: Comparison,
  seed: number,
  protocol: 2 | 3,
  length: number,
): Promise<void> {
  const random = new SeededRandom(seed);
  const generator = source(random);
  const subject = new Subject(random.next);
  subject.protocol = protocol;
  const commands = Array.from({ length }, () => generator.next());
  await redis.call("FLUSHALL");
  const theirs = await redis.pipeline(commands);
  for (let i = 0; i < commands.length; i++) {
    const nowMs = Date.now();
    const ours = subject.execute(commands[i]!, nowMs);
    if (i % 50 === 49) subject.commit(nowMs);
    const their = theirs[i]!;
    if (ours.equals(their) || agree?.(commands[i]!, ours, their, subject)) continue;
    const text = commands
      .slice(0, i + 1)
      .map(show)
      .join("\n");
    const where = `seed ${seed}, RESP${protocol}, command ${i} of:\n${text}`;
    expect(show([ours]), where).toBe(show([their]));
  }
  const nowMs = Date.now();
  subject.commit(nowMs);
  subject.keyspace.logTimeMs = subject.follower.logTimeMs;
  const digest = (await redis.call("DEBUG", "DIGEST")).toString("latin1").slice(1, -2);
  expect(subject.digest(), `seed ${seed}: dataset like Redis`).toBe(digest);
  expect(debugDigest(subject.follower), `seed ${seed}: follower like leader`).toBe(digest);
  expect(stateDigest(subject.follower)).toBe(stateDigest(subject.keyspace));
}

function show(argv: readonly Buffer[]): string {
  return argv
    .map((argument) => JSON.stringify(argument.toString("latin1").slice(0, 300)))
    .join(" ");
}
