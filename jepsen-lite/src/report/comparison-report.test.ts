import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { claimOf } from "./comparison/claim.js";
import type { ComparisonRun } from "./comparison/comparison-run.js";
import {
  comparisonPage,
  RESULTS_FILE,
  readResults,
  writeComparisonPage,
} from "./comparison-page.js";
import { comparisonReport } from "./comparison-report.js";
import { structureOf } from "./support/page-structure.js";
import { syntheticComparison } from "./support/synthetic-comparison.js";

const COMMITTED = fileURLToPath(new URL("../../../docs/comparison", import.meta.url));

const runs = syntheticComparison();
const page = comparisonReport(runs);

function changed(target: string, changes: Partial<ComparisonRun["result"]>): ComparisonRun[] {
  return runs.map((run) =>
    run.result.plan.target === target ? { ...run, result: { ...run.result, ...changes } } : run,
  );
}

test("the claim is first, and computed", () => {
  const claim = "Redis lost up to 64 % of the writes it had acknowledged. Redoubt lost none.";
  const text = structureOf(page.slice(page.indexOf("<h1>"), page.indexOf("</h1>") + 5)).text;
  expect(text.replaceAll("\u202f", " ")).toBe(claim);
});

test.each([
  [{ outcome: "fail", lost: 3 }, "failed", /^Redoubt lost 9 acknowledged writes\. Redis lost/],
  [{ outcome: "fail" }, "failed", /^Redoubt contradicted itself\./],
  [{ outcome: "unknown" }, "undecided", /not all is decided/],
  [{ outcome: "invalid run" }, "says nothing", /no run says anything/],
] as const)("Redoubt with %j is not praised", (changes, word, title) => {
  const claim = claimOf(changed("redoubt-raft", changes));
  expect(claim.sign.word).toBe(word);
  expect(claim.title).toMatch(title);
});

test("a run that says nothing counts for nobody", () => {
  const worst = runs.filter(({ result }) => result.plan.target === "redis-async")[0]!;
  const void_ = { ...worst, result: { ...worst.result, lost: 1, outcome: "invalid run" as const } };
  expect(claimOf([void_]).title).not.toContain("Redis lost");
  expect(claimOf([void_]).sentences.join(" ")).toContain("1 run says nothing");
  expect(claimOf([]).sign.tone).toBe("void");
});

test("the page is well formed, within itself, and its links lead somewhere", () => {
  const { ids, links, tags } = structureOf(page);
  expect(new Set(ids).size).toBe(ids.length);
  for (const link of links) expect(ids).toContain(link.replace(/^#/, ""));
  expect(tags.has("script")).toBe(false);
  expect(page).not.toMatch(/https?:|\/\/[a-z]|@import|src=|url\((?!#)/i);
});

test("every run has a bar, a row and its details", () => {
  const { links, ids } = structureOf(page);
  runs.forEach((_, at) => {
    const anchor = `run-${at + 1}`;
    expect(links.filter((link) => link === `#${anchor}`).length).toBe(2);
    expect(ids).toContain(anchor);
  });
});

test("what was not acknowledged at all is not shown as kept", () => {
  expect(structureOf(page).text).toContain("no write was acknowledged");
});

test("the committed page is what its results make", async () => {
  const directory = await mkdtemp(join(tmpdir(), "comparison-"));
  try {
    await writeComparisonPage(directory, runs);
    const read = await readResults(directory);
    expect(read).toEqual(JSON.parse(JSON.stringify(runs)));
    for (const [name, text] of comparisonPage(read))
      expect(await readFile(join(directory, name), "utf8")).toBe(text);
    await writeFile(join(directory, RESULTS_FILE), '[{"result":{"version":2}}]');
    await expect(readResults(directory)).rejects.toThrow("version 2");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the page for readers of the repository has a row for every run, and no markup of others", () => {
  const first = runs[0]!;
  const hostile = { ...first, title: "a | b <img> [x](y)\n# no", scenario: "another" };
  const readme = comparisonPage([...runs, hostile]).get("README.md")!;
  expect(readme.split("\n").filter((line) => /^\| (?!mode)/.test(line)).length).toBe(
    runs.length + 1,
  );
  expect(readme).toContain("## a \\| b \\<img\\> \\[x\\]\\(y\\)\\\\x0a\\# no");
});

test("docs/comparison is fresh", async () => {
  // Not there before the first comparison was made: then there must be no page by hand either.
  if (!existsSync(join(COMMITTED, RESULTS_FILE))) {
    expect(existsSync(join(COMMITTED, "index.html"))).toBe(false);
    return;
  }
  for (const [name, text] of comparisonPage(await readResults(COMMITTED)))
    await expect(text).toMatchFileSnapshot(join(COMMITTED, name));
});
