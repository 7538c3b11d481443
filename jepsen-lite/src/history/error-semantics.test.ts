import { expect, test } from "vitest";
import { ERROR_ROWS, errorSemanticsPage, judge } from "./error-semantics.js";

test("error-semantics.md is fresh", async () => {
  await expect(errorSemanticsPage()).toMatchFileSnapshot("../../error-semantics.md");
});

test("an error is judged by its longest listed beginning", () => {
  expect(judge("READONLY You can't write against a read only replica.", true)).toEqual({
    outcome: "fail",
    isListed: true,
  });
  expect(judge("INDETERMINATE leadership was lost", true).outcome).toBe("info");
  expect(judge("ERR internal error, nothing was done", true).outcome).toBe("fail");
  expect(judge("no-reply connection lost", true).outcome).toBe("info");
  expect(judge("not-connected 127.0.0.1:1: refused", true).outcome).toBe("fail");
});

test("a beginning is taken by whole words", () => {
  expect(judge("BUSYKEY Target key name already exists.", true).isListed).toBe(false);
  expect(judge("OOM", true).isListed).toBe(true);
});

test("an unlisted error of a write is unknown", () => {
  expect(judge("ERR something new", true)).toEqual({ outcome: "info", isListed: false });
});

test("a read that was not answered changed nothing", () => {
  expect(judge("no-reply connection lost", false).outcome).toBe("fail");
  expect(judge("ERR something new", false)).toEqual({ outcome: "fail", isListed: false });
});

test("no beginning is listed twice", () => {
  const beginnings = ERROR_ROWS.map(({ begins }) => begins);
  expect(new Set(beginnings).size).toBe(beginnings.length);
});
