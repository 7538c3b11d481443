/**
 * Doubles as Redis reads scores: C's strtod. Number() rounds decimal texts as C does; hexadecimal ones are
 * rounded here. NaN stands for "no number": no command takes it for one.
 */

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const hexadecimal = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const named = /^([+-]?)inf(?:inity)?$/i;
/** A digit other than 0 before the exponent. */
const nonZeroDecimal = /^[^e]*[1-9]/i;
const nonZeroHexadecimal = /x[^p]*[\da-f](?<!0)/i;
/** What isspace knows in the C locale. */
const leadingSpace = /^[\t-\r ]*/;

const SIGNIFICAND_BITS = 53;
/** Exponent of the lowest bit of the smallest denormal. */
const EXPONENT_MIN = -1074;
/** Numbers of 2 to this and above are infinite. */
const EXPONENT_END = 1024;

/** The whole text, no space before or after, neither too large nor, unless it is zero, too small. */
export function parseDouble(text: string): number {
  const value = readDouble(text);
  if (value === 0) {
    const isZero = !(hexadecimal.test(text) ? nonZeroHexadecimal : nonZeroDecimal).test(text);
    return isZero ? value : Number.NaN;
  }
  return Number.isFinite(value) || named.test(text) ? value : Number.NaN;
}

/**
 * A bound of a range, read less strictly: up to a NUL, spaces before it, infinite or zero out of range, and
 * no text at all is 0.
 */
export function parseBoundDouble(text: string): number {
  const end = text.indexOf("\0");
  const shown = end < 0 ? text : text.slice(0, end);
  return shown === "" ? 0 : readDouble(shown.replace(leadingSpace, ""));
}

function readDouble(text: string): number {
  if (decimal.test(text)) return Number(text);
  const inHexadecimal = hexadecimal.exec(text);
  if (inHexadecimal !== null) return fromHexadecimal(inHexadecimal);
  const infinite = named.exec(text);
  if (infinite === null) return Number.NaN;
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** `match`: sign, whole digits, fraction digits, exponent. */
function fromHexadecimal(match: RegExpExecArray): number {
  const whole = match[2] ?? "";
  const fraction = match[3] ?? "";
  if (whole.length + fraction.length === 0) return Number.NaN;
  const exponent = Number(match[4] ?? "0") - 4 * fraction.length;
  const magnitude = scaled(BigInt(`0x${whole}${fraction}`), exponent);
  return match[1] === "-" ? -magnitude : magnitude;
}

/** magnitude * 2^exponent, rounded once, half to even. */
function scaled(magnitude: bigint, exponent: number): number {
  if (magnitude === 0n) return 0;
  const end = bitLength(magnitude) + exponent;
  if (end > EXPONENT_END) return Number.POSITIVE_INFINITY;
  if (end < EXPONENT_MIN) return 0;
  const lowest = Math.max(end - SIGNIFICAND_BITS, EXPONENT_MIN);
  const shift = lowest - exponent;
  const significand =
    shift > 0 ? shiftedHalfEven(magnitude, BigInt(shift)) : magnitude << BigInt(-shift);
  return Number(significand) * 2 ** lowest;
}

function shiftedHalfEven(magnitude: bigint, shift: bigint): bigint {
  const quotient = magnitude >> shift;
  const rest = magnitude - (quotient << shift);
  const half = 1n << (shift - 1n);
  if (rest < half) return quotient;
  if (rest > half) return quotient + 1n;
  return quotient + (quotient & 1n);
}

function bitLength(value: bigint): number {
  const text = value.toString(16);
  return (text.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(text[0]!, 16)));
}
