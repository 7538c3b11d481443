import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { globMatch } from "./glob.js";

describe("globMatch", () => {
  test.each([
    ["*", "anything", true],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["h[ae]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[^e]llo", "hbllo", true],
    ["h[a-c]llo", "hbllo", true],
    ["h[c-a]llo", "hbllo", true],
    ["h\\?llo", "h?llo", true],
    ["h\\?llo", "hello", false],
    ["[\\]]", "]", true],
    ["a\\", "a\\", true],
    ["[abc", "b", true],
    ["[^", "b", true],
    ["[", "[", false],
    ["a*b*c", "aXbYc", true],
    ["a*b*c", "aXbY", false],
    ["", "", true],
    ["*", "", false],
    ["a**", "a", true],
    ["[\x7f-\x80]", "\x00", true],
  ])("%j against %j: %s", (pattern, text, expected) => {
    expect(globMatch(pattern, text)).toBe(expected);
  });

  test("a text's own bytes, all escaped, match it and nothing longer", () => {
    const bytes = fc.string({ unit: "binary-ascii", minLength: 1 });
    fc.assert(
      fc.property(bytes, (text) => {
        const escaped = [...text].map((byte) => `\\${byte}`).join("");
        expect(globMatch(escaped, text)).toBe(true);
        expect(globMatch(escaped, `${text}x`)).toBe(false);
        expect(globMatch(`*${escaped}*`, `before${text}after`)).toBe(true);
      }),
      { seed: 1 },
    );
  });

  test("many stars do not explode: the work is bounded by the product of the lengths", () => {
    const pattern = `${"*a".repeat(1_000)}*b`;
    expect(globMatch(pattern, "a".repeat(5_000))).toBe(false);
  });
});
