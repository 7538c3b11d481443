import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Hash } from "./hash.js";
import { MemberSet } from "./set.js";

const TABLE = { undividedMax: 25, unitedMax: 8, segmentEntriesMax: 6 };
const name = fc.nat(120).map((n) => `n${n}`);
const change = fc.record({ act: fc.constantFrom("add", "delete"), name });
const step = fc.record({ count: fc.integer({ min: 1, max: 9 }), changes: fc.array(change) });

interface Scanned {
  has(name: string): boolean;
  add(name: string): void;
  delete(name: string): void;
  scan(cursor: number, count: number, visit: (name: string) => void): number;
}

function newHash(): Scanned {
  const hash = new Hash({ listpackEntriesMax: 8, table: TABLE });
  return {
    has: (name) => hash.has(name),
    add: (name) => hash.set(name, "1"),
    delete: (name) => hash.delete(name),
    scan: (cursor, count, visit) => hash.scan(cursor, count, visit),
  };
}

function newSet(): Scanned {
  const set = new MemberSet({ intsetEntriesMax: 8, listpackEntriesMax: 8, table: TABLE });
  return {
    has: (name) => set.has(name),
    add: (name) => set.add(name),
    delete: (name) => set.delete(name),
    scan: (cursor, count, visit) => set.scan(cursor, count, visit),
  };
}

describe.each([
  ["hash", newHash],
  ["set", newSet],
] as const)("a scan of a %s", (_type, create) => {
  test("returns what exists during the whole scan, through every change of form", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 60 }),
        fc.array(step, { maxLength: 40 }),
        (initial, steps) => {
          const scanned = create();
          for (const name of initial) {
            scanned.add(name);
          }
          const throughout = new Set(initial);
          const seen = new Set<string>();
          let cursor = 0;
          let n = 0;
          do {
            const { count, changes } = steps[n++] ?? { count: 10, changes: [] };
            cursor = scanned.scan(cursor, count, (name) => {
              expect(scanned.has(name)).toBe(true);
              seen.add(name);
            });
            expect(Number.isSafeInteger(cursor)).toBe(true);
            for (const { act, name } of cursor === 0 ? [] : changes) {
              if (act === "delete") {
                scanned.delete(name);
                throughout.delete(name);
              } else {
                scanned.add(name);
              }
            }
          } while (cursor !== 0);
          expect([...throughout].filter((name) => !seen.has(name))).toEqual([]);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  test("goes on over a division and over a union", () => {
    const scanned = create();
    for (let i = 0; i < 20; i++) {
      scanned.add(`stays${i}`);
    }
    const seen = new Set<string>();
    let cursor = scanned.scan(0, 5, (name) => seen.add(name));
    for (let i = 0; i < 100; i++) {
      scanned.add(`comes${i}`);
    }
    for (let i = 0; i < 3; i++) {
      cursor = scanned.scan(cursor, 5, (name) => seen.add(name));
      expect(cursor).not.toBe(0);
    }
    for (let i = 0; i < 100; i++) {
      scanned.delete(`comes${i}`);
    }
    for (let i = 15; i < 20; i++) {
      scanned.delete(`stays${i}`);
    }
    for (let i = 8; i < 15; i++) {
      scanned.delete(`stays${i}`);
    }
    while (cursor !== 0) {
      cursor = scanned.scan(cursor, 5, (name) => seen.add(name));
    }
    for (let i = 0; i < 8; i++) {
      expect(seen.has(`stays${i}`)).toBe(true);
    }
  });

  test("answers a small one at once", () => {
    const scanned = create();
    expect(scanned.scan(0, 1, () => {})).toBe(0);
    for (let i = 0; i < 8; i++) {
      scanned.add(`n${i}`);
    }
    const seen: string[] = [];
    expect(scanned.scan(0, 1, (name) => seen.push(name))).toBe(0);
    expect(seen.length).toBe(8);
  });
});
