/** What checkers read of a disk: only what survives a crash. The one place that knows how it is kept. */

import type { Entry, HardState, Index, Term } from "@redoubt/raft";

/** A simulated disk as checkers see it. */
export interface CheckedDisk {
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

export function durableEntry(disk: CheckedDisk, index: Index): Entry | undefined {
  return disk.entries[index - 1];
}

export function durableLast(disk: CheckedDisk): { readonly index: Index; readonly term: Term } {
  const last = disk.entries.at(-1);
  return { index: last?.index ?? 0, term: last?.term ?? 0 };
}

/** The disk holds this very entry. */
export function holds(disk: CheckedDisk, index: Index, checksum: number): boolean {
  return durableEntry(disk, index)?.checksum === checksum;
}
