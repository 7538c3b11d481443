/** Histories that once failed, each with what it showed. */

import { expect, test } from "vitest";
import { run } from "./run.js";

test.each([1, 2, 3])(
  "trap-39 a leader whose disk stands still for up to 20 s is replaced, seed %i",
  (seed) => {
    const result = run({ seed, only: ["stalledLeaderDisk"] });
    expect(result.violation?.message ?? null).toBeNull();
    expect(result.rollbacks).toBeGreaterThan(0);
    // Ten election timeouts of patience, an election, a client's time-out.
    expect(result.longestSilenceMs).toBeLessThan(12_000);
  },
);
