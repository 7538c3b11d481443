/** Mode by scenario, in figures. */

import { type Html, html } from "../html.js";
import { scrolling } from "../page.js";
import { count, duration, share } from "../quantities.js";
import { runSign, writeGapMs } from "../verdict-words.js";
import { isStrong, modeTitle } from "../vocabulary.js";
import { anchorOf, type NumberedRun, type Scenario } from "./comparison-run.js";

const COLUMNS = 10;

export function comparisonTable(scenarios: readonly Scenario[]): Html {
  const table = scrolling(
    "All figures",
    html`<table><thead><tr><th scope="col">mode</th><th scope="col" class="number">acknowledged</th><th scope="col" class="number">lost</th><th scope="col" class="number">share</th><th scope="col" class="number">dirty reads</th><th scope="col" class="number">longest<br>gap</th><th scope="col" class="number">of writes</th><th scope="col" class="number">p50</th><th scope="col" class="number">p99</th><th scope="col">run</th></tr></thead>
${scenarios.map(
  ({
    title,
    runs,
  }) => html`<tbody><tr class="scenario"><th colspan="${COLUMNS}" scope="rowgroup"><span>${title}</span></th></tr>
${runs.map(row)}</tbody>
`,
)}</table>`,
  );
  return html`<p class="small quiet">A name leads to that run's details. Longest gap: the longest time in which nobody was answered, and in which no write was acknowledged. p50 and p99: half, and 99 of 100, answers took at most that long.</p>
${table}`;
}

function row(run: NumberedRun): Html {
  const { plan, acknowledged, lost, dirtyReads, longestGapMs, latencyMs, outcome } = run.result;
  const { symbol, word, tone } = runSign(outcome);
  return html`<tr${isStrong(plan.target) ? html` class="strong"` : null}><th scope="row" class="mode"><a href="#${anchorOf(run)}">${modeTitle(plan)}</a></th><td class="number">${count(acknowledged)}</td>${verdictCell(lost, acknowledged > 0)}<td class="number">${share(lost, acknowledged)}</td>${verdictCell(dirtyReads, true)}<td class="number">${duration(longestGapMs)}</td><td class="number">${duration(writeGapMs(run.result) ?? Number.NaN)}</td><td class="number">${duration(latencyMs.p50)}</td><td class="number">${duration(latencyMs.p99)}</td><td><span class="sign ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span></td></tr>
`;
}

/** None of nothing is no achievement: it gets no mark. */
function verdictCell(wrong: number, meaningful: boolean): Html {
  if (wrong > 0) return html`<td class="number bad"><strong>✕ ${count(wrong)}</strong></td>`;
  return html`<td class="number${meaningful ? " good" : ""}">${meaningful ? "✓ " : null}0</td>`;
}
