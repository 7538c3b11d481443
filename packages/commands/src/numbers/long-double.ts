/**
 * The arithmetic of INCRBYFLOAT: x87 80-bit long doubles, as Redis computes on x86-64, in exact integers.
 * Parsing and adding round to a 64-bit significand, half to even; printing is `%.17Lf` with the zeros cut
 * off. The result becomes a put, so no other node ever computes it.
 *
 * A finite number is significand * 2^exponent; the significand has at most 64 bits, the exponent is at
 * least EXPONENT_MIN (below it precision is lost: denormals).
 */

import { LONG_DOUBLE_TEXT_END } from "../constants.js";

export interface LongDouble {
  /** Signed. */
  readonly significand: bigint;
  readonly exponent: number;
}

/** Infinity in a sum is an error, but INCRBYFLOAT reads it before it says so. */
const INFINITE = 1 / 0;

const SIGNIFICAND_BITS = 64;
/** Exponent of the lowest bit: of the smallest denormal 2^-16445, and of the largest number. */
const EXPONENT_MIN = -16445;
const EXPONENT_MAX = 16383 - (SIGNIFICAND_BITS - 1);
/** Digits after the point. */
const FRACTION_DIGITS = 17;
/** Decimal exponents beyond which every text is infinite or zero; the range is about 1e-4951 to 1e4932. */
const DECIMAL_EXPONENT_MAX = 5_000;
const BINARY_EXPONENT_MAX = 17_000;

export const longDoubleZero: LongDouble = { significand: 0n, exponent: 0 };
const infinity: LongDouble = { significand: 1n, exponent: INFINITE };
const negativeInfinity: LongDouble = { significand: -1n, exponent: INFINITE };

const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const hexadecimal = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const named = /^([+-]?)inf(?:inity)?$/i;

/** What strtold takes, without surrounding spaces, NaN, overflow and underflow to zero. Null: not a number. */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length === 0 || text.length >= LONG_DOUBLE_TEXT_END) return null;
  const inDecimal = decimal.exec(text);
  if (inDecimal !== null) return fromDigits(inDecimal, 10);
  const inHexadecimal = hexadecimal.exec(text);
  if (inHexadecimal !== null) return fromDigits(inHexadecimal, 16);
  const infinite = named.exec(text);
  if (infinite === null) return null;
  return infinite[1] === "-" ? negativeInfinity : infinity;
}

/** Null: infinite, or no number at all. */
export function addLongDoubles(a: LongDouble, b: LongDouble): LongDouble | null {
  if (a.exponent === INFINITE || b.exponent === INFINITE) return null;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum =
    (a.significand << BigInt(a.exponent - exponent)) +
    (b.significand << BigInt(b.exponent - exponent));
  return roundRatio(sum, 1n, exponent);
}

/** `%.17Lf` without trailing zeros; never "-0". */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.significand < 0n;
  const magnitude = negative ? -value.significand : value.significand;
  const scaled = magnitude * 10n ** BigInt(FRACTION_DIGITS);
  const digits =
    value.exponent >= 0
      ? scaled << BigInt(value.exponent)
      : divideHalfEven(scaled, 1n << BigInt(-value.exponent));
  const text = digits.toString().padStart(FRACTION_DIGITS + 1, "0");
  const point = text.length - FRACTION_DIGITS;
  const fraction = text.slice(point).replace(/0+$/, "");
  const whole = text.slice(0, point);
  if (digits === 0n) return "0";
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** `match`: sign, whole digits, fraction digits, exponent. */
function fromDigits(match: RegExpExecArray, base: 10 | 16): LongDouble | null {
  const whole = match[2] ?? "";
  const fraction = match[3] ?? "";
  if (whole.length + fraction.length === 0) return null;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return longDoubleZero;
  const digitBits = base === 16 ? 4 : 1;
  // Number() of a huge exponent is inexact or infinite; both are refused just below.
  const exponent = Number(match[4] ?? "0") - fraction.length * digitBits;
  const max = base === 16 ? BINARY_EXPONENT_MAX : DECIMAL_EXPONENT_MAX;
  if (Math.abs(exponent + digits.length * digitBits) > max) return null;
  const magnitude = BigInt(base === 16 ? `0x${digits}` : digits);
  const signed = match[1] === "-" ? -magnitude : magnitude;
  const rounded = base === 16 ? roundRatio(signed, 1n, exponent) : fromDecimal(signed, exponent);
  // Underflow to zero is as much out of range as overflow.
  return rounded === null || rounded.significand === 0n ? null : rounded;
}

function fromDecimal(signed: bigint, exponent: number): LongDouble | null {
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent >= 0 ? roundRatio(signed * power, 1n, 0) : roundRatio(signed, power, 0);
}

/** numerator / denominator * 2^exponent, rounded once. Null: overflow. */
function roundRatio(numerator: bigint, denominator: bigint, exponent: number): LongDouble | null {
  if (numerator === 0n) return longDoubleZero;
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  // The quotient has `bits` or `bits` + 1 bits; the second look below settles which.
  const bits = bitLength(magnitude) - bitLength(denominator);
  let shift = Math.max(bits - SIGNIFICAND_BITS, EXPONENT_MIN - exponent);
  let significand = divideShifted(magnitude, denominator, shift);
  if (bitLength(significand) > SIGNIFICAND_BITS) {
    shift += 1;
    significand = divideShifted(magnitude, denominator, shift);
  }
  if (bitLength(significand) > SIGNIFICAND_BITS) {
    // Rounded up to the next power of two: exact when halved.
    significand >>= 1n;
    shift += 1;
  }
  const lowest = exponent + shift;
  if (bitLength(significand) + lowest > EXPONENT_MAX + SIGNIFICAND_BITS) return null;
  return { significand: negative ? -significand : significand, exponent: lowest };
}

/** magnitude / denominator / 2^shift, half to even. */
function divideShifted(magnitude: bigint, denominator: bigint, shift: number): bigint {
  return shift >= 0
    ? divideHalfEven(magnitude, denominator << BigInt(shift))
    : divideHalfEven(magnitude << BigInt(-shift), denominator);
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  if (twice < denominator) return quotient;
  if (twice > denominator) return quotient + 1n;
  return quotient + (quotient & 1n);
}

function bitLength(value: bigint): number {
  const text = value.toString(16);
  return (text.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(text[0]!, 16)));
}
