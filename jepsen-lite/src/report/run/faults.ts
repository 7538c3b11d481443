/** A run's faults, numbered: the same numbers stand on bands of charts and in the table of what happened. */

import type { RunResult } from "../../run/run-result.js";
import { type Html, html } from "../html.js";
import { scrolling } from "../page.js";
import type { Band } from "../plot/plot.js";
import type { Scale } from "../plot/scale.js";
import { duration, moment } from "../quantities.js";

export type NumberedFault = RunResult["faults"][number] & { readonly number: number };

export function numbered(result: RunResult): NumberedFault[] {
  return result.faults.map((fault, at) => ({ ...fault, number: at + 1 }));
}

export function bandsOf(faults: readonly NumberedFault[], x: Scale): Band[] {
  return faults.map((fault) => ({
    from: x.place(fault.beganAt),
    to: x.place(fault.endedAt),
    text: faultText(fault),
  }));
}

export function faultText({ number, name, text, beganAt, endedAt }: NumberedFault): string {
  return `${number}: ${name}, ${text} (${moment(beganAt)} to ${moment(endedAt)})`;
}

/** Recoveries are listed in the faults' order; with another length they would be told of the wrong ones. */
export function faultTable(result: RunResult): Html {
  const faults = numbered(result);
  if (faults.length === 0)
    return html`<p>None was asked for: this was a calm run, to compare others with.</p>`;
  const recoveries = result.recoveries.length === faults.length ? result.recoveries : null;
  const recovery = (at: number): Html[] => {
    const it = recoveries?.[at];
    return [it?.afterBeginMs, it?.afterEndMs].map(
      (ms) =>
        html`<td class="number">${ms === null ? "none came" : duration(ms ?? Number.NaN)}</td>`,
    );
  };
  const table = scrolling(
    "Faults",
    html`<table>
<thead><tr><th scope="col" class="number">#</th><th scope="col">fault</th><th scope="col">what happened</th><th scope="col" class="number">from</th><th scope="col" class="number">to</th><th scope="col" class="number">next answer<br>after begin</th><th scope="col" class="number">next answer<br>after end</th></tr></thead>
<tbody>${faults.map(
      ({ number, name, text, beganAt, endedAt }, at) =>
        html`<tr><td class="number">${number}</td><th scope="row">${name}</th><td class="text">${text}</td><td class="number">${moment(beganAt)}</td><td class="number">${moment(endedAt)}</td>${recovery(at)}</tr>
`,
    )}</tbody></table>`,
  );
  return html`<p class="small quiet">“Next answer”: the time from the fault's begin, and from its end, until somebody was answered again.</p>
${table}`;
}
