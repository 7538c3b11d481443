/**
 * What an append request means for this log, decided before anything is touched. Pure: the caller acts.
 * The request has passed `messageProblem`: its entries are contiguous and their terms never decrease.
 */
import { assert } from "./assert.js";
import { entryChecksum } from "./checksum.js";
import { decodeConfiguration } from "./configuration.js";
import type { RaftLog } from "./raft-log.js";
import {
  type AppendRequest,
  type Configuration,
  EntryKind,
  type Index,
  type IndexedConfiguration,
} from "./types.js";

export type AppendVerdict =
  /** Our log does not hold the entry the request builds on: tell the leader where it may. */
  | { readonly kind: "mismatch"; readonly hintIndex: Index; readonly hintTerm: number }
  /** Not what a correct leader sends: dropped, nothing changes. */
  | { readonly kind: "refused"; readonly problem: string }
  /** entries[skip..] are new; the log is cut at `truncateFrom` first, when not 0. */
  | {
      readonly kind: "accepted";
      readonly skip: number;
      readonly truncateFrom: Index;
      readonly configurations: readonly IndexedConfiguration[];
    };

export function judgeAppend(
  log: RaftLog,
  commit: Index,
  clusterId: string,
  request: AppendRequest,
): AppendVerdict {
  const { prevIndex, prevTerm, entries } = request;
  // A gap is refused, never skipped (trap 19). What lies before the anchor is committed and applied: any
  // leader has it as we had it.
  if (prevIndex >= log.anchor && !log.holds(prevIndex, prevTerm)) {
    assert(prevIndex > commit, "a leader's log contradicts a committed entry");
    // The largest index of ours that can match: everything behind it has a term above prevTerm.
    const end = Math.min(prevIndex, log.last);
    const hintIndex = log.lastIndexWithTermAtMost(end, prevTerm);
    return { kind: "mismatch", hintIndex, hintTerm: log.termAt(hintIndex) };
  }
  // Old and duplicated requests end here: what is present stays, whatever follows it (trap 06).
  let skip = Math.min(Math.max(log.anchor - prevIndex - 1, 0), entries.length);
  while (skip < entries.length) {
    const entry = entries[skip]!;
    if (entry.index > log.last || log.termAt(entry.index) !== entry.term) break;
    const own = log.peek(entry.index);
    if (own !== undefined && own.checksum !== entry.checksum) {
      return { kind: "refused", problem: "same index and term, another checksum" };
    }
    skip += 1;
  }
  const first = entries[skip];
  if (first === undefined) return { kind: "accepted", skip, truncateFrom: 0, configurations: [] };
  const truncateFrom = first.index <= log.last ? first.index : 0;
  assert(
    truncateFrom === 0 || truncateFrom > commit,
    "an append conflicts at or below the commit index",
  );
  let checksum = log.checksumAt(first.index - 1);
  const configurations: IndexedConfiguration[] = [];
  for (let at = skip; at < entries.length; at += 1) {
    const { index, term, kind, payload, checksum: claimed } = entries[at]!;
    checksum = entryChecksum(index, term, kind, checksum, payload);
    if (checksum !== claimed) return { kind: "refused", problem: "checksum chain is broken" };
    if (kind === EntryKind.configuration) {
      const configuration = readConfiguration(payload);
      if (configuration === null) return { kind: "refused", problem: "malformed configuration" };
      if (clusterId !== "" && configuration.clusterId !== clusterId) {
        return { kind: "refused", problem: "configuration of another cluster" };
      }
      configurations.push({ index, configuration });
    }
  }
  return { kind: "accepted", skip, truncateFrom, configurations };
}

function readConfiguration(payload: Uint8Array): Configuration | null {
  try {
    return decodeConfiguration(payload);
  } catch {
    // The only thing decodeConfiguration throws is that these bytes are none: a refusal for the caller.
    return null;
  }
}
