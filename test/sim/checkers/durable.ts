/** What checkers read of a disk: only what survives a crash. The one place that knows how it is kept. */

import type { Entry, HardState, Index, Term } from "@redoubt/raft";

const nothing = { index: 0, term: 0, checksum: 0 };

/** A simulated disk as checkers see it. */
export interface CheckedDisk {
  /** What the log begins behind; absent: index 0. */
  readonly anchor?: { readonly index: Index; readonly term: Term; readonly checksum: number };
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

export function durableEntry(disk: CheckedDisk, index: Index): Entry | undefined {
  return disk.entries[index - (disk.anchor ?? nothing).index - 1];
}

export function durableLast(disk: CheckedDisk): { readonly index: Index; readonly term: Term } {
  const { index, term } = disk.entries.at(-1) ?? disk.anchor ?? nothing;
  return { index, term };
}

/**
 * The disk holds this very entry, or a snapshot in its place: what that stands for is compared by its state, and
 * by its anchor's checksum, which speaks for all before it.
 */
export function holds(disk: CheckedDisk, index: Index, checksum: number): boolean {
  const { anchor = nothing } = disk;
  if (index < anchor.index) return true;
  if (index === anchor.index) return checksum === anchor.checksum;
  return durableEntry(disk, index)?.checksum === checksum;
}
