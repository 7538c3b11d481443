import { expect, test } from "vitest";
import { MasterKeys, parseMasterKeys } from "./master-keys.js";

const digits = "0123456789abcdefABCDEF".repeat(3).slice(0, 64);

test("the first key is the current one, all are found by name", () => {
  const keys = parseMasterKeys(`# ours\n\n  2026-11\t${digits}  \r\nold_1 ${"0".repeat(64)}\n`);
  if (!(keys instanceof MasterKeys)) throw new Error(keys);
  expect(keys.current.id).toBe("2026-11");
  expect(keys.current.key.export().toString("hex")).toBe(digits.toLowerCase());
  expect(keys.find("old_1")?.key.symmetricKeySize).toBe(32);
  expect(keys.find("other")).toBeNull();
});

test.each([
  ["", "it holds no key"],
  ["# nothing", "it holds no key"],
  [digits, "line 1 is not a name and a key"],
  [`a ${digits} b`, "line 1 is not a name and a key"],
  [`a ${digits}\nb ${digits.slice(1)}`, "line 2: key b is not 64 hexadecimal digits"],
  [`a ${digits.slice(1)}x`, "line 1: key a is not 64 hexadecimal digits"],
  [`a/b ${digits}`, "line 1: a name is 1 to 64 letters, digits, dots, dashes or underscores"],
  [`a ${digits}\na ${digits}`, "line 2: there are two keys a"],
])("what is not a key file is told without a word of a key: %j", (text, problem) => {
  expect(parseMasterKeys(text)).toBe(problem);
  expect(problem).not.toContain(digits.slice(0, 20));
});
