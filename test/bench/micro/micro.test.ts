/** Every question is answered in a few milliseconds: none rots. */

import { describe, expect, test } from "vitest";
import { loadQuestion, questionNames } from "./find-questions.js";
import { measure } from "./measure.js";
import type { Question } from "./question.js";

const PACE = { rounds: 1, sampleMs: 1 };

describe.each(questionNames())("%s", (name) => {
  test("each case does what it is measured by", async () => {
    const question = await loadQuestion(name);
    expect(question.asks).toMatch(/^[A-Z].*\?$/);
    expect(new Set(question.cases.map((each) => each.name)).size).toBe(question.cases.length);
    const { reference, cases } = measure(question, PACE);
    expect(reference).toBeGreaterThan(0);
    expect(cases).toHaveLength(question.cases.length);
    for (const { nanoseconds, ratios } of cases) {
      expect(nanoseconds).toHaveLength(PACE.rounds);
      expect([...nanoseconds, ...ratios].every((figure) => figure > 0 && figure < Infinity)).toBe(
        true,
      );
    }
  });
});

test("an operation that does nothing has no figure", () => {
  const idle: Question = {
    asks: "What does nothing cost?",
    cases: [{ name: "nothing", unit: "thing", prepare: () => () => 0 }],
  };
  expect(() => measure(idle, PACE)).toThrow("nothing did nothing");
});
