/** A file of entries gone through once more, proved again: what a manifest says of it, and where a time lies in it. */

import { batchLogTimeMs } from "@redoubt/keyspace";
import { EntryKind, type Index, type Term } from "@redoubt/raft";
import { type Anchor, readEntryFile } from "./entry-file.js";
import { Slices } from "./import-check.js";

export interface LogFacts {
  readonly last: Anchor;
  /** 0: there is no entry. */
  readonly lastTerm: Term;
  /** Milliseconds since the epoch, of batches; 0: there is none. */
  readonly firstLogTimeMs: number;
  readonly lastLogTimeMs: number;
  /** The last entry in front of the first batch that is later than `untilMs`; the last one when none is. */
  readonly lastIndexUntil: Index;
}

/** Rejects with DAMAGED. */
export async function logFacts(
  path: string,
  anchor: Anchor,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<LogFacts> {
  const slices = new Slices();
  let last = anchor;
  let lastTerm = 0;
  let firstLogTimeMs = 0;
  let lastLogTimeMs = 0;
  let lastIndexUntil = anchor.index;
  let isPast = false;
  for (const entry of readEntryFile(path, anchor)) {
    last = { index: entry.index, checksum: entry.checksum };
    lastTerm = entry.term;
    if (entry.kind === EntryKind.batch) {
      lastLogTimeMs = batchLogTimeMs(entry.payload);
      if (firstLogTimeMs === 0) firstLogTimeMs = lastLogTimeMs;
      // Log time never goes back.
      isPast ||= lastLogTimeMs > untilMs;
    }
    if (!isPast) lastIndexUntil = entry.index;
    await slices.yielded();
  }
  return { last, lastTerm, firstLogTimeMs, lastLogTimeMs, lastIndexUntil };
}
