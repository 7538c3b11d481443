import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Random } from "../random.js";
import { dataFiles, inflict } from "./file-damage.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "jepsen-lite-damage-"));
  mkdirSync(join(directory, "log"));
  mkdirSync(join(directory, "log.damaged-1"));
  for (const name of ["log/CURRENT", "log/LOG", "log/000003.log", "log.damaged-1/CURRENT"]) {
    writeFileSync(join(directory, name), Buffer.alloc(100, 7));
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("what a server has set aside and what it never reads is no place for damage", () => {
  expect(dataFiles(directory)).toEqual(["log/000003.log", "log/CURRENT"]);
});

test("a flip changes exactly one bit of one file", () => {
  for (let seed = 0; seed < 20; seed++) {
    const before = dataFiles(directory).map((file) => readFileSync(join(directory, file)));
    inflict(directory, "flip", new Random(seed));
    const after = dataFiles(directory).map((file) => readFileSync(join(directory, file)));
    const bits = before.flatMap((bytes, at) =>
      [...bytes].map((byte, place) => (byte ^ after[at]![place]!).toString(2).replaceAll("0", "")),
    );
    expect(bits.join("")).toBe("1");
  }
});

test("a truncation leaves a beginning of the file", () => {
  expect(inflict(directory, "truncate", new Random(1))).toMatch(/ cut from 100 bytes to \d+$/);
  const sizes = dataFiles(directory).map((file) => readFileSync(join(directory, file)).length);
  expect(Math.min(...sizes)).toBeLessThan(100);
  expect(Math.max(...sizes)).toBe(100);
});

test("a deletion takes the file without which the store is another one", () => {
  expect(inflict(directory, "delete", new Random(1))).toBe("log/CURRENT deleted");
  expect(inflict(directory, "delete", new Random(1))).toBe("log/000003.log deleted");
  expect(inflict(directory, "delete", new Random(1))).toBeNull();
});
