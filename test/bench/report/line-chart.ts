/** A quantity by the number of connections: a line for each side, named at its end. */

import { short } from "./quantities.js";
import { CHART_WIDTH, chart, familyOf, label, line, MARGIN, place, TITLE_HEIGHT } from "./svg.js";

export interface Series {
  readonly side: string;
  /** In the order of the ticks; null: not measured. */
  readonly values: readonly (number | null)[];
}

export interface LineChart {
  readonly title: string;
  readonly xTitle: string;
  readonly xTicks: readonly string[];
  readonly series: readonly Series[];
}

const PLOT_HEIGHT = 260;
const TICK_WIDTH = 52;
const NAME_WIDTH = 190;
const AXIS_HEIGHT = 48;
const Y_TICKS = 5;
/** Between the names of two lines that end close to each other. */
const NAME_GAP = 16;

export function lineChart({ title, xTitle, xTicks, series }: LineChart): string {
  const left = MARGIN + TICK_WIDTH;
  const right = CHART_WIDTH - MARGIN - NAME_WIDTH;
  const bottom = TITLE_HEIGHT + PLOT_HEIGHT;
  const most = Math.max(1e-9, ...series.flatMap(({ values }) => values.map((each) => each ?? 0)));
  const step = niceStep(most / Y_TICKS);
  const top = Math.ceil(most / step) * step;
  const x = (tick: number): number =>
    left + 20 + (tick * (right - left - 40)) / Math.max(1, xTicks.length - 1);
  const y = (value: number): number => bottom - (value / top) * PLOT_HEIGHT;
  const yTicks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  const body = [
    ...yTicks.map((value) => line(left, y(value), right, y(value), "grid")),
    ...yTicks.map((value) => label(left - 8, y(value) + 4, short(value), "faint end")),
    ...xTicks.map((text, tick) => label(x(tick), bottom + 18, text, "faint middle")),
    label((left + right) / 2, bottom + 38, xTitle, "faint middle"),
    ...series.map((each) => drawn(each, x, y)),
    ...names(series, y).map(({ side, at }) => label(right + 8, at + 4, side)),
  ];
  return chart(title, bottom + AXIS_HEIGHT, body.join("\n"));
}

function drawn(
  { side, values }: Series,
  x: (tick: number) => number,
  y: (value: number) => number,
): string {
  const points = values.flatMap((value, tick) =>
    value === null ? [] : [{ x: place(x(tick)), y: place(y(value)) }],
  );
  const path = points.map((point, i) => `${i === 0 ? "M" : "L"}${point.x} ${point.y}`).join("");
  const dots = points.map(
    (point) => `<circle class="${familyOf(side)}" cx="${point.x}" cy="${point.y}" r="3.5"/>`,
  );
  return `<path class="line ${familyOf(side)}" d="${path}"/>${dots.join("")}`;
}

/** Where each line's name stands: beside its end, or below the one above. */
function names(
  series: readonly Series[],
  y: (value: number) => number,
): readonly { readonly side: string; readonly at: number }[] {
  const ends = series
    .map(({ side, values }) => ({ side, at: y(values.findLast((value) => value !== null) ?? 0) }))
    .sort((a, b) => a.at - b.at);
  let above = Number.NEGATIVE_INFINITY;
  return ends.map(({ side, at }) => {
    above = Math.max(at, above + NAME_GAP);
    return { side, at: above };
  });
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least)!;
}
