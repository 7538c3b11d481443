/** Numbers as page and charts write them. */

/** Thousands apart: `12 345`. */
export function whole(number: number): string {
  return Math.round(number)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** For an axis or a bar: `12.3k`, `1.2M`. */
export function short(number: number): string {
  if (number >= 1e6) return `${trimmed(number / 1e6)}M`;
  if (number >= 1e3) return `${trimmed(number / 1e3)}k`;
  return trimmed(number);
}

/** Of milliseconds, without the unit: three digits that count. */
export function milliseconds(number: number): string {
  return number >= 100 ? whole(number) : number.toPrecision(number < 0.1 ? 2 : 3);
}

function trimmed(number: number): string {
  return String(Number(number.toPrecision(3)));
}
