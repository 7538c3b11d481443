/** Acceptance lines: where each ratio stands beside its bound, on an axis of doublings. */

import type { LineResult } from "../acceptance-lines.js";
import type { Ratio } from "../ratios.js";
import { CHART_WIDTH, chart, label, line, MARGIN, TITLE_HEIGHT } from "./svg.js";

type BoundLine = LineResult & { readonly bound: number; readonly ratio: Ratio };

const LABEL_WIDTH = 500;
const ROW_HEIGHT = 22;
const AXIS_HEIGHT = 26;

export function ratioChart(title: string, lines: readonly LineResult[]): string {
  const shown = lines.filter(
    (each): each is BoundLine => each.bound !== null && each.ratio !== null,
  );
  const numbers = shown.flatMap(({ bound, ratio }) => [bound, ratio.least, ratio.most]);
  const first = Math.floor(Math.log2(Math.min(0.5, ...numbers)));
  const last = Math.ceil(Math.log2(Math.max(2, ...numbers)));
  const left = MARGIN + LABEL_WIDTH;
  const width = CHART_WIDTH - 2 * MARGIN - LABEL_WIDTH - 10;
  const x = (ratio: number): number => left + ((Math.log2(ratio) - first) / (last - first)) * width;
  const bottom = TITLE_HEIGHT + shown.length * ROW_HEIGHT;
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => 2 ** (first + i));
  const body = [
    ...ticks.map((tick) => line(x(tick), TITLE_HEIGHT, x(tick), bottom, "grid")),
    ...ticks.map((tick) =>
      label(x(tick), bottom + 16, String(Number(tick.toPrecision(2))), "faint middle"),
    ),
    ...shown.map((each, row) => drawn(each, TITLE_HEIGHT + (row + 0.5) * ROW_HEIGHT, left, x)),
  ];
  return chart(title, bottom + AXIS_HEIGHT, body.join("\n"));
}

/** The bound is a bracket that opens to the side where it is kept. */
function drawn(
  { text, sense, bound, ratio, verdict }: BoundLine,
  y: number,
  left: number,
  x: (ratio: number) => number,
): string {
  const edge = x(bound);
  const inwards = sense === "at least" ? 4 : -4;
  const bracket = `M${edge + inwards} ${y - 8}H${edge}V${y + 8}H${edge + inwards}`;
  return [
    label(left - 10, y + 4, text, "faint end"),
    `<path class="whisker" d="${bracket}"/>`,
    line(x(ratio.least), y, x(ratio.most), y, `line ${verdict === "missed" ? "redis" : "redoubt"}`),
    `<circle class="${verdict === "missed" ? "redis" : "redoubt"}" cx="${x(ratio.median)}" cy="${y}" r="4.5"/>`,
  ].join("");
}
