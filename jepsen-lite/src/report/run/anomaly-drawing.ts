/**
 * One anomaly: the operations that show it as bars over time, client under client, what they asked and were answered
 * written on them, the impossible one marked. Each bar has a line of its own, so that no two texts can meet.
 */

import type { Anomaly } from "../../checkers/verdict.js";
import type { History, Operation } from "../../history/history.js";
import {
  BAR_SHARE_MIN,
  LABEL_CHARACTERS_MAX,
  OPERATIONS_DRAWN_MAX,
  VALUE_CHARACTERS_MAX,
} from "../constants.js";
import { type Html, html } from "../html.js";
import { answered, asked, OUTCOMES, shortened, summary } from "../operation-words.js";
import { scrolling } from "../page.js";
import { percent } from "../plot/plot.js";
import { count, counted, moment } from "../quantities.js";
import { faultText, type NumberedFault } from "./faults.js";
import { TimeInOrder } from "./time-in-order.js";

/** Of moments in a drawing: a tenth of a millisecond. */
const MOMENT_DIGITS = 4;

export function anomalyDrawing(
  anomaly: Anomaly,
  history: History,
  faults: readonly NumberedFault[],
): Html {
  const { kind, text, key } = anomaly;
  const operations = anomaly.operations.flatMap((index) => history.operations[index] ?? []);
  const drawn = nearest(operations, anomaly.impossible);
  const cut = operations.length - drawn.length;
  return html`<div class="anomaly"><p><strong class="bad">✕ ${kind}</strong>${key === null ? null : html` <span class="quiet">of key <code>${shortened(key, LABEL_CHARACTERS_MAX)}</code></span>`}<br>${text}</p>
${drawn.length === 0 ? null : drawing(drawn, anomaly.impossible, faults)}
<p class="small quiet">${caption(anomaly, drawn, cut)}</p>
${drawn.length === 0 ? null : html`<details><summary>The same as a table, values in full</summary>${operationTable(drawn, anomaly.impossible)}</details>`}</div>
`;
}

/** The impossible operation and those asked last before it; without one, the first. */
function nearest(operations: readonly Operation[], impossible: number | null): Operation[] {
  const sorted = [...operations].sort((left, right) => left.invokedAt - right.invokedAt);
  if (sorted.length <= OPERATIONS_DRAWN_MAX) return sorted;
  const at = sorted.findIndex(({ index }) => index === impossible);
  const end = at === -1 ? OPERATIONS_DRAWN_MAX : Math.max(at + 1, OPERATIONS_DRAWN_MAX);
  return sorted.slice(end - OPERATIONS_DRAWN_MAX, end);
}

function drawing(
  operations: readonly Operation[],
  impossible: number | null,
  faults: readonly NumberedFault[],
): Html {
  const moments = operations.flatMap(({ invokedAt, completedAt }) => [invokedAt, completedAt]);
  const first = Math.min(...moments);
  const last = Math.max(...moments.filter(Number.isFinite));
  const inForce = faults.filter(({ beganAt, endedAt }) => beganAt < last && endedAt > first);
  const borders = inForce
    .flatMap(({ beganAt, endedAt }) => [beganAt, endedAt])
    .filter((time) => time > first && time < last);
  // What is unknown has no end: a stretch behind the last moment shows that it goes on.
  const beyond = moments.every(Number.isFinite) ? [] : [last + (last - first) / 4 + 1];
  const axis = new TimeInOrder([...moments, ...borders, ...beyond]);
  const clients = [...new Set(operations.map(({ process }) => process))];
  const bands = inForce.map((fault) => during(fault, axis));
  return html`<div class="draw">${inForce.length === 0 ? null : html`<svg class="bands" aria-hidden="true">${bands}</svg>${faultRow(inForce, axis)}`}${clients.map(
    (client) =>
      html`<div class="who"><span>client ${count(client)}</span><div>${operations
        .filter(({ process }) => process === client)
        .map((operation) => bar(operation, operation.index === impossible, axis))}</div></div>
`,
  )}</div>`;
}

function faultRow(faults: readonly NumberedFault[], axis: TimeInOrder): Html {
  const marks = faults.map((fault) => {
    const from = axis.place(fault.beganAt);
    const to = axis.place(fault.endedAt);
    return html`<g><title>${faultText(fault)}</title><text x="${percent((from + to) / 2)}" y="12">${fault.number}</text></g>`;
  });
  return html`<div class="who faults"><span>fault</span><div class="bar"><svg role="img"><title>Faults in force meanwhile</title>${marks}</svg></div></div>`;
}

function during({ beganAt, endedAt }: NumberedFault, axis: TimeInOrder): Html {
  const from = axis.place(beganAt);
  const width = Math.max(axis.place(endedAt) - from, 0.002);
  return html`<rect class="during" x="${percent(from)}" y="0" width="${percent(width)}" height="100%"/>`;
}

/** What it says stands above the bar: from its begin on, or where that is late, up to its end. */
function bar(operation: Operation, impossible: boolean, axis: TimeInOrder): Html {
  const { outcome, invokedAt, completedAt, node } = operation;
  const to = axis.place(completedAt);
  const width = Math.max(to - axis.place(invokedAt), BAR_SHARE_MIN);
  const from = Math.min(axis.place(invokedAt), 1 - width);
  const text = shortened(summary(operation), LABEL_CHARACTERS_MAX);
  return html`<div class="bar${impossible ? " culprit" : ""}${from > 0.5 ? " late" : ""}" style="--from:${percent(from)};--rest:${percent(1 - from - width)}"><span class="says">${impossible ? html`<strong class="bad">✕ impossible: </strong>` : null}<code>${text}</code> <span class="when">${time(operation)}, node ${node}</span></span><svg role="img"><title>${text}, ${time(operation)}</title><rect class="${outcome}" x="${percent(from)}" y="1" width="${percent(width)}" height="10"/></svg></div>
`;
}

function time({ invokedAt, completedAt }: Operation): string {
  const end = Number.isFinite(completedAt) ? moment(completedAt, MOMENT_DIGITS) : "no end";
  return `${moment(invokedAt, MOMENT_DIGITS)} – ${end}`;
}

function caption(anomaly: Anomaly, drawn: readonly Operation[], cut: number): string {
  if (drawn.length === 0)
    return "The checker named no single operations; its figures say how many.";
  const mark =
    anomaly.impossible === null
      ? "No operation is wrong by itself: together they contradict each other."
      : "The hatched bar is the one that cannot be.";
  const unknown = drawn.some(({ outcome }) => outcome === "info")
    ? " A dashed bar has no known end: it may have happened at any time, or never."
    : "";
  const rest = cut === 0 ? "" : ` ${counted(cut, "further operation")} of this anomaly not drawn.`;
  return `From left to right in the order of time; lengths are not to scale, the moments are written. ${mark}${unknown}${rest}`;
}

function operationTable(operations: readonly Operation[], impossible: number | null): Html {
  const row = (operation: Operation) => {
    const { process, node, outcome, index } = operation;
    const { symbol, word } = OUTCOMES[outcome];
    return html`<tr><th scope="row" class="nowrap">${index === impossible ? html`<span class="bad">✕ </span>` : null}client ${process}</th><td class="number">${node}</td><td class="nowrap">${time(operation)}</td><td class="value">${shortened(asked(operation), VALUE_CHARACTERS_MAX)}</td><td class="nowrap">${symbol} ${word}</td><td class="value">${shortened(answered(operation), VALUE_CHARACTERS_MAX)}</td></tr>
`;
  };
  return scrolling(
    "Operations of this anomaly",
    html`<table><thead><tr><th scope="col">client</th><th scope="col" class="number">node</th><th scope="col">asked – answered</th><th scope="col">asked</th><th scope="col">outcome</th><th scope="col">answer</th></tr></thead><tbody>
${operations.map(row)}</tbody></table>`,
  );
}
