/** How values, times and operations are called in sentences to people. */

import type { Json, Microseconds } from "../history/event.js";
import { SHOWN_ELEMENTS_MAX, SHOWN_VALUE_MAX } from "./constants.js";

const MICROSECONDS_PER_SECOND = 1_000_000;

/** `3.204 s`. */
export function seconds(time: Microseconds): string {
  return `${(time / MICROSECONDS_PER_SECOND).toFixed(3)} s`;
}

/** `"7"`, or `nothing`. */
export function shown(value: Json): string {
  if (value === null) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHOWN_VALUE_MAX ? `"${text.slice(0, SHOWN_VALUE_MAX)}…"` : `"${text}"`;
}

/** `[… 4 5 6]`: the end of a list tells what it lacks. */
export function shownList(elements: readonly Json[]): string {
  const last = elements.slice(-SHOWN_ELEMENTS_MAX).map(String).join(" ");
  return elements.length > SHOWN_ELEMENTS_MAX ? `[… ${last}]` : `[${last}]`;
}
