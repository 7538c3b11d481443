import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { linesOf, type MatrixLine } from "../run/matrix-file.js";
import {
  MATRIX_PAGE_FILE,
  MATRIX_RESULTS_FILE,
  matrixPage,
  writeMatrixPage,
} from "./matrix-page.js";

const COMMITTED = fileURLToPath(new URL("../../../docs/matrix", import.meta.url));

function line(fault: string, workload: string, changes: Partial<MatrixLine> = {}): MatrixLine {
  return {
    name: `${fault} ${workload}`,
    plan: {
      target: "redoubt-raft",
      workload,
      faults: fault.split(","),
      nodes: 3,
      seconds: 20,
      seed: 1,
    },
    commit: "abc",
    outcome: "pass",
    wrong: null,
    reasons: [],
    ok: 900,
    fail: 90,
    info: 10,
    acknowledged: 500,
    lost: 0,
    dirtyReads: 0,
    digestDifferences: 0,
    episodes: 4,
    longestGapMs: 1_500,
    anomalies: [],
    unknown: [],
    notes: [],
    ...changes,
  };
}

function plain(page: string): string {
  return page.replaceAll("\u202f", " ");
}

test("what was shown is first, and a row for every fault", () => {
  const page = plain(matrixPage([line("kill", "set"), line("wipe,flip", "bank")]));
  expect(page).toContain(
    "**Nothing was lost and nothing contradicted itself.** 2 histories, 2 000 operations, 8 faults, 1 000 acknowledged writes: 0 lost writes,",
  );
  expect(page).toContain("| kill | 4 |  | 1 000 | 1.5 s |");
  expect(page).toContain("| wipe, flip | 4 | 1 000 |  | 1.5 s |");
});

test.each([
  [{ lost: 1 }, "1 lost write,"],
  [{ outcome: "fail" as const, anomalies: ["stale read: x"] }, "1 violation,"],
  [{ outcome: "unknown" as const, unknown: ["linearizability"] }, "1 undecided,"],
  [{ digestDifferences: 1 }, "1 difference of states"],
])("a history with %j is not praised", (changes, text) => {
  const page = plain(matrixPage([line("kill", "set"), line("wipe", "set", changes)]));
  expect(page).toContain("**1 history went wrong.**");
  expect(page).toContain(text);
  expect(page).toMatch(/\| wipe \| 4 \| \*\*\w+, seed 1\*\* \|/);
});

test("a history that showed nothing counts nowhere", () => {
  const page = plain(
    matrixPage([line("kill", "set"), line("wipe", "set", { outcome: "invalid run", lost: 3 })]),
  );
  expect(page).toContain("1 history, 1 000 operations");
  expect(page).toContain("1 history showed nothing");
  expect(page).not.toContain("| wipe");
});

test("what is written is read again", () => {
  const directory = mkdtempSync(join(tmpdir(), "matrix-page-"));
  try {
    const lines = [line("kill", "set"), line("wipe", "bank")];
    writeMatrixPage(directory, lines);
    expect([...linesOf(join(directory, MATRIX_RESULTS_FILE)).values()]).toEqual(lines);
    expect(readFileSync(join(directory, MATRIX_PAGE_FILE), "utf8")).toBe(matrixPage(lines));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("docs/matrix is fresh", async () => {
  const lines = [...linesOf(join(COMMITTED, MATRIX_RESULTS_FILE)).values()];
  // Not there before the first matrix was kept: then there must be no page by hand either.
  if (lines.length === 0) expect(existsSync(join(COMMITTED, MATRIX_PAGE_FILE))).toBe(false);
  else await expect(matrixPage(lines)).toMatchFileSnapshot(join(COMMITTED, MATRIX_PAGE_FILE));
});
