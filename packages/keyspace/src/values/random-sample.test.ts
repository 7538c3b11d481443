import { describe, expect, test } from "vitest";
import { type Ranked, visitSample } from "./random-sample.js";

/** Only its size is large. */
function numbers(size: number): Ranked {
  return {
    size,
    nameAtRank: (rank) => String(rank),
    everyName: (visit) => {
      for (let i = 0; i < size; i++) {
        if (!visit(String(i))) {
          return false;
        }
      }
      return true;
    },
  };
}

/** A small linear congruential generator: the same numbers in every run. */
function seededRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("random sample", () => {
  test("has as many different elements as asked for, or all", () => {
    for (const size of [0, 1, 5, 1000]) {
      for (const count of [0, 1, 4, 5, 15, 16, 999, 1000, 2000]) {
        const sample: string[] = [];
        visitSample(numbers(size), count, seededRandom(), (name) => sample.push(name));
        expect(sample.length).toBe(Math.min(size, count));
        expect(new Set(sample).size).toBe(sample.length);
        expect(sample.every((name) => Number(name) < size)).toBe(true);
      }
    }
  });

  test("every choice is as probable: sparse and dense", () => {
    for (const [size, count] of [
      [5, 2],
      [130, 2],
    ] as const) {
      const random = seededRandom();
      const runs = 4000 * size;
      const seen = new Int32Array(size);
      for (let run = 0; run < runs; run++) {
        visitSample(numbers(size), count, random, (name) => {
          seen[Number(name)]!++;
        });
      }
      const expected = (runs * count) / size;
      for (const times of seen) {
        expect(Math.abs(times - expected) / expected).toBeLessThan(0.06);
      }
    }
  });
});
