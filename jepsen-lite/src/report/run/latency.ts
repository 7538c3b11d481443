/** How long answers took: every operation, and quantiles over time, both on the same logarithmic axis. */

import type { Outcome } from "../../history/event.js";
import { PLOT_UNITS, SCATTER_ROWS } from "../constants.js";
import { type Html, html } from "../html.js";
import { line, type Point, type ScatterLayer, scatter, units } from "../plot/path.js";
import { type Band, plot } from "../plot/plot.js";
import { latencyScale, type Scale } from "../plot/scale.js";
import { count, counted, duration } from "../quantities.js";
import { type Load, latencyMs, type Window } from "./load.js";
import { key } from "./timeline.js";

const ANSWERED_PX = 260;
const REFUSED_PX = 90;
const UNKNOWN_PX = 22;
const QUANTILES_PX = 220;

export function latencySection(load: Load, x: Scale, bands: readonly Band[]): Html {
  const y = scaleOf(load);
  const answered = scatter(points(load, "ok", x, y));
  const refused = scatter(points(load, "fail", x, y), SCATTER_ROWS / 2);
  const unknown = load.operations.filter(({ outcome }) => outcome === "info");
  const counts = { ok: 0, fail: 0, info: unknown.length };
  for (const { outcome } of load.operations) if (outcome !== "info") counts[outcome] += 1;
  const last = unknown.length > 0 ? "info" : counts.fail > 0 ? "fail" : "ok";
  return html`<p>Each operation at the moment at which it was asked (across) and by the time that its answer took (up; each line is ten times the one below it).</p>
${legend(counts)}
${plot({ title: `Latency of ${count(counts.ok)} answered operations over time`, heightPx: ANSWERED_PX, y, x: last === "ok" ? x : null, bands, layers: dots("ok", answered) })}
${
  counts.fail === 0
    ? null
    : plot({
        title: `Latency of ${count(counts.fail)} refused operations over time`,
        name: "refused",
        heightPx: REFUSED_PX,
        y: sparse(y),
        x: last === "fail" ? x : null,
        bands,
        layers: dots("fail", refused),
      })
}${
  unknown.length === 0
    ? null
    : plot({
        title: `When ${counted(unknown.length, "operation")} without a known end were asked`,
        heightPx: UNKNOWN_PX,
        y: null,
        yLabel: "unknown",
        x,
        bands,
        layers: ticks(unknown.map(({ invokedAt }) => x.place(invokedAt))),
      })
}
<p class="small quiet">${honesty(load.operations.length, answered, refused)}</p>
<h3>Quantiles over time</h3>
${quantileLegend()}
${plot({ title: "Median, 99th percentile and slowest answer over time", heightPx: QUANTILES_PX, y, x, bands, layers: quantileLines(load, x, y) })}
<p class="small quiet">Of operations asked in the same ${duration(load.windowUs / 1000)} and answered as done; a line is interrupted where none was.</p>`;
}

function scaleOf({ operations }: Load): Scale {
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const operation of operations) {
    if (operation.outcome === "info") continue;
    const ms = latencyMs(operation);
    min = Math.min(min, ms);
    max = Math.max(max, ms);
  }
  return max === 0 ? latencyScale(1, 1000) : latencyScale(min, max);
}

function* points(load: Load, outcome: Outcome, x: Scale, y: Scale): Generator<Point> {
  for (const operation of load.operations) {
    if (operation.outcome !== outcome) continue;
    yield { x: x.place(operation.invokedAt), y: y.place(latencyMs(operation)) };
  }
}

function dots(outcome: "ok" | "fail", layers: readonly ScatterLayer[]): Html {
  const paths = layers.map(({ from, path }) => html`<path class="d${from}" d="${path}"/>`);
  return html`<g class="dots ${outcome}">${paths}</g>`;
}

/** Those that would cover each other are drawn once. */
function ticks(places: readonly number[]): Html {
  const columns = [...new Set(places.map((place) => Math.round(units(place))))];
  const path = columns.map((column) => `M${column} 0V${PLOT_UNITS}`).join("");
  return html`<path class="ticks" d="${path}"/>`;
}

/** Only the ends, for a low chart. */
function sparse(y: Scale): Scale {
  return { place: y.place, ticks: y.ticks.filter(({ at }) => at === 0 || at === 1) };
}

function quantileLines({ windows, windowUs, shownUntil }: Load, x: Scale, y: Scale): Html {
  const path = (of: (latency: NonNullable<Window["latency"]>) => number) =>
    line(
      windows.map(({ from, latency }) => {
        if (latency === null) return null;
        return { x: x.place(Math.min(from + windowUs / 2, shownUntil)), y: y.place(of(latency)) };
      }),
    );
  return html`<path class="line max" d="${path(({ max }) => max)}"/><path class="line p99" d="${path(({ p99 }) => p99)}"/><path class="line p50" d="${path(({ p50 }) => p50)}"/>`;
}

function legend({ ok, fail, info }: Readonly<Record<Outcome, number>>): Html {
  return html`<ul class="legend"><li>${key(html`<circle class="key-dot" cx="13" cy="6" r="3"/>`)}${count(ok)} answered</li>${
    fail === 0
      ? null
      : html`<li>${key(html`<rect class="key-square" x="10" y="3" width="6" height="6"/>`)}${count(fail)} refused, in a chart of their own</li>`
  }${
    info === 0
      ? null
      : html`<li>${key(html`<path class="key-tick" d="M9 0v12M13 0v12M19 0v12"/>`)}${count(info)} unknown: nobody was told, so they have no latency</li>`
  }<li>${key(html`<rect class="key-band" width="26" height="12"/>`)}a fault</li></ul>`;
}

function quantileLegend(): Html {
  return html`<ul class="legend"><li>${key(html`<path class="key-line" d="M0 6h26"/>`)}p50: half were at least as quick</li><li>${key(html`<path class="key-line p99" d="M0 6h26"/>`)}p99: 99 of 100</li><li>${key(html`<path class="key-line max" d="M0 6h26"/>`)}the slowest</li></ul>`;
}

function honesty(
  operations: number,
  answered: readonly ScatterLayer[],
  refused: readonly ScatterLayer[],
): string {
  const marks = [...answered, ...refused].reduce((sum, layer) => sum + layer.marks, 0);
  return `Nothing is left out: ${counted(operations, "operation")} in ${counted(marks, "mark")}, those too close to be told apart share one. The darkest marks stand for a hundred or more, the lightest for one to three.`;
}
