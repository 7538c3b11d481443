import { expect, test } from "vitest";
import { COMMANDS_MIN, shares } from "./support/shares.js";

test("the tests compare at least 200 000 generated commands with a redis-server", () => {
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  expect(COMMANDS_MIN).toBe(200_000);
  expect(sum).toBeGreaterThanOrEqual(COMMANDS_MIN);
});
