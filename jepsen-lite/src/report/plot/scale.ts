/** From a quantity to its place in a chart, and the ticks of its axis. */

import { COUNT_TICKS_MAX, TIME_TICKS_MAX } from "../constants.js";
import { count, duration, secondsTick } from "../quantities.js";

export interface Tick {
  /** In [0, 1], as `Scale.place`. */
  readonly at: number;
  readonly label: string;
  /** Left out where there is no room. */
  readonly minor: boolean;
}

export interface Scale {
  /** In [0, 1]: from the left, or from below. What lies outside is drawn at the edge. */
  place(value: number): number;
  readonly ticks: readonly Tick[];
}

/** Of microseconds since the beginning; a second at least. */
export function timeScale(endedAt: number): Scale {
  const seconds = Math.max(1, endedAt / 1e6);
  const step = niceStep(seconds, TIME_TICKS_MAX);
  const ticks: Tick[] = [];
  for (let number = 0; number * step <= seconds; number++) {
    const at = (number * step) / seconds;
    ticks.push({ at, label: secondsTick(number * step), minor: number % 2 === 1 });
  }
  return { place: (value) => within(value / 1e6 / seconds), ticks };
}

/** From 0 to somewhat more than `max`. */
export function countScale(max: number): Scale {
  const step = Math.max(1, niceStep(Math.max(max, 1), COUNT_TICKS_MAX));
  const top = Math.max(1, Math.ceil(max / step)) * step;
  const ticks: Tick[] = [];
  for (let value = 0; value <= top; value += step) {
    ticks.push({ at: value / top, label: count(value), minor: false });
  }
  return { place: (value) => within(value / top), ticks };
}

/** Of milliseconds, logarithmic, in whole decades. */
export function latencyScale(minMs: number, maxMs: number): Scale {
  const first = Math.floor(Math.log10(Math.max(minMs, 0.001)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(maxMs, 0.001))));
  const ticks: Tick[] = [];
  for (let decade = first; decade <= last; decade++) {
    const at = (decade - first) / (last - first);
    ticks.push({ at, label: decadeLabel(decade), minor: (decade - first) % 2 === 1 });
  }
  return {
    place: (value) => within((Math.log10(Math.max(value, 10 ** first)) - first) / (last - first)),
    ticks,
  };
}

/** 1, 2 or 5 times a power of ten, such that `whole` has at most `most` of them. */
export function niceStep(whole: number, most: number): number {
  let power = 10 ** Math.floor(Math.log10(whole / most));
  for (;;) {
    for (const factor of [1, 2, 5]) {
      if (whole / (factor * power) <= most) return factor * power;
    }
    power *= 10;
  }
}

function decadeLabel(decade: number): string {
  if (decade >= 0) return duration(10 ** decade).replace(".0", "");
  return `${(10 ** decade).toFixed(-decade)}\u202fms`;
}

function within(place: number): number {
  return Math.min(1, Math.max(0, place));
}
