import { expect, test } from "vitest";
import { StopTime } from "./stop-time.js";

test("what one part of a stop took is not there for the next one", () => {
  let nowMs = 5_000;
  let totalMs = 1_000;
  const stop = new StopTime(
    () => totalMs,
    () => nowMs,
  );
  nowMs += 60_000;
  // It begins when somebody asks.
  expect(stop.leftMs()).toBe(1_000);
  nowMs += 400;
  expect(stop.leftMs()).toBe(600);
  totalMs = 2_000;
  expect(stop.leftMs()).toBe(1_600);
  nowMs += 5_000;
  expect(stop.leftMs()).toBe(0);
});
