import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { heapFactor, heapReserveMegabytes, unlimitedHeapShare } from "../cli/constants.js";
import { configReference } from "./reference.js";
import { configNames } from "./rows.js";

const path = fileURLToPath(new URL("../../../../docs/reference/config.md", import.meta.url));

test("config reference is fresh", async () => {
  await expect(configReference()).toMatchFileSnapshot(path);
});

test("the reference has one line for every option", () => {
  const lines = configReference()
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| option"));
  expect(lines.map((line) => line.split(" | ")[0]?.replace(/[|* ]/g, "")).sort()).toEqual(
    [...configNames].sort(),
  );
});

test("the reference names the heap formula that is used", () => {
  expect(configReference()).toContain(`${heapReserveMegabytes} MB + ${heapFactor} x \`maxmemory\``);
  expect(unlimitedHeapShare).toBe(0.75);
});
