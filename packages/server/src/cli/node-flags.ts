/** What V8 is told as a node's process starts: its heap, and how soon code is optimized. */

import {
  initialHeapMegabytes,
  initialHeapShareMax,
  interruptBudget,
  interruptBudgetNodeMajor,
} from "./constants.js";

/**
 * Flags of a node's process, among those `given` by hand: V8 takes the heap's only as it starts (set later they are
 * ignored). The last one wins: a limit given by hand was found too small, whatever else was given was meant.
 */
export function nodeFlags(heapMegabytes: number, given: readonly string[] = []): string[] {
  const initial = Math.min(initialHeapMegabytes, Math.floor(heapMegabytes * initialHeapShareMax));
  const ours = [`--initial-heap-size=${initial}`, ...optimizationFlags(process.versions.node)];
  return [...ours, ...given, `--max-old-space-size=${heapMegabytes}`];
}

/** A Node that does not know the flag would not start with it. */
export function optimizationFlags(nodeVersion: string): string[] {
  const major = Number.parseInt(nodeVersion, 10);
  return major === interruptBudgetNodeMajor ? [`--interrupt-budget=${interruptBudget}`] : [];
}
