import { expect, test } from "vitest";
import { run } from "./run.js";

test("a seed replays a history exactly", () => {
  const first = run({ seed: 7, durationMs: 8000 });
  const second = run({ seed: 7, durationMs: 8000 });
  expect(second.fingerprint).toBe(first.fingerprint);
  expect(second.completed).toBe(first.completed);
});
