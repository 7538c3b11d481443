/** The claim in one picture: for each scenario and mode, what of the acknowledged writes was kept and what was lost. */

import { type Html, html } from "../html.js";
import { percent } from "../plot/plot.js";
import { count, duration, share } from "../quantities.js";
import { key } from "../run/timeline.js";
import { runSign, writeGapMs } from "../verdict-words.js";
import { isStrong, modeTitle } from "../vocabulary.js";
import { anchorOf, type NumberedRun, type Scenario } from "./comparison-run.js";

/** A loss is seen, however small. */
const LOST_SHARE_MIN = 0.006;

export function picture(scenarios: readonly Scenario[]): Html {
  return html`<ul class="legend"><li>${key(html`<rect class="key-kept" width="26" height="12"/>`)}acknowledged and kept</li><li>${key(html`<rect class="key-lost" width="26" height="12"/>`)}acknowledged and lost</li><li><span class="bad" aria-hidden="true">◆</span> read by a client, then gone</li></ul>
<p class="small quiet">Each bar is all writes that were acknowledged in that run. Runs of one scenario took the same time and had the same clients: who acknowledged fewer writes was slower, or away.</p>
<div class="bars">${scenarios.map(
    ({ title, runs }) => html`<h3>${title}</h3>
<ul>${runs.map(row)}</ul>
`,
  )}</div>`;
}

function row(run: NumberedRun): Html {
  const { target } = run.result.plan;
  return html`<li><a${isStrong(target) ? html` class="strong"` : null} href="#${anchorOf(run)}">${modeTitle(run.result.plan)}</a>${bar(run)}<span>${says(run)}</span></li>
`;
}

function bar({ result }: NumberedRun): Html {
  const { acknowledged, lost, outcome, plan } = result;
  const title = `${modeTitle(plan)}: ${count(lost)} of ${count(acknowledged)} acknowledged writes lost`;
  if (acknowledged === 0 || outcome === "invalid run") {
    return html`<svg role="img"><title>${title}</title><rect class="none" x=".5" y=".5" width="100%" height="13"/></svg>`;
  }
  const part = lost === 0 ? 0 : Math.min(1, Math.max(lost / acknowledged, LOST_SHARE_MIN));
  return html`<svg role="img"><title>${title}</title>${part < 1 ? html`<rect class="kept" width="${percent(1 - part)}" height="14"/>` : null}${part > 0 ? html`<rect class="lost" x="${percent(1 - part)}" width="${percent(part)}" height="14"/>` : null}</svg>`;
}

function says({ result }: NumberedRun): Html {
  const { acknowledged, lost, dirtyReads, longestGapMs, outcome } = result;
  const gap = html`<span class="sub">no write acknowledged for up to ${duration(writeGapMs(result) ?? longestGapMs)}</span>`;
  const dirty =
    dirtyReads === 0
      ? null
      : html`<strong class="bad nowrap">◆ ${count(dirtyReads)} read, then gone</strong>`;
  if (outcome === "invalid run") return html`<span class="void">⊘ says nothing</span>${gap}`;
  if (lost > 0) {
    return html`<strong class="bad nowrap">✕ ${count(lost)} of ${count(acknowledged)} lost (${share(lost, acknowledged)})</strong>${dirty === null ? null : html`<span class="line">${dirty}</span>`}${gap}`;
  }
  const kept = acknowledged === 0 ? "no write was acknowledged" : `${count(acknowledged)} kept`;
  if (dirty !== null) return html`${dirty} <span class="quiet">· ${kept}</span>${gap}`;
  const { symbol, word, tone } = runSign(outcome);
  if (outcome !== "pass")
    return html`<strong class="${tone}">${symbol} ${word}</strong> <span class="quiet">${kept}</span>${gap}`;
  return html`<span class="good nowrap">✓ ${kept}</span>${gap}`;
}
