/**
 * The size an element has inside a Redis listpack (listpack.c: lpEncodeGetType, lpEncodeBacklen), from
 * which OBJECT ENCODING tells listpack from quicklist. Nothing is stored this way here.
 */

import type { StringValue } from "../value.js";

/** Signs and digits of the longest 64-bit integer; a longer text is no integer. */
const INTEGER_TEXT_MAX = 20;
const INT64_DIGITS_MAX = 19;
const INT64_MAX_TEXT = "9223372036854775807";
const INT64_MIN_DIGITS = "9223372036854775808";

const CODE_0 = 0x30;
const CODE_9 = 0x39;
const CODE_MINUS = 0x2d;

/** Bytes of the entry: encoding, data and the length that is read backward. */
export function listpackEntryBytes(value: StringValue): number {
  const { length } = value;
  if (typeof value === "string" && length <= INTEGER_TEXT_MAX) {
    return integerEntryBytes(value) ?? length + 2;
  }
  return stringEntryBytes(length);
}

function stringEntryBytes(length: number): number {
  if (length < 64) {
    return length + 2;
  }
  const bytes = length + (length < 4096 ? 2 : 5);
  return bytes + backwardBytes(bytes);
}

/** undefined: the text is not the one way to write a 64-bit integer. */
function integerEntryBytes(text: string): number | undefined {
  const negative = text.charCodeAt(0) === CODE_MINUS;
  const from = negative ? 1 : 0;
  const digits = text.length - from;
  const first = text.charCodeAt(from);
  // An empty text and "-" have no first digit: NaN compares false.
  if (!(first >= CODE_0 && first <= CODE_9) || (first === CODE_0 && text.length > 1)) {
    return undefined;
  }
  let value = first - CODE_0;
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < CODE_0 || code > CODE_9) {
      return undefined;
    }
    value = value * 10 + code - CODE_0;
  }
  if (digits > INT64_DIGITS_MAX || (digits === INT64_DIGITS_MAX && exceedsInt64(text, negative))) {
    return undefined;
  }
  return smallestIntegerBytes(negative ? -value : value);
}

/** Both texts have as many digits. */
function exceedsInt64(text: string, negative: boolean): boolean {
  return negative ? text.slice(1) > INT64_MIN_DIGITS : text > INT64_MAX_TEXT;
}

/** Beyond 2^53 the value is inexact, and far inside the largest class. */
function smallestIntegerBytes(value: number): number {
  if (value >= 0 && value <= 127) {
    return 2;
  }
  if (value >= -4096 && value <= 4095) {
    return 3;
  }
  if (value >= -(2 ** 15) && value < 2 ** 15) {
    return 4;
  }
  if (value >= -(2 ** 23) && value < 2 ** 23) {
    return 5;
  }
  return value >= -(2 ** 31) && value < 2 ** 31 ? 6 : 10;
}

function backwardBytes(bytes: number): number {
  if (bytes <= 127) {
    return 1;
  }
  if (bytes < 16_383) {
    return 2;
  }
  if (bytes < 2_097_151) {
    return 3;
  }
  return bytes < 268_435_455 ? 4 : 5;
}
