/** How many operations ended as done each second, and how many did not. */

import { type Html, html } from "../html.js";
import { steps } from "../plot/path.js";
import { type Band, plot } from "../plot/plot.js";
import { countScale, type Scale } from "../plot/scale.js";
import { duration } from "../quantities.js";
import type { Load, Window } from "./load.js";
import { key } from "./timeline.js";

const DONE_PX = 170;
const NOT_DONE_PX = 90;

type Count = "ok" | "fail" | "info";

export function throughputSection(load: Load, x: Scale, bands: readonly Band[]): Html {
  const all = load.windows.some(({ fail, info }) => fail > 0 || info > 0);
  const done = countScale(peak(load, "ok"));
  const others = countScale(Math.max(peak(load, "fail"), peak(load, "info")));
  return html`<p>Operations a second, in steps of ${duration(load.windowUs / 1000)}.${all ? " Below, on an axis of its own, what was refused or stayed unknown." : ""}</p>
${legend(all)}
${plot({ title: "Operations done a second, over time", heightPx: DONE_PX, y: done, x: all ? null : x, bands, layers: area(load, "ok", x, done) })}
${
  all
    ? plot({
        title: "Operations refused and unknown a second, over time",
        name: "refused and unknown",
        heightPx: NOT_DONE_PX,
        y: others,
        x,
        bands,
        layers: html`${area(load, "fail", x, others)}${area(load, "info", x, others)}`,
      })
    : null
}`;
}

function perSecond(window: Window, name: Count, from: number, load: Load): number {
  const lengthUs = Math.min(load.windowUs, load.shownUntil - from);
  return (window[name] / Math.max(lengthUs, load.windowUs / 10)) * 1e6;
}

function peak(load: Load, name: Count): number {
  return Math.max(0, ...load.windows.map((window) => perSecond(window, name, window.from, load)));
}

function area(load: Load, name: Count, x: Scale, y: Scale): Html | null {
  const values = load.windows.map((window) => ({
    x: x.place(window.from),
    y: y.place(perSecond(window, name, window.from, load)),
  }));
  if (values.every((value) => value.y === 0)) return null;
  return html`<path class="fill ${name}" d="${steps(values, x.place(load.shownUntil))}"/>`;
}

function legend(all: boolean): Html {
  const others = html`<li>${key(html`<rect class="key-fill fail" x=".5" y="2" width="25" height="9"/>`)}refused</li><li>${key(html`<path class="key-info" d="M0 6h26"/>`)}unknown</li>`;
  return html`<ul class="legend"><li>${key(html`<rect class="key-fill" x=".5" y="2" width="25" height="9"/>`)}done</li>${all ? others : null}<li>${key(html`<rect class="key-band" width="26" height="12"/>`)}a fault</li></ul>`;
}
