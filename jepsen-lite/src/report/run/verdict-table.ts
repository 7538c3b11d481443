/** What every checker says, with its figures. */

import type { Verdict } from "../../checkers/verdict.js";
import { type Html, html } from "../html.js";
import { scrolling } from "../page.js";
import { count, figure, figureName } from "../quantities.js";
import { verdictSign } from "../verdict-words.js";
import { questionOf } from "../vocabulary.js";

export function verdictTable(verdicts: readonly Verdict[]): Html {
  return scrolling(
    "Verdicts",
    html`<table><thead><tr><th scope="col">checker</th><th scope="col">verdict</th><th scope="col" class="number">anomalies shown</th><th scope="col">figures</th></tr></thead><tbody>
${verdicts.map(row)}</tbody></table>`,
  );
}

function row({ checker, validity, anomalies, figures }: Verdict): Html {
  const { symbol, word, tone } = verdictSign(validity);
  const question = questionOf(checker);
  return html`<tr><th scope="row">${checker}${question === null ? null : html`<span class="sub">${question}</span>`}</th><td><span class="sign ${tone}"><span aria-hidden="true">${symbol}</span> ${word}</span></td><td class="number">${count(anomalies.length)}</td><td>${figureList(figures)}</td></tr>
`;
}

function figureList(figures: Verdict["figures"]): Html[] {
  return Object.entries(figures).map(
    ([name, value], at) =>
      html`${at === 0 ? null : " · "}<span class="nowrap">${figureName(name)} ${figure(name, value)}</span>`,
  );
}
