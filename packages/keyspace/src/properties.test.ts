/**
 * Random programs over a few keys: what leader, follower, undo and a real redis-server must agree on.
 * Virtual time lies far ahead, so a real redis-server never expires what the programs expire.
 */

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debugDigest } from "./digest/debug-digest.js";
import { stateDigest } from "./digest/state-digest.js";
import { applyBatch } from "./effects/apply-batch.js";
import { BatchWriter } from "./effects/batch-writer.js";
import { encodeState } from "./effects/encode-state.js";
import { toCommands } from "./effects/to-commands.js";
import { Keyspace } from "./keyspace.js";
import { DEADLINE_BYTES, ENTRY_BYTES, LIBRARY_BYTES, latin1Bytes, valueBytes } from "./memory.js";
import { Leader, program, START_MS } from "./testing/random-program.js";
import { hasRedis, RedisServer, realRedis, words } from "./testing/redis-server.js";

function expectMemoryIsTheSum(keyspace: Keyspace): void {
  let sum = 0;
  keyspace.forEachKey((key, value, deadlineMs) => {
    sum += ENTRY_BYTES + latin1Bytes(key) + valueBytes(value);
    sum += deadlineMs === 0 ? 0 : DEADLINE_BYTES + latin1Bytes(key);
  });
  keyspace.libraries.forEach((name, code) => {
    sum += ENTRY_BYTES + LIBRARY_BYTES + latin1Bytes(name) + latin1Bytes(code);
  });
  expect(keyspace.memoryBytes).toBe(sum);
}

describe("any program", () => {
  test("trap-31 a follower that applies the leader's batches has the leader's state", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const leader = new Leader();
        const follower = new Keyspace();
        for (const step of steps) {
          leader.run(step);
        }
        leader.seal();
        for (const payload of leader.payloads) {
          applyBatch(follower, payload);
        }
        expect(stateDigest(follower)).toBe(stateDigest(leader.keyspace));
        expect(debugDigest(follower)).toBe(debugDigest(leader.keyspace));
        expect(follower.volatileSize).toBe(leader.keyspace.volatileSize);
        expectMemoryIsTheSum(follower);
        expectMemoryIsTheSum(leader.keyspace);
      }),
      { seed: 10, numRuns: 200 },
    );
  });

  test("trap-52 made of its own effects again, the state is the same", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const leader = new Leader();
        for (const step of steps) {
          leader.run(step);
        }
        leader.seal();
        const batch = new BatchWriter();
        batch.flushAll();
        encodeState(leader.keyspace, batch);
        const rebuilt = new Keyspace();
        applyBatch(rebuilt, batch.take(leader.keyspace.logTimeMs));
        expect(stateDigest(rebuilt)).toBe(stateDigest(leader.keyspace));
        expect(debugDigest(rebuilt)).toBe(debugDigest(leader.keyspace));
        expectMemoryIsTheSum(rebuilt);
      }),
      { seed: 14, numRuns: 200 },
    );
  });

  test("trap-32 rolled back to any position, the keyspace is what it was there", () => {
    fc.assert(
      fc.property(program, fc.nat(), fc.nat(), (steps, first, second) => {
        const leader = new Leader();
        const digests = new Map([[0, stateDigest(leader.keyspace)]]);
        for (const step of steps) {
          leader.run(step);
          leader.keyspace.logTimeMs = 0;
          digests.set(leader.journal.position, stateDigest(leader.keyspace));
        }
        const positions = [...digests.keys()];
        const committed = positions[first % positions.length]!;
        let dropped = 0;
        leader.journal.commitTo(committed, () => dropped++);
        expect(dropped).toBe(committed);
        const rest = positions.filter((position) => position >= committed);
        const target = rest[second % rest.length]!;
        for (const position of rest.filter((each) => each >= target).reverse()) {
          leader.journal.rollbackTo(position, leader.keyspace);
          expect(stateDigest(leader.keyspace)).toBe(digests.get(position));
          expectMemoryIsTheSum(leader.keyspace);
        }
        expect(leader.journal.length).toBe(target - committed);
        leader.journal.rollbackTo(committed, leader.keyspace);
        expect(leader.journal.memoryBytes).toBe(0);
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test("trap-51 a command undone to its mark leaves neither state nor bytes", () => {
    fc.assert(
      fc.property(program, program, program, (before, undone, after) => {
        const leader = new Leader();
        const follower = new Keyspace();
        for (const step of before) {
          leader.run(step);
        }
        leader.txn.begin(leader.nowMs, "lead");
        const digest = stateDigest(leader.keyspace);
        const bytes = leader.batch.bytes;
        const mark = leader.txn.mark();
        for (const step of undone) {
          leader.execute(step);
        }
        leader.txn.undoTo(mark);
        expect([stateDigest(leader.keyspace), leader.batch.bytes]).toEqual([digest, bytes]);
        expect(leader.txn.effectCount).toBe(0);
        for (const step of after) {
          leader.run(step);
        }
        leader.seal();
        for (const payload of leader.payloads) {
          applyBatch(follower, payload);
        }
        expect(stateDigest(follower)).toBe(stateDigest(leader.keyspace));
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  test("a journal longer than its first columns keeps order through growth and wrap-around", () => {
    const leader = new Leader();
    const digests: string[] = [];
    let committed = 0;
    for (let i = 0; i < 5000; i++) {
      leader.txn.begin(leader.nowMs, "lead");
      leader.txn.putString(`k${i % 13}`, `v${i}`, START_MS + i);
      digests.push(i % 100 === 0 ? stateDigest(leader.keyspace) : "");
      if (i % 3 === 0 && i < 3000) {
        leader.journal.commitTo(++committed, (key) => expect(key).toBe(`k${(committed - 1) % 13}`));
      }
    }
    for (let i = 4900; i >= committed; i -= 100) {
      leader.journal.rollbackTo(i + 1, leader.keyspace);
      expect(stateDigest(leader.keyspace)).toBe(digests[i]);
    }
    leader.journal.rollbackTo(committed, leader.keyspace);
    expect(leader.journal.memoryBytes).toBe(0);
  });
});

describe.skipIf(!hasRedis)(realRedis, () => {
  const redis = new RedisServer();
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());

  test("an empty keyspace has Redis's digest of nothing", async () => {
    const lines = await redis.run([words("FLUSHALL"), words("DEBUG", "DIGEST")]);
    expect(lines[1]).toBe(`+${debugDigest(new Keyspace())}`);
  });

  test("replaying any program's commands gives the same DEBUG DIGEST", async () => {
    const runs = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const leader = new Leader();
        for (const step of steps) {
          leader.run(step);
        }
        leader.seal();
        const commands = leader.payloads.flatMap((payload) => toCommands(payload));
        for (const [name, subcommand] of commands) {
          const hasSub = ["XGROUP", "FUNCTION"].includes(String(name));
          const counted = hasSub ? `${name} ${subcommand}` : String(name);
          runs.set(counted, (runs.get(counted) ?? 0) + 1);
        }
        const lines = await redis.run([words("FLUSHALL"), ...commands, words("DEBUG", "DIGEST")]);
        expect(lines.filter((line) => line.startsWith("-"))).toEqual([]);
        expect(lines.at(-1)).toBe(`+${debugDigest(leader.keyspace)}`);
      }),
      { seed: 13, numRuns: 300 },
    );
    // A property over programs that do nothing would prove nothing.
    expect(runs.size).toBe(39);
    expect(Math.min(...runs.values())).toBeGreaterThan(2);
  });
});
