import { expect, test } from "vitest";
import { Random } from "../random.js";
import { type Episode, episodes, scaleOf } from "./schedule.js";

function firstOf(count: number, episodeCount: number, seed: number, scale = 1): Episode[] {
  const schedule = episodes(count, scale, new Random(seed));
  return Array.from({ length: episodeCount }, () => schedule.next().value as Episode);
}

test("one seed is one schedule", () => {
  expect(firstOf(5, 50, 7)).toEqual(firstOf(5, 50, 7));
  expect(firstOf(5, 50, 7)).not.toEqual(firstOf(5, 50, 8));
});

test("a run of 20 seconds has room for three episodes, whatever the seed", () => {
  for (let seed = 0; seed < 200; seed++) {
    const three = firstOf(3, 3, seed, scaleOf(20));
    expect(three.reduce((sum, { calm, lasts }) => sum + calm + lasts, 0)).toBeLessThan(20);
  }
});

test("each fault begins an episode before one begins its second", () => {
  const begun = firstOf(6, 12, 3).map(({ faults }) => faults[0]);
  expect(begun.slice(0, 6).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(begun.slice(6).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("two faults are in force together now and then, never one twice", () => {
  const all = firstOf(2, 100, 1).map(({ faults }) => faults);
  expect(all.filter((each) => each.length === 2).length).toBeGreaterThan(20);
  expect(all.filter((each) => each.length === 1).length).toBeGreaterThan(20);
  expect(all.every((each) => new Set(each).size === each.length)).toBe(true);
  expect(firstOf(1, 100, 1).every(({ faults }) => faults.length === 1)).toBe(true);
});
