/** Half of the histories of every run of the tests; the seeds are fixed, fresh ones are `npm run sim`'s. */

import { describe, expect, test } from "vitest";
import { run } from "./run.js";

const FIRST_SEED = 151;
const SEEDS = 150;

describe("simulated histories of 15 virtual seconds keep every promise", () => {
  test.each(Array.from({ length: SEEDS }, (_, i) => FIRST_SEED + i))("seed %i", (seed) => {
    const result = run({ seed });
    expect(result.violation?.message ?? null).toBeNull();
    expect(result.undecidedKeys).toBe(0);
    expect(result.completed).toBeGreaterThan(40);
  });
});
