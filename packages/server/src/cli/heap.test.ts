import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { heapFlags, heapMegabytesFor, maxmemoryBytesFor } from "./heap.js";

const mebibyte = 1024 ** 2;

test("a heap sized for maxmemory carries that maxmemory and hardly more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 8 * mebibyte, max: 2 ** 43 }), (maxmemory) => {
      const heapBytes = heapMegabytesFor(maxmemory, 2 ** 44) * mebibyte;
      const carried = maxmemoryBytesFor(heapBytes);
      expect(carried).toBeGreaterThanOrEqual(maxmemory);
      expect(carried).toBeLessThan(maxmemory + mebibyte);
    }),
    { seed: 4 },
  );
});

test("without a limit the heap leaves memory to the system", () => {
  const total = 16 * 1024 * mebibyte;
  expect(heapMegabytesFor(0, total) * mebibyte).toBeLessThan(total);
});

test("a heap smaller than the reserve carries nothing", () => {
  expect(maxmemoryBytesFor(mebibyte)).toBe(0);
});

test("the heap is collected late, but before its limit, and an initial size given by hand wins", () => {
  expect(heapFlags(4096)).toEqual(["--initial-heap-size=512", "--max-old-space-size=4096"]);
  expect(heapFlags(300)).toEqual(["--initial-heap-size=150", "--max-old-space-size=300"]);
  const given = ["--initial-heap-size=64", "--max-old-space-size=100"];
  expect(heapFlags(4096, given).slice(1)).toEqual([...given, "--max-old-space-size=4096"]);
});

test("V8 takes both flags", () => {
  const script = "console.log(v8.getHeapStatistics().heap_size_limit)";
  const limits = [512, 2048].map((megabytes) => {
    const out = execFileSync(process.execPath, [...heapFlags(megabytes), "-e", script]);
    return Number(out) / mebibyte;
  });
  expect(limits[0]).toBeGreaterThanOrEqual(512);
  expect(limits[1]! - limits[0]!).toBe(2048 - 512);
});
