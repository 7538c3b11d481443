/** Whether a text is what Redis keeps as a 64-bit integer: decimal, without a plus sign or leading zeros. */

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const DIGITS_MAX = 19;
const POSITIVE_MAX = "9223372036854775807";
const NEGATIVE_MAX = "9223372036854775808";

export function isCanonicalInteger(text: string): boolean {
  const negative = text.charCodeAt(0) === MINUS;
  const start = negative ? 1 : 0;
  const digits = text.length - start;
  if (digits < 1 || digits > DIGITS_MAX) {
    return false;
  }
  if (text.charCodeAt(start) === ZERO) {
    return text.length === 1;
  }
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) {
      return false;
    }
  }
  if (digits < DIGITS_MAX) {
    return true;
  }
  // As many digits: the order of the texts is the order of the numbers.
  return negative ? text.slice(1) <= NEGATIVE_MAX : text <= POSITIVE_MAX;
}
