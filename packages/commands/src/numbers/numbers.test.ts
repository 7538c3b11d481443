import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, INT64_MAX, INT64_MIN, multiply, negate, parseInteger } from "./int64.js";
import { addLongDoubles, formatLongDouble, parseLongDouble } from "./long-double.js";

const int64 = fc.bigInt({ min: INT64_MIN, max: INT64_MAX });

function exact(value: bigint): number | bigint | null {
  if (value > INT64_MAX || value < INT64_MIN) return null;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

describe("int64", () => {
  test("parse of print is the number", () => {
    fc.assert(
      fc.property(int64, (value) => {
        expect(parseInteger(String(value))).toBe(exact(value));
      }),
      { seed: 1 },
    );
  });

  test("only the one way to write a number is taken", () => {
    for (const text of ["", "-", "+1", "01", "-01", "-0", " 1", "1 ", "1e3", "0x1", "1\0", "--1"]) {
      expect(parseInteger(text), text).toBe(null);
    }
    expect(parseInteger("9223372036854775808")).toBe(null);
    expect(parseInteger("-9223372036854775809")).toBe(null);
    expect(parseInteger("0")).toBe(0);
  });

  test("arithmetic agrees with bigints and says when it leaves 64 bits", () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        const x = exact(a)!;
        const y = exact(b)!;
        expect(add(x, y)).toBe(exact(a + b));
        expect(multiply(x, 1000)).toBe(exact(a * 1000n));
        expect(negate(x)).toBe(exact(-a));
      }),
      { seed: 2 },
    );
  });
});

describe("long doubles", () => {
  const sum = (a: string, b: string) =>
    formatLongDouble(addLongDoubles(parseLongDouble(a)!, parseLongDouble(b)!)!);

  test("hold integers of 64 bits exactly and round beyond, half to even", () => {
    expect(sum("18446744073709551615", "0")).toBe("18446744073709551615");
    expect(sum("18446744073709551617", "0")).toBe("18446744073709551616");
    expect(sum("18446744073709551619", "0")).toBe("18446744073709551620");
    expect(sum("18446744073709551616", "1")).toBe("18446744073709551616");
  });

  test("print at most 17 digits after the point, and no negative zero", () => {
    expect(sum("0.1", "0.2")).toBe("0.3");
    expect(sum("3", "1e-17")).toBe("3.00000000000000001");
    expect(sum("3", "1e-18")).toBe("3");
    expect(sum("-1e-19", "0")).toBe("0");
  });

  test("overflow, underflow, NaN and junk are no numbers", () => {
    for (const text of ["1e4933", "1e-4960", "nan", "1e", "0x", "", ".", " 1", "1 ", "1_0"]) {
      expect(parseLongDouble(text), text).toBe(null);
    }
    expect(parseLongDouble("1".repeat(5 * 1024))).toBe(null);
  });

  test("integers whose sum has 64 bits add as integers", () => {
    const small = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(sum(String(a), String(b))).toBe(String(a + b));
      }),
      { seed: 3 },
    );
  });

  test("addition commutes", () => {
    const text = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(sum(a, b)).toBe(sum(b, a));
      }),
      { seed: 4 },
    );
  });
});
