import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NEAR_EFFECTS_MIN, NEAR_KEY_LENGTH_MAX, NEAR_KEYS } from "../constants.js";
import { stateDigest } from "../digest/state-digest.js";
import { Keyspace, STORE } from "../keyspace.js";
import { Leader, program } from "../testing/random-program.js";
import { applyBatch } from "./apply-batch.js";
import { batchEffectCount } from "./batch-reader.js";
import { BatchWriter } from "./batch-writer.js";
import { NearKeys } from "./near-keys.js";

const NOW_MS = 1_700_000_000_000;

function bringAll(keyspace: Keyspace, payload: Uint8Array): NearKeys {
  const near = new NearKeys(payload);
  for (let passed = 0; passed < batchEffectCount(payload); passed += NEAR_KEYS) {
    near.bring(keyspace[STORE]);
  }
  return near;
}

function filled(keys: readonly string[], value: string, deadlineMs: number): Keyspace {
  const keyspace = new Keyspace();
  const batch = new BatchWriter();
  for (const key of keys) batch.putString(key, value, deadlineMs);
  applyBatch(keyspace, batch.take(NOW_MS));
  return keyspace;
}

describe("keys that are brought near", () => {
  test("are those of the batch, with their old values", () => {
    const keys = Array.from({ length: 3 * NEAR_KEYS + 5 }, (_, n) => `key:${n}`);
    const keyspace = filled([...keys, ...keys.map((key) => `${key}:beside`)], "old value", 0);
    const batch = new BatchWriter();
    for (const key of keys) batch.putString(key, "new", 0);
    const { sum } = bringAll(keyspace, batch.take(NOW_MS));
    const all = keys.reduce((bytes, key) => bytes + key.length + "old value".length, 0);
    expect(sum / all).toBeGreaterThan(0.9);
    expect(sum / all).toBeLessThan(1.1);
  });

  test("are their deadlines', too", () => {
    const keys = Array.from({ length: NEAR_KEYS }, (_, n) => `key:${n}`);
    const batch = new BatchWriter();
    for (const key of keys) batch.setDeadline(key, 0);
    const payload = batch.take(NOW_MS);
    const without = bringAll(filled(keys, "", 0), payload).sum;
    expect(bringAll(filled(keys, "", NOW_MS + 1), payload).sum).toBeGreaterThan(1.5 * without);
  });

  test("are not the long ones, nor those that are not there", () => {
    const long = "k".repeat(NEAR_KEY_LENGTH_MAX + 1);
    const keyspace = filled([long], "value", 0);
    const batch = new BatchWriter();
    for (let n = 0; n < NEAR_EFFECTS_MIN; n++) batch.putString(long, "", 0);
    expect(bringAll(keyspace, batch.take(NOW_MS)).sum).toBe(0);
    for (let n = 0; n < NEAR_EFFECTS_MIN; n++) batch.putString(`missing:${n}`, "", 0);
    expect(bringAll(new Keyspace(), batch.take(NOW_MS)).sum).toBe(0);
  });

  test("change nothing, whatever the batch does", () => {
    let large = 0;
    fc.assert(
      fc.property(program, (steps) => {
        const leader = new Leader();
        const follower = new Leader().keyspace;
        // Not sealed between, most of them: batches in which effects of all kinds follow each other.
        for (const step of steps) leader.run(step);
        leader.seal();
        for (const payload of leader.payloads) {
          const before = stateDigest(follower);
          bringAll(follower, payload);
          expect(stateDigest(follower)).toEqual(before);
          if (batchEffectCount(payload) >= NEAR_EFFECTS_MIN) large++;
          applyBatch(follower, payload);
        }
        expect(stateDigest(follower)).toEqual(stateDigest(leader.keyspace));
      }),
      { seed: 64, numRuns: 200 },
    );
    expect(large).toBeGreaterThan(100);
  });
});
