/**
 * Signed 64-bit integers as Redis reads them. Within +-(2^53 - 1) they are numbers, beyond it bigints:
 * the common case allocates nothing, the edges stay exact.
 */

export type Integer = number | bigint;

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

/** Characters of -9223372036854775808. */
export const INT64_TEXT_MAX = 20;
/** Fewer digits than Number.MAX_SAFE_INTEGER has: such a number needs no check. */
const SAFE_DIGITS = 15;

/** Redis's rule: an optional minus, no plus, no leading zeros, no "-0", no spaces. Null: not an int64. */
export function parseInteger(text: string): Integer | null {
  const length = text.length;
  if (length === 0 || length > INT64_TEXT_MAX) return null;
  const start = text.charCodeAt(0) === 45 ? 1 : 0;
  const first = text.charCodeAt(start);
  if (first === 48) return length === 1 ? 0 : null;
  let value = 0;
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return null;
    value = value * 10 + digit;
  }
  if (start === length) return null;
  if (length - start <= SAFE_DIGITS) return start === 1 ? -value : value;
  return int64Of(BigInt(text));
}

/** Null: does not fit into 64 bits. */
export function int64Of(value: bigint): Integer | null {
  if (value > INT64_MAX || value < INT64_MIN) return null;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
