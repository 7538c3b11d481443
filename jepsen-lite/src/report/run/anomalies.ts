/** Every anomaly that checkers named, checker by checker, drawn. */

import type { Verdict } from "../../checkers/verdict.js";
import type { History } from "../../history/history.js";
import type { RunResult } from "../../run/run-result.js";
import { ANOMALIES_UNFOLDED_MAX } from "../constants.js";
import { type Html, html } from "../html.js";
import { counted } from "../quantities.js";
import { questionOf } from "../vocabulary.js";
import { anomalyDrawing } from "./anomaly-drawing.js";
import { type NumberedFault, numbered } from "./faults.js";

export function anomaliesSection(result: RunResult, history: History): Html {
  const faults = numbered(result);
  const shown = result.verdicts.filter(({ anomalies }) => anomalies.length > 0);
  return html`<p>What a correct database cannot have answered, with the operations that show it. The checkers see only what clients asked and were answered, never the inside of the database.</p>
${shown.map((verdict) => ofChecker(verdict, history, faults))}`;
}

export function hasAnomalies({ verdicts }: RunResult): boolean {
  return verdicts.some(({ anomalies }) => anomalies.length > 0);
}

function ofChecker(
  { checker, anomalies }: Verdict,
  history: History,
  faults: readonly NumberedFault[],
): Html {
  const drawn = anomalies.map((anomaly) => anomalyDrawing(anomaly, history, faults));
  const folded = drawn.slice(ANOMALIES_UNFOLDED_MAX);
  const question = questionOf(checker);
  return html`<h3>${checker}</h3>
${question === null ? null : html`<p class="quiet">${question}</p>`}
${drawn.slice(0, ANOMALIES_UNFOLDED_MAX)}${
  folded.length === 0
    ? null
    : html`<details><summary>${counted(folded.length, "further anomaly", "further anomalies")} of this checker</summary>${folded}</details>`
}`;
}
