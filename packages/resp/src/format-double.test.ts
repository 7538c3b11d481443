import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDouble } from "./format-double.js";

describe("formatDouble", () => {
  // What C's printf("%.17g") says.
  const printed: [number, string][] = [
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [-17, "-17"],
    [3.1, "3.1000000000000001"],
    [-3.1, "-3.1000000000000001"],
    [0.1, "0.10000000000000001"],
    [0.5, "0.5"],
    [100.25, "100.25"],
    [1e-4, "0.0001"],
    [0.00012345, "0.00012344999999999999"],
    [1e-5, "1.0000000000000001e-05"],
    [1.5e-7, "1.4999999999999999e-07"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [1.2345678901234568e20, "1.2345678901234568e+20"],
    [1e21, "1e+21"],
    [1e300, "1.0000000000000001e+300"],
    [5e-324, "4.9406564584124654e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [2 ** 53, "9007199254740992"],
    [12345678901234568, "12345678901234568"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "nan"],
  ];

  test.each(printed)("prints %f as Redis does", (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });

  test("an exact tie of the 17th digit goes to the even digit", () => {
    const base = 2 ** 50; // 1125899906842624, with quarters as its last binary digits
    expect(formatDouble(base + 0.25)).toBe("1125899906842624.2");
    expect(formatDouble(base + 0.75)).toBe("1125899906842624.8");
    expect(formatDouble(-(base + 1.25))).toBe("-1125899906842625.2");
    expect(formatDouble(base + 1.75)).toBe("1125899906842625.8");
  });

  test("what is printed reads back as the same number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(formatDouble(value)), value)).toBe(true);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});
