import { expect, test } from "vitest";
import { clearRule } from "./link-rule.js";
import { ruleLine } from "./packet-switch.js";

test("a rule is told in the switch's words and units", () => {
  expect(ruleLine({ from: 1, to: 3, rule: clearRule })).toBe(
    "rule 1 3 0 0.000000 0.000000 0.000000 0 0 0\n",
  );
  const rule = {
    cut: true,
    loss: 0.15,
    duplicate: 1 / 3,
    reorder: 1,
    delayMs: 100,
    jitterMs: 0.5,
    bitsPerSecond: 400_000,
  };
  expect(ruleLine({ from: 2, to: 1, rule })).toBe(
    "rule 2 1 1 0.150000 0.333333 1.000000 100000 500 400000\n",
  );
});
