import { expect, test } from "vitest";
import { run } from "./run.js";

test.each([1, 2, 3, 4])("trap-09 without faults one term is led, seed %i", (seed) => {
  const result = run({ seed, durationMs: 5_000, only: [], nodes: seed % 2 === 0 ? 3 : 5 });
  expect(result.violation?.message ?? null).toBeNull();
  expect(result.terms).toBe(1);
  expect(result.rollbacks).toBe(0);
  expect(result.monotoneReads).toBeGreaterThan(0);
});
