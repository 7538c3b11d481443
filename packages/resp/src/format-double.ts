/**
 * Doubles as Redis 7.0 prints them in replies: C's "%.17g", exact to the digit. 3.1 becomes
 * "3.1000000000000001"; an integer below 1e17 has no fraction.
 */

const digitsMax = 17;
/** Integers up to this magnitude print as they are, without rounding. */
const plainIntegerMax = Number.MAX_SAFE_INTEGER;

export function formatDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) <= plainIntegerMax) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 ? "-" : "";
  return sign + formatPositive(Math.abs(value));
}

function formatPositive(value: number): string {
  // "d.dddddddddddddddde+X": always 17 digits, the exponent of the rounded value.
  const text = value.toExponential(digitsMax - 1);
  const mark = text.indexOf("e");
  const exponent = Number(text.slice(mark + 1));
  const rounded = text[0]! + text.slice(2, mark);
  const digits = evenAtTie(value, rounded).replace(/0+$/, "");
  if (exponent < -4 || exponent >= digitsMax) return scientific(digits, exponent);
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, "0");
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/**
 * JavaScript rounds an exact tie up, C to the even digit (1125899906842624.25 is one). A tie's 18th digit
 * is its last, a 5, and it never carries: the odd digit it made is one above an even one.
 */
function evenAtTie(value: number, rounded: string): string {
  const last = rounded.charCodeAt(digitsMax - 1) - 48;
  if (last % 2 === 0) return rounded;
  if (!value.toExponential(digitsMax).includes("5e")) return rounded;
  // 101 digits show every digit of a tie.
  const text = value.toExponential(100);
  const exact = text[0]! + text.slice(2, text.indexOf("e"));
  if (!/^50*$/.test(exact.slice(digitsMax))) return rounded;
  return exact.slice(0, digitsMax);
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const magnitude = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${magnitude}`;
}
