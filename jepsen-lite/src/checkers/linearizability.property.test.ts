/** The search against the plainest one there is: every order that time allows is tried. */

import { expect, test } from "vitest";
import type { Operation } from "../history/history.js";
import { Random } from "../random.js";
import { linearizability, registerModel } from "./linearizability.js";
import { INCONSISTENT, type State } from "./model.js";
import { type Draft, draft, historyFrom } from "./testing/drafts.js";
import { registerEffect } from "./testing/register-store.js";

const HISTORIES = 2_000;
const OPERATIONS_MAX = 6;
const VALUES = ["a", "b", "c"];

/** Answers as some order gives them, which time may not allow, and now and then as none does. */
function drawHistory(random: Random): Draft[] {
  let held: string | null = null;
  return Array.from({ length: 2 + random.below(OPERATIONS_MAX - 1) }, (_, process) => {
    const op = random.pick(["read", "write", "setnx", "cas"]);
    const value = random.pick(VALUES);
    const input = op === "read" ? null : op === "cas" ? [random.pick(VALUES), value] : value;
    const { next, output: correct } = registerEffect(op, input, held);
    const isWrong = op === "read" && random.chance(0.3);
    const output = isWrong ? random.pick(VALUES) : correct;
    const outcome = random.chance(0.65) ? "ok" : random.pick(["info", "fail"] as const);
    if (outcome === "ok" || (outcome === "info" && random.chance(0.5))) held = next;
    const at = random.below(10);
    return draft({
      process,
      op,
      key: "k",
      input,
      output,
      outcome,
      ms: [at, at + 1 + random.below(9)],
    });
  });
}

/** Some order of all that were answered, and of any of the unknown, gives these answers. */
function hasOrder(left: readonly Operation[], state: State): boolean {
  const answered = left.filter(({ outcome }) => outcome === "ok");
  if (answered.length === 0) return true;
  const firstEnd = Math.min(...answered.map(({ completedAt }) => completedAt));
  return left.some((each) => {
    if (each.invokedAt > firstEnd) return false;
    const next = registerModel.step(state, each);
    if (next === INCONSISTENT) return false;
    return hasOrder(
      left.filter((other) => other !== each),
      next,
    );
  });
}

test("small histories are judged as by trying every order", () => {
  const check = linearizability(registerModel);
  const random = new Random(20_111);
  let valid = 0;
  let refuted = 0;
  for (let i = 0; i < HISTORIES; i++) {
    const history = historyFrom(drawHistory(random));
    const happened = history.operations.filter(({ outcome }) => outcome !== "fail");
    const expected = hasOrder(happened, null);
    valid += expected ? 1 : 0;
    const { validity, anomalies, figures } = check(history);
    // In words only when they are needed: they would take as long as the search.
    const words = (validity === "valid") === expected ? "" : JSON.stringify(history.operations);
    expect(validity, words).toBe(expected ? "valid" : "invalid");
    if (validity !== "invalid" || figures.steps !== 0) continue;
    // What needed no search has a reason of its own.
    refuted += 1;
    expect(anomalies[0]!.kind).not.toBe("not linearizable");
  }
  expect(refuted).toBeGreaterThan(HISTORIES / 20);
  expect(valid).toBeGreaterThan(HISTORIES / 5);
  expect(valid).toBeLessThan((HISTORIES * 4) / 5);
});
