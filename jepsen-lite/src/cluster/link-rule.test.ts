import { expect, test } from "vitest";
import { clearRule, combinedRule } from "./link-rule.js";

test("no rule lets everything pass", () => {
  expect(combinedRule([])).toEqual(clearRule);
});

test("of two rules a packet has to survive both, wait for both, and fit through the narrower one", () => {
  const one = { ...clearRule, loss: 0.5, delayMs: 10, jitterMs: 1, bitsPerSecond: 1_000 };
  const other = { ...clearRule, loss: 0.5, delayMs: 5, jitterMs: 2, bitsPerSecond: 400 };
  expect(combinedRule([one, other])).toEqual({
    ...clearRule,
    loss: 0.75,
    delayMs: 15,
    jitterMs: 3,
    bitsPerSecond: 400,
  });
});

test("a limit of 0 is none, not the narrowest", () => {
  const narrow = { ...clearRule, bitsPerSecond: 400 };
  expect(combinedRule([clearRule, narrow]).bitsPerSecond).toBe(400);
  expect(combinedRule([narrow, clearRule]).bitsPerSecond).toBe(400);
});

test("one cut is enough, whatever the others allow", () => {
  expect(combinedRule([{ ...clearRule, cut: true }, clearRule]).cut).toBe(true);
});
