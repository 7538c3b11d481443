/** Texts of numbers that are hard on a long double: long, far out, in hexadecimal, between two, and zeros. */

import type { SeededRandom } from "./seeded-random.js";

/** Decimal exponents of a long double go from -4951 to 4932. */
const EXPONENT_MAX = 4960;
const zeros = ["-0", "-0.0", "+0", "0e5", "-0e-9999", "-0x0p1", "00", ".0"];

export function floatText(random: SeededRandom): string {
  const magnitude = (random.next() - 0.5) * 10 ** random.below(30);
  const digits = (count: number) => Array.from({ length: count }, () => random.below(10)).join("");
  const sign = random.chance(0.5) ? "-" : "";
  const makers: (() => string)[] = [
    () => String(magnitude),
    () => magnitude.toFixed(random.below(20)),
    () => magnitude.toExponential(random.below(20)),
    () => String(BigInt(Math.trunc(magnitude)) * 1_000_003n),
    () => `${sign}${random.below(10)}.${digits(1 + random.below(30))}`,
    () => `${sign}${1 + random.below(9)}${digits(16 + random.below(24))}`,
    () => `${sign}${random.below(10)}.${digits(20)}e${random.below(60) - 30}`,
    () =>
      `${sign}${random.below(10)}.${digits(21)}e${random.below(2 * EXPONENT_MAX) - EXPONENT_MAX}`,
    () => `${sign}0x${hex(random)}.${hex(random)}p${random.below(120) - 60}`,
    () => random.pick(zeros),
  ];
  return random.pick(makers)();
}

function hex(random: SeededRandom): string {
  return (random.below(2 ** 30) + 1).toString(16);
}
