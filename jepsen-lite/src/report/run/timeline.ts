/** The run at a glance: a lane for each kind of fault, one for answers, on one axis of time. */

import type { RunResult } from "../../run/run-result.js";
import { FAULT_NUMBER_PX, NARROW_PLOT_PX, WIDE_PLOT_PX } from "../constants.js";
import { type Html, html } from "../html.js";
import { percent, timeAxis } from "../plot/plot.js";
import type { Scale } from "../plot/scale.js";
import { moment } from "../quantities.js";
import { faultTable, faultText, type NumberedFault, numbered } from "./faults.js";
import type { Load } from "./load.js";

export function timeline(result: RunResult, load: Load, x: Scale): Html {
  const faults = numbered(result);
  const names = [...new Set(faults.map(({ name }) => name))];
  const lanes = names.map((name) =>
    lane(
      name,
      `Times of the fault ${name}`,
      faults.filter((fault) => fault.name === name).map((fault) => faultBar(fault, x)),
    ),
  );
  return html`<ul class="legend"><li>${key(html`<rect class="key-band" width="26" height="12"/>`)}a fault, with its number</li><li>${key(html`<rect class="key-kept" width="26" height="12"/>`)}somebody was answered</li><li>${key(html`<path class="key-tick" d="M0 1v10M0 6h26M26 1v10"/>`)}the longest gap</li><li>${key(html`<rect class="key-phase" width="26" height="12"/>`)}the load is over</li></ul>
<div class="lanes">${lanes}${answersLane(load, x)}
<div class="axis">${timeAxis(x)}</div></div>
${faultTable(result)}`;
}

/** A sample for a legend. */
export function key(marks: Html): Html {
  return html`<svg viewBox="0 0 26 12" aria-hidden="true">${marks}</svg>`;
}

function lane(name: string, title: string, bars: readonly Html[]): Html {
  return html`<div class="lane"><span>${name}</span><svg role="img"><title>${title}</title>${bars}</svg></div>
`;
}

function faultBar(fault: NumberedFault, x: Scale): Html {
  const from = x.place(fault.beganAt);
  const width = Math.max(x.place(fault.endedAt) - from, 0.002);
  const middle = percent(from + width / 2);
  return html`<g><title>${faultText(fault)}</title><rect class="fault" x="${percent(from)}" y="3" width="${percent(width)}" height="16"/>${numberOn(fault.number, width, middle)}</g>`;
}

/** A number that would be wider than its bar is left to the table. */
function numberOn(number: number, width: number, middle: string): Html | null {
  if (width * WIDE_PLOT_PX < FAULT_NUMBER_PX) return null;
  const tight = width * NARROW_PLOT_PX < FAULT_NUMBER_PX ? " tight" : "";
  return html`<text class="number${tight}" x="${middle}" y="15">${number}</text>`;
}

function answersLane(load: Load, x: Scale): Html {
  const { longestGap, endedAt, shownUntil } = load;
  const bars: Html[] = [afterLoad(endedAt, shownUntil, x)];
  for (const { from, to } of servedTimes(load)) {
    const width = percent(x.place(to) - x.place(from));
    bars.push(
      html`<rect class="answers" x="${percent(x.place(from))}" y="3" width="${width}" height="16"/>`,
    );
  }
  const left = percent(x.place(longestGap.from));
  const right = percent(x.place(longestGap.to));
  bars.push(
    html`<g><title>Nobody was answered from ${moment(longestGap.from, 2)} to ${moment(longestGap.to, 2)}</title><line class="gap" x1="${left}" x2="${right}" y1="11" y2="11"/><line class="gap" x1="${left}" x2="${left}" y1="5" y2="17"/><line class="gap" x1="${right}" x2="${right}" y1="5" y2="17"/></g>`,
  );
  return lane("answers", "Times in which operations were answered", bars);
}

function afterLoad(endedAt: number, shownUntil: number, x: Scale): Html {
  const width = x.place(shownUntil) - x.place(endedAt);
  return html`<rect class="phase" x="${percent(x.place(endedAt))}" y="3" width="${percent(width)}" height="16"><title>The load is over: all is healed, and comes to rest</title></rect>`;
}

/** Windows of the load with an answer, neighbours joined. */
function servedTimes({ windows, windowUs, endedAt }: Load): { from: number; to: number }[] {
  const times: { from: number; to: number }[] = [];
  for (const { from, ok } of windows) {
    if (ok === 0 || from >= endedAt) continue;
    const last = times.at(-1);
    const to = Math.min(from + windowUs, endedAt);
    if (last !== undefined && last.to === from) last.to = to;
    else times.push({ from, to });
  }
  return times;
}
