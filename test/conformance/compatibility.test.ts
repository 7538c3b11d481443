/** The page of differences is made of those that are tested, and they stay few. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  compatibilityPage,
  FURTHER_DIFFERENCES_MAX,
  linesOf,
} from "./support/compatibility-page.js";
import { testedDifferences } from "./support/further-differences.js";

const root = new URL("../../", import.meta.url);

test("the page of differences is fresh", async () => {
  const page = fileURLToPath(new URL("docs/reference/compatibility.md", root));
  await expect(compatibilityPage()).toMatchFileSnapshot(page);
});

test("there are at most 20 differences that are not 7.2's, each with its reason", () => {
  expect(FURTHER_DIFFERENCES_MAX).toBe(20);
  const further = linesOf(false);
  expect(further.length).toBeLessThanOrEqual(FURTHER_DIFFERENCES_MAX);
  for (const { reason } of [...further, ...linesOf(true)]) expect(reason).not.toBe("");
});

test.each(testedDifferences)("$what: its test exists", ({ test: [file, title] }) => {
  const text = readFileSync(fileURLToPath(new URL(file, root)), "utf8");
  expect(text).toContain(`"${title}"`);
});
