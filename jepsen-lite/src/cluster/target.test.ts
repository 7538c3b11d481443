import { expect, test } from "vitest";
import { isDecided, majorityOf } from "./target.js";

test("what more than half of those that answer say is what is so", () => {
  expect(majorityOf([2, 2, 1])).toBe(2);
  expect(majorityOf([2, null, null])).toBe(2);
});

test("half of those that answer are no majority, and neither is nobody", () => {
  expect(majorityOf([1, 1, 2, 2])).toBeNull();
  expect(majorityOf([null, null])).toBeNull();
});

test("a majority of all decides, a majority of those that have answered does not yet", () => {
  expect(isDecided([2, 2, null])).toBe(true);
  expect(isDecided([2, null, null])).toBe(false);
  expect(isDecided([1, 2, null])).toBe(false);
});
