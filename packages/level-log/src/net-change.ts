/**
 * Several Persists, collected while a batch was in flight, as the one change they amount to. Pure.
 *
 *   durable  1 2 3 4 5      Persist A: append 6 7      Persist B: cut from 4, append 4' 5'
 *   net      keep 1 2 3, then 4' 5'                    (6 and 7 are never written)
 *
 *   durable  1 2 3          Persist A: append 4        Persist B: install 9, append 10
 *   net      keep nothing, behind 9: 10
 */

import {
  crc32c,
  type Entry,
  entryChecksum,
  type HardState,
  type Index,
  type Persist,
  type SnapshotDescription,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import { ENTRY_BYTES_MAX, STEP_BYTES } from "./constants.js";
import type { EntryTable } from "./entry-table.js";

export interface NetChange {
  /** The last one that took the place of the log, or null: then nothing durable is kept. */
  readonly install: SnapshotDescription | null;
  /** Entries behind this one are deleted. Of an install: its index. */
  readonly keepLast: Index;
  /** Checksum of entry `keepLast`. */
  readonly keepChecksum: number;
  /** Some Persist cut the log: the truncation epoch moves on. */
  readonly truncated: boolean;
  /** Contiguous from keepLast + 1. */
  readonly entries: readonly Entry[];
  readonly hardState: HardState | null;
  /** Entries up to this one, durable or of `entries`, may go once all the rest is done. 0: none. */
  readonly trimTo: Index;
}

/** Pure but for one thing: payloads above STEP_BYTES are left to `assertLargeChained`. */
export function netChange(persists: readonly Persist[], durable: EntryTable): NetChange {
  let install: SnapshotDescription | null = null;
  let keepLast = durable.lastIndex;
  let truncated = false;
  let hardState: HardState | null = null;
  let trimTo = 0;
  const entries: Entry[] = [];
  const checksumAt = (index: Index) =>
    install === null ? durable.checksumAt(index) : install.checksum;
  for (const persist of persists) {
    if (persist.install !== undefined) {
      install = persist.install;
      keepLast = install.index;
      entries.length = 0;
      trimTo = 0;
    }
    const from = persist.truncateFrom;
    if (from !== 0) {
      const first: Index = install === null ? durable.firstIndex : install.index + 1;
      assert(from >= first && from > trimTo, "nothing before the first entry is cut");
      assert(from <= keepLast + entries.length + 1, "a truncation starts within the log");
      entries.length = Math.max(0, Math.min(entries.length, from - 1 - keepLast));
      keepLast = Math.min(keepLast, from - 1);
      truncated = true;
    }
    for (const entry of persist.entries) {
      const previous: number = entries.at(-1)?.checksum ?? checksumAt(keepLast);
      const index = keepLast + entries.length + 1;
      if (entry.payload.length > STEP_BYTES) assertPlaced(entry, index);
      else assertChained(entry, index, previous);
      entries.push(entry);
    }
    hardState = persist.hardState ?? hardState;
    if (persist.trimTo !== undefined) {
      assert(persist.trimTo <= keepLast + entries.length, "trimming ends within the log");
      trimTo = Math.max(trimTo, persist.trimTo);
    }
  }
  const keepChecksum = checksumAt(keepLast);
  return { install, keepLast, keepChecksum, truncated, entries, hardState, trimTo };
}

/**
 * Whether the entry is what its checksum says, just before it is written: a payload that somebody
 * changed after it was proposed would damage every node that stores it, and be found only at restart.
 */
export function assertChained(entry: Entry, index: Index, previousChecksum: number): void {
  assertPlaced(entry, index);
  const { term, kind, payload } = entry;
  const checksum = entryChecksum(index, term, kind, previousChecksum, payload);
  assert(checksum === entry.checksum, "entries to persist are chained");
}

/** Some are left to `assertLargeChained`. */
export function hasLarge({ entries }: NetChange): boolean {
  return entries.some(isLarge);
}

function isLarge({ payload }: Entry): boolean {
  return payload.length > STEP_BYTES;
}

/** As `assertChained`, for the entries that `netChange` left out: in steps, `pause` before each. */
export async function assertLargeChained(
  { keepChecksum, entries }: NetChange,
  pause: () => Promise<void>,
): Promise<void> {
  for (const [at, entry] of entries.entries()) {
    if (!isLarge(entry)) continue;
    const { index, term, kind, payload, checksum } = entry;
    const previous = entries[at - 1]?.checksum ?? keepChecksum;
    await pause();
    let sum = entryChecksum(index, term, kind, previous, payload.subarray(0, STEP_BYTES));
    for (let from = STEP_BYTES; from < payload.length; from += STEP_BYTES) {
      await pause();
      sum = crc32c(payload.subarray(from, from + STEP_BYTES), sum);
    }
    assert(sum === checksum, "entries to persist are chained");
  }
}

function assertPlaced({ index, payload }: Entry, expected: Index): void {
  assert(index === expected, "entries to persist are contiguous");
  assert(payload.length <= ENTRY_BYTES_MAX, "an entry has at most ENTRY_BYTES_MAX");
}
