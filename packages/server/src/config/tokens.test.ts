import fc from "fast-check";
import { expect, test } from "vitest";
import { quoteWord, splitWords } from "./tokens.js";

/** Mostly what quoting is about; fast-check's own unit for all of Unicode takes seconds to prepare. */
const anyCharacter = fc.oneof(
  fc.constantFrom(" ", '"', "'", "\\", "#", "\n", "\r", "\t", "\0", "\x7f", "x", "4", "1"),
  fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xe000, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
);

test("words are split at white space, quotes keep it", () => {
  expect(splitWords(`  save  "60 1"\t'a b' `)).toEqual(["save", "60 1", "a b"]);
  expect(splitWords(`""`)).toEqual([""]);
  expect(splitWords("")).toEqual([]);
});

test("escapes are those of Redis", () => {
  expect(splitWords(String.raw`"a\n\x41\q\"" 'it\'s \n'`)).toEqual(['a\nAq"', "it's \\n"]);
  expect(splitWords('a"b c"')).toEqual(["ab c"]);
});

test("unbalanced quotes are refused", () => {
  for (const line of ['port "12', "port '12", '"12"3', `"12"'3'`, '"12\\"']) {
    expect(splitWords(line), line).toBeNull();
  }
});

test("what quoteWord writes splitWords reads back", () => {
  const word = fc.string({ unit: anyCharacter, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (words) => {
      expect(splitWords(words.map(quoteWord).join(" "))).toEqual(words);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
