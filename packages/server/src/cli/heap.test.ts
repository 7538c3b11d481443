import fc from "fast-check";
import { expect, test } from "vitest";
import { heapMegabytesFor, maxmemoryBytesFor } from "./heap.js";

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
