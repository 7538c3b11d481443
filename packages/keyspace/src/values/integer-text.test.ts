import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCanonicalInteger } from "./integer-text.js";

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe("canonical integer text", () => {
  test("is what a 64-bit integer prints as, and nothing else", () => {
    const near = fc.bigInt({ min: MIN - 1000n, max: MAX + 1000n });
    fc.assert(
      fc.property(near, (n) => {
        expect(isCanonicalInteger(String(n))).toBe(n >= MIN && n <= MAX);
      }),
      { seed: 1 },
    );
    for (const n of [0n, 1n, -1n, 10n, MAX, MIN]) {
      expect(isCanonicalInteger(String(n))).toBe(true);
    }
    for (const n of [MAX + 1n, MIN - 1n, MAX * 10n, MIN * 10n]) {
      expect(isCanonicalInteger(String(n))).toBe(false);
    }
    for (const text of [
      "",
      "-",
      "-0",
      "00",
      "01",
      "-01",
      "+1",
      " 1",
      "1 ",
      "1.0",
      "1e3",
      "0x1",
      "\xb2",
      "--1",
    ]) {
      expect(isCanonicalInteger(text)).toBe(false);
    }
  });
});
