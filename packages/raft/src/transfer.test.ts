import { expect, test } from "vitest";
import { runScenario } from "../testing/scenario.js";
import { AssertionError } from "./assert.js";

const handingOver = "cluster voters=1,2,3\nquiet campaign 1\nquiet settle\ntransfer 1 2\n";

test("trap-13: a proposal while leadership is handed over is a broken invariant of the host", () => {
  expect(() => runScenario(`${handingOver}propose 1 a`)).toThrow(AssertionError);
  // Given up after one election timeout: it proposes again.
  const heard = Array.from({ length: 6 }, () => "quiet tick 1 20\nquiet settle 1 3").join("\n");
  const later = `cut 1 2\n${heard}\npropose 1 a\nquiet settle 1 3\nstatus 1`;
  const printed = runScenario(handingOver.replace("transfer", "cut 1 2\ntransfer") + later);
  expect(printed).toMatch(/^1: leader term=2 leader=1 last=3 flushed=3 commit=3 applied=3/m);
});

test("trap-13: membership is not changed while leadership is handed over", () => {
  expect(runScenario(`${handingOver}change 1 voters=1,2`)).toContain("refused: TRANSFERRING");
});
