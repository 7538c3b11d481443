import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrderedMap } from "./ordered-map.js";

const key = fc.oneof(
  fc.nat(60).map((n) => String.fromCharCode(n)),
  fc.nat(999).map((n) => String(n).padStart(3, "0")),
  fc.constantFrom("", "\0", "\xff", "\xff\xff", "k"),
);
const operations = fc.array(fc.tuple(fc.constantFrom("put", "put", "remove"), key), {
  maxLength: 300,
  size: "max",
});

function expectSame(map: OrderedMap<number>, model: Map<string, number>, probe: string): void {
  map.check();
  const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
  const upward = sorted.filter(([k]) => k >= probe);
  const downward = sorted.filter(([k]) => k <= probe).reverse();
  expect(map.size).toBe(model.size);
  expect(map.get(probe)).toBe(model.get(probe));
  expect(map.firstKey()).toBe(sorted[0]?.[0]);
  expect(map.lastKey()).toBe(sorted.at(-1)?.[0]);
  expect(map.first()).toBe(sorted[0]?.[1]);
  expect(map.last()).toBe(sorted.at(-1)?.[1]);
  expect(map.atOrBelow(probe)).toBe(downward[0]?.[1]);
  expect(walk((visit) => map.forEachUp(probe, visit), Infinity)).toEqual(upward);
  expect(walk((visit) => map.forEachDown(probe, visit), Infinity)).toEqual(downward);
  expect(walk((visit) => map.forEachUp(probe, visit), 3)).toEqual(upward.slice(0, 3));
  expect(walk((visit) => map.forEachDown(probe, visit), 3)).toEqual(downward.slice(0, 3));
}

function walk(
  each: (visit: (key: string, value: number) => boolean) => void,
  count: number,
): [string, number][] {
  const found: [string, number][] = [];
  each((k, value) => {
    found.push([k, value]);
    return found.length < count;
  });
  return found;
}

describe("an ordered map", () => {
  test("is a sorted map, whatever comes and goes", () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: 4, max: 9 }), key, (steps, fanOut, probe) => {
        const map = new OrderedMap<number>(fanOut);
        const model = new Map<string, number>();
        steps.forEach(([act, k], i) => {
          if (act === "put" && !model.has(k)) {
            map.insert(k, i);
            model.set(k, i);
          } else if (act === "remove" && model.has(k)) {
            expect(map.remove(k)).toBe(model.get(k));
            model.delete(k);
          }
          if (i % 16 === 0) {
            expectSame(map, model, k);
          }
        });
        expectSame(map, model, probe);
        const copy = map.clone((value) => value + 1);
        copy.check();
        const copied: [string, number][] = [];
        copy.forEach((value, k) => {
          copied.push([k, value - 1]);
        });
        expect(new Map(copied)).toEqual(model);
        for (const k of [...model.keys()]) {
          map.remove(k);
          map.check();
        }
        expect(map.size).toBe(0);
        expect(copy.size).toBe(model.size);
      }),
    );
  });

  test("keys that arrive in order leave full nodes", () => {
    const map = new OrderedMap<number>(4);
    for (let i = 0; i < 4096; i++) {
      map.insert(String(i).padStart(4, "0"), i);
    }
    map.check();
    expect(map.nodeCount()).toBeLessThan(4096 / 4 + 4096 / 16 + 4096 / 64 + 30);
  });

  test("a map that lost most keys has few nodes", () => {
    const map = new OrderedMap<number>(8);
    for (let i = 0; i < 4096; i++) {
      map.insert(String(i).padStart(4, "0"), i);
    }
    for (let i = 0; i < 4096; i++) {
      if (i % 64 !== 7) {
        map.remove(String(i).padStart(4, "0"));
      }
    }
    map.check();
    expect(map.size).toBe(64);
    expect(map.nodeCount()).toBeLessThan(64);
  });

  test("a key is not inserted twice, and none is removed that is not there", () => {
    const map = new OrderedMap<number>();
    expect(() => map.remove("a")).toThrow("a removed key is in the map");
    map.insert("a", 1);
    expect(() => map.insert("a", 2)).toThrow("an inserted key is not in the map");
    expect(() => map.remove("b")).toThrow("a removed key is in the map");
    expect(map.size).toBe(1);
  });
});
