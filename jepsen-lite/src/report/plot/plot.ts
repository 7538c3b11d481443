/**
 * A chart that fits any width: the drawing is stretched, strokes and dots are not, and all writing is text of the page
 * at its true size, placed by shares of the width. So a phone shows the same chart, narrower, with legible ticks.
 */

import { PLOT_UNITS } from "../constants.js";
import { type Html, html } from "../html.js";
import { units } from "./path.js";
import type { Scale } from "./scale.js";

/** A fault's time in a chart. Both ends in [0, 1]. */
export interface Band {
  readonly from: number;
  readonly to: number;
  /** Said when it is pointed at. */
  readonly text: string;
}

export interface Plot {
  /** What the chart shows, to those who do not see it. */
  readonly title: string;
  readonly heightPx: number;
  readonly y: Scale | null;
  /** Stands where a scale would: for charts of one row. */
  readonly yLabel?: string;
  /** Written below; null: the chart beneath has it. */
  readonly x: Scale | null;
  readonly bands: readonly Band[];
  /** SVG in `PLOT_UNITS`. */
  readonly layers: Html | null;
  /** Written above, to tell charts of one axis apart. */
  readonly name?: string;
}

export function plot({ title, heightPx, y, yLabel, x, bands, layers, name }: Plot): Html {
  return html`<div class="plot">
<div class="y" aria-hidden="true">${y === null ? html`<span class="row">${yLabel ?? ""}</span>` : yTicks(y)}</div>
<div class="area" style="height:${heightPx}px">
<svg role="img" viewBox="0 0 ${PLOT_UNITS} ${PLOT_UNITS}" preserveAspectRatio="none"><title>${title}</title>
${bands.map(bandRect)}${y === null ? null : grid(y)}${layers}</svg>${name === undefined ? null : html`<span class="name" aria-hidden="true">${name}</span>`}</div>
${x === null ? null : timeAxis(x)}</div>`;
}

export function timeAxis(scale: Scale): Html {
  const ticks = scale.ticks.map(
    ({ at, label, minor }) =>
      html`<span${minor ? html` class="minor"` : null} style="left:${percent(at)}">${label}</span>`,
  );
  return html`<div class="x" aria-hidden="true">${ticks}</div>`;
}

/** `12.34%`. */
export function percent(place: number): string {
  return `${Math.round(place * 10000) / 100}%`;
}

function yTicks(scale: Scale): Html[] {
  return scale.ticks.map(
    ({ at, label, minor }) =>
      html`<span${minor ? html` class="minor"` : null} style="top:${percent(1 - at)}">${label}</span>`,
  );
}

function grid(scale: Scale): Html {
  const lines = scale.ticks.map(({ at }) => `M0 ${units(1 - at)}H${PLOT_UNITS}`).join("");
  return html`<path class="grid" d="${lines}"/>`;
}

function bandRect({ from, to, text }: Band): Html {
  const width = Math.max(units(to - from), 1);
  return html`<rect class="band" x="${units(from)}" y="0" width="${width}" height="${PLOT_UNITS}"><title>${text}</title></rect>
`;
}
