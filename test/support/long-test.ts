/**
 * Tests with real processes that take long: run by `npm run test:long`, not with every change. What they show of one
 * part is shown in short by a test that runs always. Left out, they are not there: none is counted as skipped.
 */

import { test } from "vitest";

export const runsLong = process.env["REDOUBT_LONG_TESTS"] === "1";

export function longTest(name: string, act: () => Promise<void>): void {
  if (runsLong) test(name, act);
}
