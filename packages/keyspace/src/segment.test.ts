/** The table under the keyspace: against a Map, with hashes that meet as badly as hashes can. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEGMENT_SLOTS_MIN } from "./constants.js";
import { keyHash, keyHashOfBytes, Segment, seedKeyHashes } from "./segment.js";

type Hash = (key: string) => number;

const hashes: Record<string, Hash> = {
  "its own": keyHash,
  "all alike": () => -1,
  "three places, next to each other": (key) => key.charCodeAt(1) % 3,
  "the same place, other high bits": (key) => key.charCodeAt(key.length - 1) << 20,
  "the last slots, around the end of the table": (key) => -1 - (key.charCodeAt(1) % 4),
};

function check(segment: Segment<number>, model: ReadonlyMap<string, number>, hash: Hash): void {
  expect(segment.keys.length).toBe(model.size);
  expect(segment.values.length).toBe(model.size);
  for (const [key, value] of model) {
    const position = segment.find(key, hash(key));
    expect(segment.keys[position]).toBe(key);
    expect(segment.values[position]).toBe(value);
  }
}

describe("a segment", () => {
  test.each(Object.keys(hashes))("answers as a Map does: hashes %s", (name) => {
    const hash = hashes[name]!;
    const key = fc.nat(70).map((n) => `k${n}`);
    const step = fc.record({ act: fc.constantFrom("add", "add", "remove"), key });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const segment = new Segment<number>();
        const model = new Map<string, number>();
        for (const [n, { act, key }] of steps.entries()) {
          const position = segment.find(key, hash(key));
          expect(position >= 0).toBe(model.has(key));
          if (act === "add" && position < 0) {
            segment.add(key, hash(key), n);
            model.set(key, n);
          } else if (act === "remove" && position >= 0) {
            const last = segment.keys.at(-1)!;
            expect(segment.removeAt(position)).toBe(model.get(key));
            model.delete(key);
            expect(segment.find(key, hash(key))).toBe(-1);
            // Whoever was last is where the gap was: a scan that goes downward meets it once more, never not at all.
            if (last !== key) expect(segment.find(last, hash(last))).toBe(position);
          }
        }
        check(segment, model, hash);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("grows and shrinks with what it holds", () => {
    const segment = new Segment<number>();
    const model = new Map<string, number>();
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 5000; n++) {
        segment.add(`key:${n}`, keyHash(`key:${n}`), n);
        model.set(`key:${n}`, n);
      }
      check(segment, model, keyHash);
      expect(segment.slotCount).toBe(8192);
      for (let n = 0; n < 5000 - round; n++) {
        const key = `key:${(n * 7) % 5000}`;
        const position = segment.find(key, keyHash(key));
        expect(segment.removeAt(position)).toBe(model.get(key));
        model.delete(key);
      }
      check(segment, model, keyHash);
      expect(segment.slotCount).toBe(SEGMENT_SLOTS_MIN);
      for (const key of [...segment.keys]) segment.removeAt(segment.find(key, keyHash(key)));
      model.clear();
    }
  });
});

test("bytes have the hash of their text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5), (bytes, before) => {
      const padded = Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.from("behind")]);
      const text = Buffer.from(bytes).toString("latin1");
      expect(keyHashOfBytes(padded, before, before + bytes.length)).toBe(keyHash(text));
    }),
    { seed: 5 },
  );
});

describe("where a key likely is", () => {
  test("nowhere, or at a position that there is, whatever the hashes", () => {
    for (const hash of Object.values(hashes)) {
      const segment = new Segment<number>();
      for (let n = 0; n < 100; n++) {
        for (let k = 0; k < 150; k++) {
          const position = segment.likely(hash(`k${k}`));
          expect(position).toBeGreaterThanOrEqual(-1);
          expect(position).toBeLessThan(n);
        }
        segment.add(`k${n}`, hash(`k${n}`), n);
      }
    }
  });

  test("mostly right", () => {
    const segment = new Segment<number>();
    const count = 1500;
    for (let n = 0; n < count; n++) segment.add(`key:${n}`, keyHash(`key:${n}`), n);
    let right = 0;
    for (let n = 0; n < count; n++) if (segment.likely(keyHash(`key:${n}`)) === n) right++;
    // Of its first two slots, with the table three quarters full.
    expect(right / count).toBeGreaterThan(0.7);
  });
});

test("a seed comes before the first key: what is stored was found by it", () => {
  new Segment();
  expect(() => seedKeyHashes(7)).toThrow("a seed is chosen before the first key");
});

test("hashes of numbered keys spread over the slots", () => {
  const slots = 2 ** 16;
  for (const prefix of ["key:", "user:0000000", "{tag}", "", "\xff\xfe"]) {
    const used = new Set<number>();
    const high = new Set<number>();
    for (let n = 0; n < slots; n++) {
      const hash = keyHash(prefix + n);
      used.add(hash & (slots - 1));
      high.add(hash >>> 19);
    }
    // Of balls thrown at random into as many boxes 63.2 percent of the boxes have one.
    expect(used.size / slots).toBeGreaterThan(0.61);
    expect(high.size).toBeGreaterThan(2 ** 13 - 25);
  }
});
