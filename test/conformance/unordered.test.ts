/** The rules that stand for byte-for-byte equality refuse what is not equal. */

import { expect, test } from "vitest";
import { bothChosen, sameMultiset, scanStepsAgree } from "./support/unordered.js";

function reply(...lines: string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1");
}

const ab = reply("*2", "$1", "a", "$1", "b");

test("multisets: the order is free, nothing else", () => {
  expect(sameMultiset(ab, reply("*2", "$1", "b", "$1", "a"), 1)).toBe(true);
  expect(sameMultiset(ab, reply("~2", "$1", "a", "$1", "b"), 1)).toBe(false);
  expect(sameMultiset(ab, reply("*2", "$1", "a", "$1", "a"), 1)).toBe(false);
  expect(sameMultiset(ab, reply("*1", "$1", "a"), 1)).toBe(false);
  expect(sameMultiset(ab, reply("-ERR"), 1)).toBe(false);
});

test("pairs are not taken apart", () => {
  expect(sameMultiset(ab, reply("*2", "$1", "b", "$1", "a"), 2)).toBe(false);
});

test("random choices: as many, of what there is, and none twice when that is meant", () => {
  const all = new Set(["a", "b", "c"]);
  expect(bothChosen(["a", "b"], ["c", "a"], all, true)).toBe(true);
  expect(bothChosen(["a", "b"], ["c"], all, true)).toBe(false);
  expect(bothChosen(["a", "b"], ["c", "x"], all, true)).toBe(false);
  expect(bothChosen(["a", "a"], ["c", "b"], all, true)).toBe(false);
  expect(bothChosen(["a", "a"], ["c", "b"], all, false)).toBe(true);
});

test("scans: whole ones are equal, steps have only what is there", () => {
  const all = new Set(["a", "b", "c"].map((name) => JSON.stringify([name])));
  const step = (cursor: string, ...names: string[]) =>
    reply("*2", "$1", cursor, `*${names.length}`, ...names.flatMap((name) => ["$1", name]));
  expect(scanStepsAgree(step("0", "a", "b"), step("0", "b", "a"), 1, all, true)).toBe(true);
  expect(scanStepsAgree(step("0", "a", "b"), step("0", "b"), 1, all, true)).toBe(false);
  expect(scanStepsAgree(step("0", "a", "b"), step("7", "b"), 1, all, true)).toBe(true);
  expect(scanStepsAgree(step("0", "a"), step("0", "b"), 1, all, false)).toBe(true);
  expect(scanStepsAgree(step("0", "x"), step("7", "b"), 1, all, true)).toBe(false);
  expect(scanStepsAgree(step("0", "a"), reply("-ERR"), 1, all, true)).toBe(false);
});
