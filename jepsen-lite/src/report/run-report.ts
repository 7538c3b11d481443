/**
 * The report of one run: its verdict first, then what happened when, what was wrong and how it can be seen, and what
 * was run on what. A pure function of the result and the history.
 */

import type { History } from "../history/history.js";
import type { RunResult } from "../run/run-result.js";
import { glossary } from "./glossary.js";
import { type Html, html } from "./html.js";
import { page, type Section } from "./page.js";
import { timeScale } from "./plot/scale.js";
import { count, duration, share } from "./quantities.js";
import { anomaliesSection, hasAnomalies } from "./run/anomalies.js";
import { bandsOf, numbered } from "./run/faults.js";
import { latencySection } from "./run/latency.js";
import { loadOf } from "./run/load.js";
import { throughputSection } from "./run/throughput.js";
import { timeline } from "./run/timeline.js";
import { verdictTable } from "./run/verdict-table.js";
import { whatWasRun } from "./run/what-was-run.js";
import { headline, runSign } from "./verdict-words.js";
import { modeTitle } from "./vocabulary.js";

/** HTML, whole, in UTF-8. */
export function runReport(result: RunResult, history: History): string {
  const load = loadOf(history, result.plan.seconds);
  const x = timeScale(load.shownUntil);
  const bands = bandsOf(numbered(result), x);
  const sections: (Section | null)[] = [
    { id: "timeline", title: "What happened, and when", body: timeline(result, load, x) },
    hasAnomalies(result)
      ? { id: "anomalies", title: "What went wrong", body: anomaliesSection(result, history) }
      : null,
    { id: "latency", title: "How long answers took", body: latencySection(load, x, bands) },
    { id: "throughput", title: "How much got done", body: throughputSection(load, x, bands) },
    { id: "verdicts", title: "What was checked", body: verdictTable(result.verdicts) },
    { id: "run", title: "What was run, and how to repeat it", body: whatWasRun(result) },
    { id: "words", title: "Words", body: glossary() },
  ];
  const { workload, seed } = result.plan;
  return page(
    `${modeTitle(result.plan)}, ${workload}, seed ${seed}: ${runSign(result.outcome).word}`,
    head(result),
    sections.filter((section) => section !== null),
  );
}

function head(result: RunResult): Html {
  const { symbol, word, tone } = runSign(result.outcome);
  const { title, sentence } = headline(result);
  const { workload, nodes, seconds } = result.plan;
  return html`<div class="verdict"><span class="sign ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span>
<h1>${title}</h1>
<p class="lead">${sentence}</p>
${result.reasons.length === 0 ? null : html`<ul>${result.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
<p class="kicker">jepsen-lite ran ${modeTitle(result.plan)} on ${nodes} nodes for ${count(seconds)} seconds under the workload “${workload}”, broke things on purpose, and compared what clients had been told with what was true.</p></div>
${facts(result)}`;
}

function facts(result: RunResult): Html {
  const { acknowledged, lost, dirtyReads, latencyMs, longestGapMs } = result;
  const of = acknowledged > 0 ? ` (${share(lost, acknowledged)})` : "";
  const rows: [string, string, string][] = [
    ["writes acknowledged", count(acknowledged), ""],
    [`of them lost${of}`, count(lost), lost > 0 ? "bad" : ""],
    ["values read that then vanished", count(dirtyReads), dirtyReads > 0 ? "bad" : ""],
    ["longest time without an answer", duration(longestGapMs), ""],
    ["half of the answers within (p50)", duration(latencyMs.p50), ""],
    ["99 of 100 within (p99)", duration(latencyMs.p99), ""],
  ];
  return html`<dl class="facts">${rows.map(
    ([name, value, tone]) =>
      html`<div><dt>${name}</dt><dd class="${tone}">${tone === "bad" ? html`<span aria-hidden="true">✕ </span>` : null}${value}</dd></div>`,
  )}</dl>`;
}
