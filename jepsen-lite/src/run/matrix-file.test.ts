import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addLine, linesOf, type MatrixLine } from "./matrix-file.js";
import { matrixSummary } from "./matrix-summary.js";

let directory = "";
let path = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "matrix-"));
  path = join(directory, "matrix.jsonl");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function line(name: string, changes: Partial<MatrixLine> = {}): MatrixLine {
  return {
    name,
    plan: { target: "t", workload: "set", faults: ["kill"], nodes: 3, seconds: 1, seed: 1 },
    commit: null,
    outcome: "pass",
    wrong: null,
    reasons: [],
    ok: 10,
    fail: 2,
    info: 1,
    acknowledged: 5,
    lost: 0,
    dirtyReads: 0,
    digestDifferences: 0,
    episodes: 3,
    longestGapMs: 1,
    anomalies: [],
    unknown: [],
    notes: [],
    ...changes,
  };
}

test("a line that a crash cut off is as if it were not there", () => {
  expect([...linesOf(path).keys()]).toEqual([]);
  writeFileSync(path, '{"name":"a"}\n{"name":"b"}\n{"na');
  expect([...linesOf(path).keys()]).toEqual(["a", "b"]);
});

test("what comes behind a cut line is there", () => {
  addLine(path, line("a"));
  appendFileSync(path, '{"na');
  addLine(path, line("b"));
  addLine(path, line("c"));
  expect([...linesOf(path).keys()]).toEqual(["a", "b", "c"]);
});

test("of a history that was run again the newest line counts", () => {
  addLine(path, line("a", { outcome: "invalid run", wrong: "invalid run" }));
  addLine(path, line("a"));
  expect([...linesOf(path).values()]).toEqual([line("a")]);
});

test("the summary adds up what was found, by fault and workload", () => {
  const bad: Partial<MatrixLine> = {
    outcome: "fail",
    wrong: "must pass: fail",
    lost: 4,
    digestDifferences: 2,
    anomalies: ["lost write: gone", "states differ: so"],
    unknown: ["linearizability"],
  };
  const void_: Partial<MatrixLine> = { outcome: "invalid run", wrong: "x", lost: 9, ok: 9 };
  const plan = { ...line("").plan, workload: "bank", faults: ["pause", "kill"] };
  const text = matrixSummary([line("a"), line("b", bad), line("c", { ...void_, plan })]);
  const rows = text.split("\n").map((row) => row.split(/ {2,}/));
  expect(rows).toEqual([
    [
      "fault x workload",
      ...["histories", "operations", "lost", "violations", "unknown"],
      ...["digest differences", "invalid runs", "wrong"],
    ],
    ["all", "2", "26", "4", "2", "1", "2", "1", "2"],
    ["kill x set", "2", "26", "4", "2", "1", "2", "0", "1"],
    ["pause,kill x bank", "0", "0", "0", "0", "0", "0", "1", "1"],
  ]);
});
