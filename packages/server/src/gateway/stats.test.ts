import { expect, test } from "vitest";
import { rateSamples } from "./constants.js";
import { Rate } from "./stats.js";

test("a steady counter has its rate, whatever the distance of the samples", () => {
  const rate = new Rate();
  let nowMs = 1_000;
  let total = 500;
  rate.sample(nowMs, total);
  for (let i = 0; i < rateSamples; i++) {
    const stepMs = 100 + 50 * (i % 3);
    nowMs += stepMs;
    total += stepMs * 2;
    rate.sample(nowMs, total);
  }
  expect(rate.perSecond()).toBeCloseTo(2_000);
});

test("a counter that was reset is no negative rate, and silence ends at zero", () => {
  const rate = new Rate();
  rate.sample(0, 1_000_000);
  rate.sample(250, 0);
  expect(rate.perSecond()).toBe(0);
  for (let i = 2; i < 2 + rateSamples; i++) rate.sample(250 * i, 10);
  expect(rate.perSecond()).toBeGreaterThan(0);
  for (let i = 20; i < 20 + rateSamples; i++) rate.sample(250 * i, 10);
  expect(rate.perSecond()).toBe(0);
});
