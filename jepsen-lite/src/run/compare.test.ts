import { expect, test } from "vitest";
import { repeatCommand } from "../report/repeat-command.js";
import { planOf } from "./compare.js";
import { readExpectations } from "./expectations.js";
import { known } from "./run.js";
import { scenarios } from "./scenarios.js";

test("every row says which story it plays, and how to play it again", () => {
  const { comparison } = readExpectations();
  expect(comparison.length).toBeGreaterThan(0);
  for (const row of comparison) {
    const plan = planOf(row, known(scenarios, row.scenario, "scenario"), 3);
    expect(plan).toMatchObject({ scenario: row.scenario, faults: [], nodes: row.nodes });
    const name = [row.scenario, row.target, ...row.settings].join(" ");
    expect(repeatCommand(plan)).toBe(`npm run jepsen -- compare --seed 3 --only '^${name}$'`);
  }
});
