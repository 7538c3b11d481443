import fc from "fast-check";
import { expect, test } from "vitest";
import { count, counted, duration, figure, figureName, moment, share } from "./quantities.js";

const plain = (text: string) => text.replaceAll("\u202f", " ");

test("numbers are grouped by three", () => {
  expect([0, 999, 1000, 1234567].map((value) => plain(count(value)))).toEqual([
    "0",
    "999",
    "1 000",
    "1 234 567",
  ]);
  expect([plain(counted(1, "write")), plain(counted(2000, "write"))]).toEqual([
    "1 write",
    "2 000 writes",
  ]);
});

test("durations have two or three digits and a unit", () => {
  const values = [0, 0.42, 3.14, 9.99, 250, 1000, 12_345, Number.POSITIVE_INFINITY, Number.NaN];
  expect(values.map((ms) => plain(duration(ms)))).toEqual([
    "0 ms",
    "0.42 ms",
    "3.1 ms",
    "10.0 ms",
    "250 ms",
    "1.0 s",
    "12 s",
    "–",
    "–",
  ]);
  expect(plain(moment(12_345_678))).toBe("12.3 s");
});

test("a share is never rounded to none or to all", () => {
  const shares = [share(0, 10), share(1, 100_000), share(99_999, 100_000), share(10, 10)];
  expect(shares.map(plain)).toEqual(["0 %", "< 0.1 %", "> 99.9 %", "100 %"]);
  expect(plain(share(1, 0))).toBe("–");
});

test("a part of something is not 0 %, a part that is not all is not 100 %", () => {
  const some = fc.integer({ min: 1, max: 1e6 });
  fc.assert(
    fc.property(some, some, (left, right) => {
      const text = plain(share(Math.min(left, right), Math.max(left, right)));
      expect(text).not.toMatch(/^0(\.0)? %$/);
      expect(text === "100 %").toBe(left === right);
    }),
  );
});

test("figures of checkers read as words", () => {
  expect(figureName("hardestKeySteps")).toBe("hardest key steps");
  expect(figureName("longestGapMs")).toBe("longest gap");
  expect(plain(figure("longestGapMs", 1432.5))).toBe("1.4 s");
  expect(plain(figure("steps", 12_000))).toBe("12 000");
});
