/**
 * The comparison as it is committed, `docs/comparison`: `results.json`, from which the rest is made, `index.html` with
 * everything, `README.md` with the table for those who read the repository. A test holds the two fresh against the
 * first; `writeComparisonPage` makes all three.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimOf } from "./comparison/claim.js";
import { type ComparisonRun, type NumberedRun, scenariosOf } from "./comparison/comparison-run.js";
import { COMPARE_COMMAND, distinct, span } from "./comparison/how.js";
import { comparisonReport } from "./comparison-report.js";
import { visible } from "./html.js";
import { count, duration, share } from "./quantities.js";
import { runSign, writeGapMs } from "./verdict-words.js";
import { isStrong, modeTitle } from "./vocabulary.js";

export const RESULTS_FILE = "results.json";

/** The files that are made of results, by their names. */
export function comparisonPage(runs: readonly ComparisonRun[]): ReadonlyMap<string, string> {
  return new Map([
    ["index.html", comparisonReport(runs)],
    ["README.md", readme(runs)],
  ]);
}

/** Writes results and page; the directory is made. */
export async function writeComparisonPage(
  directory: string,
  runs: readonly ComparisonRun[],
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, RESULTS_FILE), resultsText(runs));
  for (const [name, text] of comparisonPage(runs)) await writeFile(join(directory, name), text);
}

/** Throws when there are none, or they are of another version. */
export async function readResults(directory: string): Promise<ComparisonRun[]> {
  const runs = JSON.parse(await readFile(join(directory, RESULTS_FILE), "utf8")) as ComparisonRun[];
  const other = runs.find(({ result }) => result.version !== 1);
  if (other !== undefined)
    throw new Error(`${RESULTS_FILE}: a result of version ${other.result.version}, not 1`);
  return runs;
}

/** One run a line, so that a change of one is a change of one line. */
function resultsText(runs: readonly ComparisonRun[]): string {
  return `[\n${runs.map((run) => JSON.stringify(run)).join(",\n")}\n]\n`;
}

function readme(runs: readonly ComparisonRun[]): string {
  const { title, sentences } = claimOf(runs);
  const results = runs.map(({ result }) => result);
  const tables = scenariosOf(runs).map(
    (scenario) => `## ${markdown(scenario.title)}\n\n${HEAD}\n${scenario.runs.map(row).join("\n")}`,
  );
  return `# Redoubt and Redis under the same faults

**${markdown(title)}** ${sentences.map(markdown).join(" ")}

The whole report, with a picture, every run's faults and verdicts, and the words explained, is [index.html](index.html)
(one file without scripts: save it and open it). This page and that one are made of [results.json](results.json).

${tables.join("\n\n")}

## How to repeat it

\`${COMPARE_COMMAND}\`. Measured ${markdown(span(results))} on: ${distinct(
    results,
    ({ machine }) => machine,
  )
    .map(markdown)
    .join("; ")}. Software: ${distinct(results, ({ software }) => software)
    .map(markdown)
    .join("; ")}. Commit: ${distinct(results, ({ commit }) => commit ?? "unknown")
    .map(markdown)
    .join(", ")}.
`;
}

const HEAD = `| mode | acknowledged | lost | dirty reads | longest gap | of writes | p50 | p99 | run |
|---|---:|---:|---:|---:|---:|---:|---:|---|`;

function row({ result }: NumberedRun): string {
  const { plan, acknowledged, lost, dirtyReads, longestGapMs, latencyMs, outcome } = result;
  const name = markdown(modeTitle(plan));
  const { symbol, word } = runSign(outcome);
  const cells = [
    isStrong(plan.target) ? `**${name}**` : name,
    count(acknowledged),
    lost > 0 ? `**${count(lost)}** (${markdown(share(lost, acknowledged))})` : "0",
    dirtyReads > 0 ? `**${count(dirtyReads)}**` : "0",
    duration(longestGapMs),
    duration(writeGapMs(result) ?? Number.NaN),
    duration(latencyMs.p50),
    duration(latencyMs.p99),
    `${symbol} ${word}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Text that stays text: no markup, no cell, no link. */
function markdown(text: string): string {
  return visible(text).replace(/[\\`*_{}[\]<>()#|~!&]/g, (character) => `\\${character}`);
}
