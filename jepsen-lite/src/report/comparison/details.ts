/** Of each run that is compared: what happened, what the checkers said, and the command that repeats it. */

import type { RunResult } from "../../run/run-result.js";
import { type Html, html } from "../html.js";
import { count, duration, moment } from "../quantities.js";
import { repeatRowCommand } from "../repeat-command.js";
import { headline, runSign, verdictSign } from "../verdict-words.js";
import { modeTitle } from "../vocabulary.js";
import { anchorOf, type NumberedRun, type Scenario } from "./comparison-run.js";

/** Anomalies told in words, of each checker: one shows what it is. */
const ANOMALIES_TOLD_MAX = 1;

export function details(scenarios: readonly Scenario[]): Html {
  return html`${scenarios.map(({ runs }) => runs.map(detail))}`;
}

function detail(run: NumberedRun): Html {
  const { result, title } = run;
  const { plan, reasons, notes, operations } = result;
  const { symbol, word, tone } = runSign(result.outcome);
  const said = headline(result);
  return html`<article id="${anchorOf(run)}"><h3>${modeTitle(plan)} <span class="quiet">· ${title}</span></h3>
<p><span class="sign ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span> ${said.title}. ${said.sentence}</p>
${list(reasons)}
<p class="small">${plan.nodes} nodes, workload ${plan.workload}, ${count(plan.seconds)} s of load: ${count(operations.ok)} operations done, ${count(operations.fail)} refused, ${count(operations.info)} unknown. Slowest answer ${duration(result.latencyMs.max)}.</p>
${faults(result)}${verdicts(result)}${list(notes.map((note) => `Not available here: ${note}`))}
<pre>${repeatRowCommand(run.scenario, plan)}</pre>
<p class="small"><a href="#figures">Back to the table</a></p></article>
`;
}

function faults(result: RunResult): Html | null {
  if (result.faults.length === 0) return null;
  const recoveries = result.recoveries.length === result.faults.length ? result.recoveries : [];
  return html`<ol class="small">${result.faults.map(({ name, text, beganAt, endedAt }, at) => {
    const after = recoveries[at];
    const next =
      after === undefined
        ? null
        : html`; next answer ${wait(after.afterBeginMs)} its begin, ${wait(after.afterEndMs)} its end`;
    return html`<li><strong>${name}</strong> ${text}, ${moment(beganAt)} to ${moment(endedAt)}${next}</li>`;
  })}</ol>`;
}

function wait(ms: number | null): string {
  return ms === null ? "never after" : `${duration(ms)} after`;
}

function verdicts({ verdicts: all }: RunResult): Html {
  return html`<ul class="small plain">${all.map(({ checker, validity, anomalies }) => {
    const { symbol, word, tone } = verdictSign(validity);
    const told = anomalies
      .slice(0, ANOMALIES_TOLD_MAX)
      .map(({ kind, text }) => html` <span class="quiet">For example, ${kind}:</span> ${text}`);
    return html`<li><span class="${tone}">${symbol} ${checker} ${word}</span>${told}</li>`;
  })}</ul>`;
}

function list(lines: readonly string[]): Html | null {
  if (lines.length === 0) return null;
  return html`<ul class="small">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
