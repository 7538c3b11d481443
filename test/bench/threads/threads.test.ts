/** Every part is measured for a few milliseconds: none rots. What needs the load generator is measured by itself. */

import { expect, test } from "vitest";
import { TELLS_USE } from "../process-use.js";
import { HAND_OVER_SIZES, measureHandOver } from "./hand-over.js";
import { ENTRY_SIZES, measureLog } from "./log.js";

const SECONDS = 0.02;

test.skipIf(!TELLS_USE).each(HAND_OVER_SIZES)("%i requests are handed over", async (requests) => {
  const figures = await measureHandOver(requests, SECONDS);
  expect(figures.roundTripUs).toBeGreaterThan(0);
});

test.skipIf(!TELLS_USE).each([false, true])(
  "entries are synced, by a thread: %s",
  async (thread) => {
    const figures = await measureLog(thread, ENTRY_SIZES[0], SECONDS);
    expect(figures.perSecond).toBeGreaterThan(0);
  },
);
