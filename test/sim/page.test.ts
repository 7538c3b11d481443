/** docs/internals/simulator.md says what is here: the canaries as they were caught, every kind of fault. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { canaryTable, readCaught } from "./canaries/caught.js";
import { FAULT_KINDS } from "./faults/faults.js";

const PAGE = fileURLToPath(new URL("../../docs/internals/simulator.md", import.meta.url));
const TABLE = /(<!-- canaries:begin -->\n)[\s\S]*(<!-- canaries:end -->)/;

test("the canary table is fresh", async () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toMatch(TABLE);
  const table = `\n${canaryTable(readCaught())}\n\n`;
  const fresh = page.replace(TABLE, (_, begin, end) => `${begin}${table}${end}`);
  await expect(fresh).toMatchFileSnapshot(PAGE);
});

test("every kind of fault is explained", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(FAULT_KINDS.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
});
