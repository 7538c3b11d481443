import { expect, test } from "vitest";
import { targets } from "../cluster/targets.js";
import { faults } from "../nemesis/faults.js";
import { workloads } from "../workloads/workloads.js";
import { complaint, expectationOf, parseExpectations, readExpectations } from "./expectations.js";
import { MATRIX_FAULTS, MATRIX_WORKLOADS } from "./matrix.js";
import type { RunPlan, RunResult } from "./run-result.js";
import { scenarios } from "./scenarios.js";

const page = `
| target | workload | faults | must | by | why |
|---|---|---|---|---|---|
| weak | writes, set | partition | fail | lost write, dirty read | |
| weak | * | * | either | | |

| scenario | target | nodes | settings | must | by | seen |
|---|---|---|---|---|---|---|
| cut | weak | 3 | \`a 1\`, b 2 | fail | lost write | |
`;

const plan: RunPlan = {
  target: "weak",
  workload: "set",
  faults: ["partition:halves"],
  nodes: 3,
  seconds: 1,
  seed: 1,
};

function resultOf(outcome: RunResult["outcome"], kinds: readonly string[] = []): RunResult {
  const anomalies = kinds.map((kind) => ({
    kind,
    text: "",
    key: null,
    operations: [],
    impossible: null,
  }));
  const verdict = { checker: "c", validity: "invalid", anomalies, figures: {} };
  return { outcome, reasons: [], verdicts: [verdict] } as unknown as RunResult;
}

test("the first row that fits a run counts", () => {
  const expectations = parseExpectations(page);
  expect(expectationOf(plan, expectations)?.must).toBe("fail");
  expect(expectationOf({ ...plan, faults: ["kill"] }, expectations)?.must).toBe("either");
  expect(expectationOf({ ...plan, faults: [] }, expectations)?.must).toBe("either");
  expect(expectationOf({ ...plan, target: "strong" }, expectations)).toBeNull();
  expect(expectations.comparison[0]).toEqual({
    scenario: "cut",
    target: "weak",
    nodes: 3,
    settings: ["a 1", "b 2"],
    must: "fail",
    by: ["lost write"],
  });
});

test("what must fail and passes is as wrong as what must pass and fails", () => {
  const mustFail = expectationOf(plan, parseExpectations(page));
  expect(complaint(resultOf("fail", ["dirty read"]), mustFail)).toBeNull();
  expect(complaint(resultOf("pass"), mustFail)).toContain("was not caught");
  expect(complaint(resultOf("fail", ["no recovery"]), mustFail)).toContain("found: no recovery");
  expect(complaint(resultOf("unknown"), mustFail)).not.toBeNull();
  expect(complaint(resultOf("pass"), null)).toBeNull();
  for (const outcome of ["fail", "unknown", "invalid run"] as const) {
    expect(complaint(resultOf(outcome), null)).not.toBeNull();
  }
  const either = { must: "either", by: [] } as const;
  expect(complaint(resultOf("fail"), either)).toBeNull();
  expect(complaint(resultOf("invalid run"), either)).not.toBeNull();
});

test("EXPECTATIONS.md speaks of targets, workloads, faults and scenarios that there are", () => {
  const { runs, comparison } = readExpectations();
  const words = (cell: string): string[] =>
    cell === "*" ? [] : cell.split(",").map((word) => word.trim());
  for (const row of runs) {
    expect([...targets.keys()]).toEqual(expect.arrayContaining(words(row.target)));
    expect([...workloads.keys()]).toEqual(expect.arrayContaining(words(row.workload)));
    expect([...faults.keys()]).toEqual(expect.arrayContaining(words(row.faults)));
  }
  for (const row of comparison) {
    expect([...targets.keys()]).toContain(row.target);
    expect([...scenarios.keys()]).toContain(row.scenario);
  }
  expect(new Set(comparison.map(({ scenario }) => scenario))).toEqual(new Set(scenarios.keys()));
});

test("the matrix is made of faults and workloads that there are, and scenarios too", () => {
  const used = MATRIX_FAULTS.flatMap((names) => names.split(","));
  const struck = [...scenarios.values()].flatMap(({ strikes }) => strikes);
  expect([...faults.keys()]).toEqual(expect.arrayContaining([...used, ...struck]));
  expect(new Set(MATRIX_WORKLOADS)).toEqual(new Set(workloads.keys()));
});
