import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { linesOf } from "../testing/synthetic-figures.js";
import { CHART_FOLDER, PAGE_FILE, pageFiles, writePage } from "./page-files.js";
import { regressionsOf } from "./regressions.js";
import { RESULTS_FILE, readReport } from "./report.js";
import { syntheticReport } from "./testing/synthetic-report.js";

const COMMITTED = fileURLToPath(new URL("../../../docs/reference", import.meta.url));

const report = syntheticReport();
const files = pageFiles(report);
const page = files.get(PAGE_FILE)!;

test("every line and every side of a comparison has its row", () => {
  const rows = page.split("\n").filter((line) => /^\| (?!line|workload)/.test(line));
  const sides = report.groups.flatMap(({ comparisons }) =>
    comparisons.flatMap((each) => each.sides),
  );
  expect(rows.length).toBe(report.lines.length + sides.length);
  expect(page).toContain("| XADD MAXLEN \\~, 50 connections | redoubt | 5\u202f000 |");
  expect(page).toContain("**missed**");
});

test("every chart is shown, and every chart shown is there", () => {
  const shown = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1]);
  expect(shown.toSorted()).toEqual([...files.keys()].filter((path) => path !== PAGE_FILE).sort());
  expect(shown).toContain("performance/connections-set-p99.svg");
});

test("charts are files of their own: well formed, no scripts, nothing from elsewhere", () => {
  for (const [path, svg] of files) {
    if (path === PAGE_FILE) continue;
    expect(svg).not.toMatch(/<script|<image|NaN|undefined|url\(|@import|href/);
    expect(svg.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
    const opened = [...svg.matchAll(/<([a-z]+)[^>]*?(\/?)>/g)].filter((tag) => tag[2] === "");
    const closed = [...svg.matchAll(/<\/([a-z]+)>/g)];
    expect(opened.length, path).toBe(closed.length);
    expect(svg.replace(/&(amp|lt|gt);/g, "")).not.toContain("&");
  }
});

test("a written page is what its results make, and nothing is left of an earlier one", () => {
  const folder = mkdtempSync(join(tmpdir(), "performance-"));
  try {
    writePage(folder, report);
    writePage(folder, { ...report, groups: report.groups.slice(0, 1) });
    const read = readReport(readFileSync(join(folder, RESULTS_FILE), "utf8"));
    for (const [path, text] of pageFiles(read)) {
      expect(readFileSync(join(folder, path), "utf8")).toBe(text);
    }
    expect(readdirSync(join(folder, CHART_FOLDER))).toEqual(["acceptance.svg"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("results of another version are refused", () => {
  expect(() => readReport('{"version":2}')).toThrow("version 2");
});

test("a ratio that is worse by more than 15 % is a regression, whichever way it counts", () => {
  const before = linesOf();
  const times = (number: number | null, factor: number) =>
    number === null ? null : number * factor;
  const changed = (factor: number) =>
    before.map((line) => {
      const { ratio } = line;
      if (ratio === null) return line;
      const { median, byThroughput, byCpu } = ratio;
      const others = {
        byThroughput: times(byThroughput, factor),
        byCpu: times(byCpu, factor),
      };
      return { ...line, ratio: { ...ratio, ...others, median: median * factor } };
    });
  const measured = before.filter(({ ratio }) => ratio !== null);
  expect(regressionsOf(before, changed(0.86)).worse).toEqual([]);
  const slower = regressionsOf(before, changed(0.84)).worse;
  expect(slower.length).toBe(measured.filter(({ sense }) => sense === "at least").length);
  const larger = regressionsOf(before, changed(1.16)).worse;
  expect(larger.length).toBe(measured.filter(({ sense }) => sense === "at most").length);
  expect(larger[0]).toMatch(/^WORSE by 16 %: .*: \d\.\d\d -> \d\.\d\d$/);
});

test("ratios of one basis are compared, whichever counts now; what is not measured is not known", () => {
  const before = linesOf().filter(({ ratio }) => ratio?.basis === "throughput");
  const now = (byThroughput: number | null) =>
    before.map((line) => ({
      ...line,
      ratio: { ...line.ratio!, basis: "CPU" as const, median: 0.01, byThroughput },
    }));
  expect(before.length).toBeGreaterThan(2);
  expect(regressionsOf(before, now(100))).toEqual({ worse: [], unknown: [] });
  expect(regressionsOf(before, now(null)).unknown.length).toBe(before.length);
  expect(regressionsOf(before, []).unknown.length).toBe(before.length);
});

test("docs/reference/performance.md is fresh", async () => {
  // Not there before figures of a quiet machine are committed: then there must be no page by hand either.
  if (!existsSync(join(COMMITTED, RESULTS_FILE))) {
    expect(existsSync(join(COMMITTED, PAGE_FILE))).toBe(false);
    return;
  }
  const committed = pageFiles(readReport(readFileSync(join(COMMITTED, RESULTS_FILE), "utf8")));
  for (const [path, text] of committed) {
    await expect(text).toMatchFileSnapshot(join(COMMITTED, path));
  }
  const charts = readdirSync(join(COMMITTED, CHART_FOLDER)).map(
    (name) => `${CHART_FOLDER}/${name}`,
  );
  expect(charts.sort()).toEqual([...committed.keys()].filter((path) => path !== PAGE_FILE).sort());
});
