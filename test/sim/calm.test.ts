import { expect, test } from "vitest";
import { run } from "./run.js";

const mix = {
  pipelines: { plain: 1, transaction: 0.1, compareAndSet: 0.1, follower: 0.2, large: 0 },
};

test.each([1, 2, 3, 4])("trap-09 without faults one term is led, seed %i", (seed) => {
  const nodes = seed % 2 === 0 ? 3 : 5;
  const result = run({ seed, durationMs: 5_000, only: [], nodes, mix });
  expect(result.violation?.message ?? null).toBeNull();
  expect(result.terms).toBe(1);
  expect(result.rollbacks).toBe(0);
  expect(result.monotoneReads).toBeGreaterThan(0);
});
