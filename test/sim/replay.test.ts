import { expect, test } from "vitest";
import { run } from "./run.js";

test("a seed replays a history exactly", () => {
  const first = run({ seed: 7, durationMs: 8000 });
  const second = run({ seed: 7, durationMs: 8000 });
  expect(second.fingerprint).toBe(first.fingerprint);
  expect(second.completed).toBe(first.completed);
});

test("the recorded strikes of a run replay it, and any of them can be left out", () => {
  const first = run({ seed: 7, durationMs: 8000 });
  expect(first.faultList.length).toBeGreaterThan(4);
  const second = run({ seed: 7, durationMs: 8000, faults: first.faultList });
  expect(second.fingerprint).toBe(first.fingerprint);
  const half = first.faultList.filter((_, at) => at % 2 === 0);
  const third = run({ seed: 7, durationMs: 8000, faults: half });
  expect(third.violation?.message ?? null).toBeNull();
  expect(third.faultList).toEqual(half);
});
