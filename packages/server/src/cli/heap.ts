/** How large V8's heap must be for `maxmemory`, and the other way round. */

import { heapFactor, heapReserveMegabytes, unlimitedHeapShare } from "./constants.js";

const mebibyte = 1024 * 1024;

/**
 * Value of --max-old-space-size for a node. maxmemory bounds what the node counts (data, undo, buffers);
 * V8 needs more: the difference between estimate and truth, garbage not yet collected, and the program.
 */
export function heapMegabytesFor(maxmemoryBytes: number, totalMemoryBytes: number): number {
  const counted =
    maxmemoryBytes === 0 ? totalMemoryBytes * unlimitedHeapShare : maxmemoryBytes * heapFactor;
  return heapReserveMegabytes + Math.ceil(counted / mebibyte);
}

/** Largest maxmemory that a heap of this limit carries; the inverse of the above. */
export function maxmemoryBytesFor(heapLimitBytes: number): number {
  const bytes = (heapLimitBytes - heapReserveMegabytes * mebibyte) / heapFactor;
  return Math.max(0, Math.floor(bytes));
}
