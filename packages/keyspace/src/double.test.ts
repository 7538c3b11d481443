import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBoundDouble, parseDouble } from "./double.js";

describe("scores", () => {
  test("parse of print is the number", () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(double, (value) => {
        expect(parseDouble(String(value)) === value).toBe(true);
        expect(parseDouble(value.toExponential(20)) === value).toBe(true);
      }),
      { seed: 1 },
    );
  });

  test("hexadecimal texts are rounded once, half to even, denormals too", () => {
    for (const [text, value] of [
      ["0x10", 16],
      ["0x.8", 0.5],
      ["-0X1.8P3", -12],
      ["0x1.", 1],
      ["0x1.fffffffffffff7p0", 1.9999999999999998],
      ["0x1.fffffffffffff8p0", 2],
      ["0x20000000000001", 2 ** 53],
      ["0x20000000000003", 2 ** 53 + 4],
      ["0x1p-1074", 5e-324],
      ["0x1.8p-1075", 5e-324],
      ["0x1.8p-1074", 1e-323],
      ["0x2.8p-1074", 1e-323],
      ["0x0.0000000000001p-1022", 5e-324],
      ["0x1.fffffffffffffp1023", Number.MAX_VALUE],
      ["0x1.fffffffffffff7ffp1023", Number.MAX_VALUE],
      ["0x0p99999999999999999999", 0],
      [`0x${"0".repeat(500)}1`, 1],
      [`0x0.${"0".repeat(500)}1p2004`, 1],
    ] as const) {
      expect(parseDouble(text), text).toBe(value);
    }
  });

  test("what is too large or too small is no number, and neither is junk", () => {
    const outOfRange = ["1e309", "-1e400", "1e-400", "0x1p1024", "0x1.fffffffffffff8p1023"];
    const tooSmall = ["0x1p-1075", "0x1p-99999999999999999999", "0x1p99999999999999999999"];
    const junk = ["", " 1", "1 ", "1e", "1e+", ".", "+", "0x", "0x.", "0x1p", "1_0", "1\0", "nan"];
    for (const text of [...outOfRange, ...tooSmall, ...junk, "--1", "infin", "0b1", "1n", "e1"]) {
      expect(parseDouble(text), text).toBeNaN();
    }
    for (const text of ["0", "-0", "0.000", "0e999", "-0x0", "0x0.0p5", ".0", "0."]) {
      expect(parseDouble(text), text).toBeCloseTo(0);
    }
    expect(Object.is(parseDouble("-0x0"), -0)).toBe(true);
  });

  test("a long text takes time by its length", () => {
    expect(parseDouble(`${"1".repeat(1_000_000)}x`)).toBeNaN();
    expect(parseDouble(`0x${"0".repeat(1_000_000)}x`)).toBeNaN();
    expect(parseDouble(`0x${"1".repeat(1_000_000)}p-4000000`)).toBe(1 / 15);
  });

  test("infinity has names in any case", () => {
    for (const text of ["inf", "+INF", "Infinity"]) expect(parseDouble(text)).toBe(Infinity);
    expect(parseDouble("-iNfInItY")).toBe(-Infinity);
  });
});

describe("bounds", () => {
  test("are read up to a NUL, behind spaces, and beyond what fits", () => {
    for (const [text, value] of [
      ["", 0],
      ["\0 1", 0],
      ["1\0junk", 1],
      [" \t\n\v\f\r1", 1],
      ["1e400", Infinity],
      ["-1e400", -Infinity],
      ["1e-400", 0],
      ["0x1p1024", Infinity],
    ] as const) {
      expect(parseBoundDouble(text), JSON.stringify(text)).toBe(value);
    }
    for (const text of [" ", "1 ", "nan", "(1", "\xa01", "-"]) {
      expect(parseBoundDouble(text), text).toBeNaN();
    }
  });
});
