import { expect, test } from "vitest";
import { readOptions } from "./options.js";

const read = (...argv: string[]) => readOptions(argv, ["acceptance", "strings"], "/page");

test("defaults, and what is asked for", () => {
  expect(read()).toEqual({
    groups: [],
    rounds: 5,
    seconds: null,
    only: "",
    json: null,
    page: null,
    check: false,
  });
  expect(read("strings", "--rounds", "3", "--seconds", "0.5", "strings")).toMatchObject({
    groups: ["strings"],
    rounds: 3,
    seconds: 0.5,
  });
  expect(read("--write")).toMatchObject({ page: "/page" });
  expect(read("--write", "--to", "/other")).toMatchObject({ page: "/other" });
  expect(read("--help", "--rounds", "0")).toBe("help");
});

test.each([
  ["no group 'x'", "x"],
  ["--rounds must be", "--rounds", "1.5"],
  ["--seconds must be", "--seconds", "0"],
  ["--to is for --write", "--to", "/other"],
  ["--check goes alone", "--check", "--write"],
  ["--check goes alone", "--check", "strings"],
  ["Unknown option", "--round", "3"],
])("%s", (told, ...argv) => {
  expect(read(...argv)).toContain(told);
});
