/**
 * The report of a comparison: the same faults upon several databases and modes, the claim in one picture first. A pure
 * function of the runs' results; their histories are not needed.
 */

import { claimOf } from "./comparison/claim.js";
import { type ComparisonRun, scenariosOf } from "./comparison/comparison-run.js";
import { details } from "./comparison/details.js";
import { how } from "./comparison/how.js";
import { picture } from "./comparison/picture.js";
import { comparisonTable } from "./comparison/table.js";
import { glossary } from "./glossary.js";
import { html } from "./html.js";
import { page } from "./page.js";

/** HTML, whole, in UTF-8. */
export function comparisonReport(runs: readonly ComparisonRun[]): string {
  const scenarios = scenariosOf(runs);
  const { sign, title, sentences } = claimOf(runs);
  const head = html`<div class="verdict"><span class="sign ${sign.tone}"><span aria-hidden="true">${sign.symbol}</span> Redoubt: ${sign.word}</span>
<h1>${title}</h1>
<p class="lead">${sentences[0] ?? "No run has been made."}</p>
${sentences.slice(1).map((sentence) => html`<p>${sentence}</p>`)}</div>`;
  return page("Redoubt and Redis under the same faults", head, [
    { id: "picture", title: "What was acknowledged, what was lost", body: picture(scenarios) },
    { id: "figures", title: "All figures", body: comparisonTable(scenarios) },
    { id: "how", title: "How it was measured, and how to repeat it", body: how(runs) },
    { id: "details", title: "Run by run", body: details(scenarios) },
    { id: "words", title: "Words", body: glossary() },
  ]);
}
