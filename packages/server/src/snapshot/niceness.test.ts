import { expect, test } from "vitest";
import { threadNiceness } from "./constants.js";
import { nicenessBeside } from "./niceness.js";

test("the thread never goes before the event loop, however nice the process is", () => {
  expect(nicenessBeside(0)).toBe(threadNiceness);
  expect(nicenessBeside(-5)).toBe(threadNiceness);
  expect(nicenessBeside(15)).toBe(15);
  expect(nicenessBeside(19)).toBe(19);
});
