/** The load generator's histogram beside quantiles of all the numbers. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const SOURCES = fileURLToPath(new URL("load-generator", import.meta.url));
const SHARES = [0, 0.5, 0.99, 0.999, 1];
const ERROR_MAX = 0.005;

/** Numbers by standard input; quantiles and the greatest of them by standard output. */
const PROGRAM = `
#include <inttypes.h>
#include <stdio.h>
#include "histogram.h"
static struct histogram histogram;
int main(void) {
  uint64_t ns;
  while (scanf("%" SCNu64, &ns) == 1) histogram_add(&histogram, ns);
  ${SHARES.map((share) => `printf("%.3f\\n", histogram_quantile(&histogram, ${share}));`).join("\n  ")}
  printf("%" PRIu64 "\\n", histogram.max_ns);
}`;

const isBuildable = spawnSync("gcc", ["--version"]).error === undefined;

describe.runIf(isBuildable)("the histogram", () => {
  let folder: string;
  let program: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "histogram-"));
    program = join(folder, "quantiles");
    const sources = ["-x", "c", "-", join(SOURCES, "histogram.c")];
    execFileSync("gcc", ["-I", SOURCES, "-o", program, ...sources], { input: PROGRAM });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function quantiles(numbers: readonly number[]): number[] {
    const output = execFileSync(program, { input: numbers.join("\n"), encoding: "utf8" });
    return output.trim().split("\n").map(Number);
  }

  /** No order, no chance: powers of a ratio, from `least` on. */
  function numbersFrom(least: number, ratio: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => Math.round(least * ratio ** i));
  }

  test.each([
    ["nanoseconds", numbersFrom(1, 1.004, 2_000)],
    ["microseconds", numbersFrom(1_000, 1.001, 5_000)],
    ["up to minutes", numbersFrom(1_000_000, 1.002, 5_000)],
  ])("tells quantiles of %s with less than half a percent of error", (_, numbers) => {
    const found = quantiles(numbers.toReversed());
    SHARES.forEach((share, i) => {
      const exact = numbers[Math.min(numbers.length - 1, Math.floor(share * numbers.length))]!;
      expect(Math.abs(found[i]! - exact) / exact, String(share)).toBeLessThan(ERROR_MAX);
    });
    expect(found.at(-1)).toBe(numbers.at(-1));
  });

  test("is exact below 256, zero where there is nothing, and takes whatever is too much as its last", () => {
    expect(quantiles([0, 127, 128, 255])).toEqual([0, 128, 255, 255, 255, 255]);
    expect(quantiles([])).toEqual([0, 0, 0, 0, 0, 0]);
    const hours = 3_600e9;
    const [last] = quantiles([hours]);
    expect(last).toBeGreaterThan(1_000e9);
    expect(last).toBeLessThan(hours);
  });
});
