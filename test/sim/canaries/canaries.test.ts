/**
 * trap-40: a checker that can't fail proves nothing. Each canary is looked for where it was found (caught.json);
 * search.ts looks from the first seed on.
 */

import { describe, expect, test } from "vitest";
import { canaries } from "./canaries.js";
import { catchCanary, checkerOf, SEEDS_MAX } from "./catch.js";
import { readCaught } from "./caught.js";

/** A change of anything moves what a seed draws: so many more are tried before the record is out of date. */
const WINDOW_SEEDS = 20;
const TIMEOUT_MS = 300_000;

const recorded = readCaught();

describe("every canary is caught", () => {
  test.each(canaries)("trap-40 $name", { timeout: TIMEOUT_MS }, async (canary) => {
    const known = recorded.find(({ name }) => name === canary.name);
    expect(known?.seed, "run test/sim/canaries/search.ts").toBeLessThanOrEqual(SEEDS_MAX);
    const found = await catchCanary(canary, known!.seed, WINDOW_SEEDS);
    expect(found?.message ?? "not caught: run test/sim/canaries/search.ts").toMatch(
      canary.caughtBy,
    );
    expect(checkerOf(found!)).not.toBe("");
  });
});
