import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ROW_SEGMENTS, SEGMENT_ENTRIES_MAX } from "./constants.js";
import { Dictionary } from "./dictionary.js";
import { keyShard } from "./slot.js";

const key = fc.nat(60).map((n) => `k${n}`);
const taggedKey = fc.nat(60).map((n) => `{one-slot}${n}`);
const anyKey = fc.oneof(key, taggedKey);

describe("dictionary", () => {
  test("answers as a Map does, whatever its segments hold", () => {
    const operation = fc.record({ act: fc.constantFrom("set", "remove", "get"), key: anyKey });
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 300 }),
        fc.constantFrom(1, 2, 7, SEGMENT_ENTRIES_MAX),
        (operations, limit) => {
          const dictionary = new Dictionary<number>(limit);
          const model = new Map<string, number>();
          operations.forEach(({ act, key }, n) => {
            const shard = keyShard(key);
            const old = model.get(key);
            if (act === "set") {
              model.set(key, n);
              expect(dictionary.set(shard, key, n)).toBe(old);
            } else if (act === "remove") {
              model.delete(key);
              expect(dictionary.remove(shard, key)).toBe(old);
            }
            expect(dictionary.get(shard, key)).toBe(model.get(key));
            expect(dictionary.size).toBe(model.size);
          });
          const all = new Map<string, number>();
          dictionary.forEach((key, value) => {
            expect(all.has(key)).toBe(false);
            all.set(key, value);
          });
          expect(all).toEqual(model);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  test("a scan returns every key that exists during the whole scan, whatever comes and goes", () => {
    const change = fc.record({ act: fc.constantFrom("set", "remove"), key: anyKey });
    const step = fc.record({ count: fc.integer({ min: 1, max: 9 }), changes: fc.array(change) });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyKey, { maxLength: 120 }),
        fc.array(step, { maxLength: 40 }),
        fc.constantFrom(2, 5, SEGMENT_ENTRIES_MAX),
        (initial, steps, limit) => {
          const dictionary = new Dictionary<number>(limit);
          for (const key of initial) {
            dictionary.set(keyShard(key), key, 0);
          }
          const throughout = new Set(initial);
          const seen = new Set<string>();
          let cursor = 0;
          let n = 0;
          do {
            const { count, changes } = steps[n++] ?? { count: 10, changes: [] };
            let visited = 0;
            cursor = dictionary.scan(cursor, count, (key) => {
              expect(dictionary.get(keyShard(key), key)).toBeDefined();
              seen.add(key);
              visited++;
            });
            expect(visited).toBeLessThanOrEqual(count);
            expect(Number.isSafeInteger(cursor)).toBe(true);
            for (const { act, key } of cursor === 0 ? [] : changes) {
              if (act === "remove") {
                dictionary.remove(keyShard(key), key);
                throughout.delete(key);
              } else {
                dictionary.set(keyShard(key), key, 0);
              }
            }
          } while (cursor !== 0);
          expect([...throughout].filter((key) => !seen.has(key))).toEqual([]);
        },
      ),
      { seed: 2, numRuns: 400 },
    );
  });

  test("a key that comes and goes is there exactly when it is, whichever segment has room", () => {
    const dictionary = new Dictionary<number>(2);
    const long = "l".repeat(1000);
    for (const key of ["a", long]) {
      for (const others of [0, 1, 2, 3, 4, 5]) {
        for (let i = 0; i < others; i++) dictionary.set(0, `other${i}`, i);
        for (let round = 0; round < 3; round++) {
          expect(dictionary.get(0, key)).toBeUndefined();
          expect(dictionary.remove(0, key)).toBeUndefined();
          expect(dictionary.set(0, key, round)).toBeUndefined();
          expect(dictionary.set(0, key, round + 1)).toBe(round);
          expect(dictionary.get(0, key)).toBe(round + 1);
          // What is removed in between may take its place in the Map.
          if (round === 1) dictionary.remove(0, "other0");
          expect(dictionary.remove(0, key)).toBe(round + 1);
          expect(dictionary.segmentSizes(0).reduce((sum, size) => sum + size, 0)).toBe(
            dictionary.size,
          );
        }
      }
    }
  });

  test("a scan's visitor may remove the key it is shown", () => {
    const dictionary = new Dictionary<number>(4);
    for (let i = 0; i < 50; i++) {
      dictionary.set(keyShard("{t}"), `{t}${i}`, i);
    }
    const seen: string[] = [];
    let cursor = 0;
    do {
      cursor = dictionary.scan(cursor, 7, (key) => {
        seen.push(key);
        dictionary.remove(keyShard(key), key);
      });
    } while (cursor !== 0);
    expect(new Set(seen).size).toBe(50);
    expect(dictionary.size).toBe(0);
  });

  test("a scan's visitor may remove what it is not shown yet", () => {
    const dictionary = new Dictionary<number>();
    const names = Array.from({ length: 20 }, (_, i) => `{t}${i}`);
    for (const name of names) {
      dictionary.set(keyShard("{t}"), name, 0);
    }
    const seen: string[] = [];
    dictionary.scan(0, 100, (key) => {
      seen.push(key);
      for (const other of names.filter((name) => name !== "{t}3")) {
        dictionary.remove(keyShard("{t}"), other);
      }
    });
    expect(seen).toEqual(["{t}19", "{t}3"]);
  });

  test("a cursor that was never given out ends or goes on, and a scan of nothing ends at once", () => {
    const dictionary = new Dictionary<number>();
    expect(dictionary.scan(0, 10, () => {})).toBe(0);
    dictionary.set(keyShard("a"), "a", 1);
    for (const cursor of [1, 2 ** 20, 2 ** 33, 2 ** 40, 2 ** 53 - 1]) {
      expect(dictionary.scan(cursor, 10, () => {})).toBe(0);
    }
  });

  test("a random key is every key's with the same probability", () => {
    const dictionary = new Dictionary<number>(3);
    for (let i = 0; i < 10; i++) {
      dictionary.set(keyShard(`{t}${i}`), `{t}${i}`, i);
      dictionary.set(keyShard(`k${i}`), `k${i}`, i);
    }
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      seen.add(dictionary.randomKey(() => (i + 0.5) / 20)!);
    }
    expect(seen.size).toBe(20);
    expect(new Dictionary().randomKey(() => 0)).toBeUndefined();
  });

  test.each([
    [100, 1],
    [5, 5],
  ])(
    "trap-56 a full segment of %i is never grown: one slot's keys go on in %i rows",
    (limit, rows) => {
      const dictionary = new Dictionary<number>(limit);
      const shard = keyShard("{hot}");
      for (let i = 0; i < 1050; i++) {
        dictionary.set(shard, `{hot}${i}`, i);
      }
      const sizes = dictionary.segmentSizes(shard);
      expect(sizes[0]).toBe(limit);
      expect(sizes.length).toBeGreaterThan(ROW_SEGMENTS * rows);
      expect(Math.max(...sizes)).toBe(limit);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1050);
      for (let i = 0; i < 1050; i++) expect(dictionary.get(shard, `{hot}${i}`)).toBe(i);
      expect(dictionary.get(shard, "{hot}1050")).toBeUndefined();
      for (let i = limit; i < 1050; i++) {
        expect(dictionary.remove(shard, `{hot}${i}`)).toBe(i);
      }
      expect(dictionary.segmentSizes(shard)).toEqual([limit, ...Array(ROW_SEGMENTS).fill(0)]);
      // Positions fit into a slot, and nothing stalls.
      expect(SEGMENT_ENTRIES_MAX).toBeLessThanOrEqual(2 ** 18);
    },
  );
});

test("what is inserted is what `set` would have set, and a key that is there stays as it is", () => {
  const key = fc.constantFrom(..."abcdefgh");
  const step = fc.record({
    act: fc.constantFrom("insert", "set", "remove"),
    key,
    value: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(1, 2, 100), (steps, max) => {
      const dictionary = new Dictionary<number>(max);
      const model = new Map<string, number>();
      for (const { act, key, value } of steps) {
        if (act === "remove") {
          expect(dictionary.remove(0, key)).toBe(model.get(key));
          model.delete(key);
        } else if (act === "set" || !model.has(key)) {
          if (act === "set") dictionary.set(0, key, value);
          else expect(dictionary.insert(0, key, value)).toBe(true);
          model.set(key, value);
        } else {
          expect(dictionary.insert(0, key, value)).toBe(false);
        }
        expect(dictionary.size).toBe(model.size);
        for (const each of "abcdefgh") expect(dictionary.get(0, each)).toBe(model.get(each));
      }
      const found: [string, number][] = [];
      dictionary.forEach((key, value) => {
        found.push([key, value]);
      });
      expect(new Map(found)).toEqual(model);
      expect(found.length).toBe(model.size);
    }),
    { seed: 50, numRuns: 300 },
  );
});
