/**
 * Doubles as Redis prints scores: C's "%.17g", from which the same double is read again. JavaScript rounds a
 * tie away from zero, C to the even digit: 2^-25 has 18 digits and the last one is a 5.
 */

const DIGITS = 17;
/** Digits behind which a double of 18 digits has zeros only. */
const EXACT_DIGITS = 60;

export function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "inf";
  if (value === Number.NEGATIVE_INFINITY) return "-inf";
  if (Number.isInteger(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  const [mantissa, exponent] = rounded(value).split("e") as [string, string];
  const power = Number(exponent);
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "").replace(/0+$/, "");
  if (power < -4 || power >= DIGITS) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const shownPower = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${digits[0]}${fraction}e${power < 0 ? "-" : "+"}${shownPower}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = digits.slice(power + 1);
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** d.dddde+x with 17 digits. */
function rounded(value: number): string {
  const text = value.toExponential(DIGITS - 1);
  const longer = value.toExponential(DIGITS);
  if (longer[longer.indexOf("e") - 1] !== "5") return text;
  const exact = value.toExponential(EXACT_DIGITS);
  const end = exact.indexOf("e");
  const tieAt = longer.indexOf("e") - 1;
  const isTie = /^50*$/.test(exact.slice(tieAt, end));
  const isEven = "02468".includes(exact[tieAt - 1]!);
  return isTie && isEven ? exact.slice(0, tieAt) + exact.slice(end) : text;
}
