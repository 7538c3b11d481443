import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { nodeFlags, optimizationFlags } from "./node-flags.js";

const mebibyte = 1024 ** 2;

test("the heap is collected late, but before its limit, and what is given by hand wins", () => {
  expect(heapFlags(4096)).toEqual(["--initial-heap-size=512", "--max-old-space-size=4096"]);
  expect(heapFlags(300)).toEqual(["--initial-heap-size=150", "--max-old-space-size=300"]);
  const given = ["--initial-heap-size=64", "--interrupt-budget=1000", "--max-old-space-size=100"];
  expect(nodeFlags(4096, given).slice(-4)).toEqual([...given, "--max-old-space-size=4096"]);
});

test("code is optimized soon where Node has the flag", () => {
  expect(optimizationFlags("20.19.2")).toEqual(["--interrupt-budget=20000"]);
  expect(optimizationFlags("22.23.3")).toEqual([]);
  expect(optimizationFlags("24.21.0")).toEqual([]);
});

test("this Node takes all the flags", () => {
  const script = "console.log(v8.getHeapStatistics().heap_size_limit)";
  const limits = [512, 2048].map((megabytes) => {
    const out = execFileSync(process.execPath, [...nodeFlags(megabytes), "-e", script]);
    return Number(out) / mebibyte;
  });
  expect(limits[0]).toBeGreaterThanOrEqual(512);
  expect(limits[1]! - limits[0]!).toBe(2048 - 512);
});

function heapFlags(megabytes: number): string[] {
  return nodeFlags(megabytes).filter((flag) => flag.includes("-size="));
}
