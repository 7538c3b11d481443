import fc from "fast-check";
import { expect, test } from "vitest";
import { globMatches } from "./glob.js";

test("stars, question marks, classes and escapes match as in Redis", () => {
  const cases: [string, string, boolean][] = [
    ["*", "port", true],
    ["MAX*", "maxclients", true],
    ["max?lients", "maxclients", true],
    ["max?lients", "maxlients", false],
    ["[mp]*", "port", true],
    ["[^mp]*", "port", false],
    ["[a-m]*", "maxclients", true],
    ["[m-a]*", "maxclients", true],
    ["*buffer*limit", "client-query-buffer-limit", true],
    ["\\*", "port", false],
    ["", "port", false],
    ["port", "ports", false],
    ["[", "port", false],
  ];
  for (const [pattern, name, expected] of cases) {
    expect(globMatches(pattern, name), `${pattern} on ${name}`).toBe(expected);
  }
});

test("a star matches like the regular expression of it", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, name, (glob, text) => {
      const expression = glob.replaceAll("*", ".*").replaceAll("?", ".");
      expect(globMatches(glob, text)).toBe(new RegExp(`^${expression}$`).test(text));
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test("a pattern made of stars does not take exponential time", () => {
  expect(globMatches(`${"*a".repeat(5000)}b`, "a".repeat(200))).toBe(false);
});
