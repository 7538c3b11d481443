/**
 * Several Persists, collected while a batch was in flight, as the one change they amount to. Pure.
 *
 *   durable  1 2 3 4 5      Persist A: append 6 7      Persist B: cut from 4, append 4' 5'
 *   net      keep 1 2 3, then 4' 5'                    (6 and 7 are never written)
 */

import {
  crc32c,
  type Entry,
  entryChecksum,
  type HardState,
  type Index,
  type Persist,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import { ENTRY_BYTES_MAX, STEP_BYTES } from "./constants.js";
import type { EntryTable } from "./entry-table.js";

export interface NetChange {
  /** Durable entries behind this one are deleted. */
  readonly keepLast: Index;
  /** Some Persist cut the log: the truncation epoch moves on. */
  readonly truncated: boolean;
  /** Contiguous from keepLast + 1. */
  readonly entries: readonly Entry[];
  readonly hardState: HardState | null;
}

/** Pure but for one thing: payloads above STEP_BYTES are left to `assertLargeChained`. */
export function netChange(persists: readonly Persist[], durable: EntryTable): NetChange {
  let keepLast = durable.lastIndex;
  let truncated = false;
  let hardState: HardState | null = null;
  const entries: Entry[] = [];
  for (const persist of persists) {
    const from = persist.truncateFrom;
    if (from !== 0) {
      assert(from >= durable.firstIndex, "nothing before the first entry is cut");
      assert(from <= keepLast + entries.length + 1, "a truncation starts within the log");
      entries.length = Math.max(0, Math.min(entries.length, from - 1 - keepLast));
      keepLast = Math.min(keepLast, from - 1);
      truncated = true;
    }
    for (const entry of persist.entries) {
      const previous = entries.at(-1)?.checksum ?? durable.checksumAt(keepLast);
      const index = keepLast + entries.length + 1;
      if (entry.payload.length > STEP_BYTES) assertPlaced(entry, index);
      else assertChained(entry, index, previous);
      entries.push(entry);
    }
    hardState = persist.hardState ?? hardState;
  }
  return { keepLast, truncated, entries, hardState };
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

/** As `assertChained`, for the entries that `netChange` left out: in steps, `pause` before each. */
export async function assertLargeChained(
  { keepLast, entries }: NetChange,
  durable: EntryTable,
  pause: () => Promise<void>,
): Promise<void> {
  for (const [at, { index, term, kind, payload, checksum }] of entries.entries()) {
    if (payload.length <= STEP_BYTES) continue;
    const previous = entries[at - 1]?.checksum ?? durable.checksumAt(keepLast);
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
