/** Quantities as a reader wants them: few digits, thin spaces between thousands, a unit that never wraps. */

import type { Microseconds } from "../history/event.js";

const THIN = "\u202f";
const NONE = "–";

/** `12 345`. */
export function count(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** `1 write`, `2 writes`. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${Math.round(value) === 1 ? singular : plural}`;
}

/** `64 %`; never a rounded `0 %` of something, nor a rounded `100 %` of not all. */
export function share(part: number, whole: number): string {
  if (!(whole > 0) || !Number.isFinite(part)) return NONE;
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return `<${THIN}0.1${THIN}%`;
  if (part < whole && percent > 99.9) return `>${THIN}99.9${THIN}%`;
  const digits = percent < 10 && part > 0 ? 1 : 0;
  return `${digits === 0 && part < whole ? Math.min(99, Math.round(percent)) : percent.toFixed(digits)}${THIN}%`;
}

/** Of milliseconds: `0.42 ms`, `3.1 ms`, `250 ms`, `1.2 s`, `83 s`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NONE;
  const [value, unit] = ms < 1000 ? [ms, "ms"] : [ms / 1000, "s"];
  let digits = 0;
  if (value < 1) digits = 2;
  else if (value < 10) digits = 1;
  return `${value === 0 ? "0" : value.toFixed(digits)}${THIN}${unit}`;
}

/** A moment of a run: `12.3 s`. */
export function moment(at: Microseconds, digits = 1): string {
  if (!Number.isFinite(at)) return NONE;
  return `${(at / 1e6).toFixed(digits)}${THIN}s`;
}

/** A tick of a time axis, of seconds: `0`, `0.5 s`, `20 s`. */
export function secondsTick(seconds: number): string {
  return seconds === 0 ? "0" : `${Number(seconds.toFixed(3))}${THIN}s`;
}

/** A figure of a checker; names in `...Ms` are milliseconds. */
export function figure(name: string, value: number): string {
  if (name.endsWith("Ms")) return duration(value);
  return Number.isInteger(value) ? count(value) : String(Number(value.toFixed(3)));
}

/** `hardestKeySteps` -> `hardest key steps`. */
export function figureName(name: string): string {
  return name
    .replace(/Ms$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}
