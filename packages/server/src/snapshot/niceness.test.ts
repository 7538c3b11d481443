import { expect, test } from "vitest";
import { threadNiceness, threadNicenessMax } from "./constants.js";
import { nicenessBeside } from "./niceness.js";

test("the thread yields to the event loop, also to that of a nice process", () => {
  expect(nicenessBeside(0)).toBe(threadNiceness);
  expect(nicenessBeside(5)).toBe(5 + threadNiceness);
  expect(nicenessBeside(9)).toBe(threadNicenessMax);
});

test("the thread never goes before the event loop, however nice the process is", () => {
  expect(nicenessBeside(-5)).toBe(threadNiceness);
  expect(nicenessBeside(15)).toBe(threadNicenessMax);
  expect(nicenessBeside(19)).toBe(threadNicenessMax);
});
