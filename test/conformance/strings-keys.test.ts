/**
 * The same generated commands to a real redis-server and to our rows: every reply must be equal byte for
 * byte, and so must the datasets after each sequence. REDOUBT_CONFORMANCE_COMMANDS asks for more of them,
 * REDOUBT_CONFORMANCE_SEED for others.
 */

import { debugDigest, stateDigest } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Generator } from "./support/generator.js";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { type RespValue, readFrame } from "./support/resp-value.js";
import { SeededRandom } from "./support/seeded-random.js";
import { Subject } from "./support/subject.js";

const commandsMin = Number(process.env.REDOUBT_CONFORMANCE_COMMANDS ?? 20_000);
const firstSeed = Number(process.env.REDOUBT_CONFORMANCE_SEED ?? 1);
const sequenceLength = 250;
/** Both sides read their clock at some time between sending and receiving a pipeline. */
const clockToleranceMs = 20_000;

const version = redisVersion();

describe.skipIf(version === null)("strings and keys like redis-server (skipped without it)", () => {
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
      const sequences = Math.ceil(commandsMin / 2 / sequenceLength);
      for (let i = 0; i < sequences; i++) {
        await compareSequence(redis, firstSeed * 100_000 + i, protocol);
      }
    });
  }
});

async function compareSequence(redis: RedisServer, seed: number, protocol: 2 | 3): Promise<void> {
  const random = new SeededRandom(seed);
  const generator = new Generator(random);
  const subject = new Subject(random.next);
  subject.protocol = protocol;
  const commands = Array.from({ length: sequenceLength }, () => generator.next());
  await redis.call("FLUSHALL");
  const theirs = await redis.pipeline(commands);
  for (let i = 0; i < commands.length; i++) {
    const nowMs = Date.now();
    const ours = subject.execute(commands[i]!, nowMs);
    if (i % 50 === 49) subject.commit(nowMs);
    if (agree(commands[i]!, ours, theirs[i]!)) continue;
    const text = commands
      .slice(0, i + 1)
      .map(show)
      .join("\n");
    const where = `seed ${seed}, RESP${protocol}, command ${i} of:\n${text}`;
    expect(show([ours]), where).toBe(show([theirs[i]!]));
  }
  const nowMs = Date.now();
  subject.commit(nowMs);
  subject.keyspace.logTimeMs = subject.follower.logTimeMs;
  const digest = (await redis.call("DEBUG", "DIGEST")).toString("latin1").slice(1, -2);
  expect(subject.digest(), `seed ${seed}: dataset like Redis`).toBe(digest);
  expect(debugDigest(subject.follower), `seed ${seed}: follower like leader`).toBe(digest);
  expect(stateDigest(subject.follower)).toBe(stateDigest(subject.keyspace));
}

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer): boolean {
  if (ours.equals(theirs)) return true;
  const a = readFrame(ours, 0)!.value;
  const b = readFrame(theirs, 0)!.value;
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "TTL":
    case "EXPIRETIME":
      return near(a, b, clockToleranceMs / 1000);
    case "PTTL":
    case "PEXPIRETIME":
      return near(a, b, clockToleranceMs);
    case "KEYS":
      return Array.isArray(a) && Array.isArray(b) && sorted(a) === sorted(b);
    default:
      return false;
  }
}

/** Negative replies mean something else than a time. */
function near(a: RespValue, b: RespValue, tolerance: number): boolean {
  if (typeof a !== "number" || typeof b !== "number") return false;
  return a >= 0 && b >= 0 && Math.abs(a - b) <= tolerance;
}

function sorted(values: readonly RespValue[]): string {
  return JSON.stringify([...values].sort());
}

function show(argv: readonly Buffer[]): string {
  return argv
    .map((argument) => JSON.stringify(argument.toString("latin1").slice(0, 300)))
    .join(" ");
}
