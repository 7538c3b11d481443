/**
 * The state a backup held at one index, as the one snapshot a new cluster's log begins behind:
 *
 *   backup   snapshot at S     S+1 ... N ... last
 *   new      snapshot at N+1   of S and S+1..N, and an entry N+1 that names the new cluster's members
 *
 * The same backup, index and members give the same snapshot on whatever machine: members restored apart are one
 * cluster. Old members speak to none of it: the cluster has another name.
 */

import { join } from "node:path";
import {
  type Configuration,
  decodeConfiguration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
  type Index,
  type SnapshotDescription,
} from "@redoubt/raft";
import { buildSnapshot } from "@redoubt/replica";
import { anchorOf, type CheckedBackup, readSnapshot } from "./check-backup.js";
import { readEntryFile } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { HashedFile } from "./hashed-file.js";
import { asCarryError } from "./import-check.js";
import { RdbFile } from "./rdb-file.js";

export interface RestoredState {
  readonly description: SnapshotDescription;
  readonly keys: number;
  /** As DEBUG STATEDIGEST would tell it. */
  readonly stateDigest: string;
  readonly logTimeMs: number;
}

/** Where a backup can be restored to. */
export function restorableRange({ parts, snapshot }: CheckedBackup): { first: Index; last: Index } {
  const last = parts.at(-1)?.manifest.log.lastIndex ?? 0;
  return { first: Math.max(snapshot?.index ?? 0, 1), last };
}

/** Throws REFUSED when no index of the backup is that early. */
export function indexAtTime({ parts, snapshot }: CheckedBackup, untilMs: number): Index {
  const begins = parts[0].manifest.snapshot?.logTimeMs ?? 0;
  if (snapshot !== null && begins > untilMs) {
    const line = `the backup's snapshot is of ${new Date(begins).toISOString()}, which is later`;
    throw new CarryError("REFUSED", line);
  }
  // The last entry of the first part whose log goes beyond that time.
  let found = snapshot?.index ?? 0;
  for (const { facts, manifest } of parts) {
    found = facts.lastIndexUntil;
    if (found < manifest.log.lastIndex) break;
  }
  if (found === 0) throw new CarryError("REFUSED", "nothing was written before that time");
  return found;
}

/** In force at that index: whose timing the new cluster keeps unless it is told another one. */
export function configurationAt(backup: CheckedBackup, index: Index): Configuration | null {
  let found = backup.snapshot?.configuration.configuration ?? null;
  for (const entry of entriesOf(backup, index)) {
    if (entry.kind === EntryKind.configuration) found = decodeConfiguration(entry.payload);
  }
  return found;
}

/** Writes the snapshot to `path`, which must not exist, and reads it back. Throws DAMAGED. */
export function restoreState(
  backup: CheckedBackup,
  to: Index,
  configuration: Configuration,
  path: string,
): RestoredState {
  const { snapshot } = backup;
  const sources: RdbFile[] = [];
  const [first] = backup.parts;
  const snapshotPath = join(first.directory, first.manifest.snapshot?.name ?? "");
  const previous =
    snapshot === null
      ? null
      : {
          snapshot,
          open: () => {
            const source = new RdbFile(snapshotPath);
            sources.push(source);
            return source;
          },
        };
  const entries = () => entriesUpTo(backup, to, configuration);
  const sink = new HashedFile(path);
  try {
    const built = buildSnapshot({ previous, entries, to: to + 1 }, sink);
    const { bytes, crc32 } = sink.finish();
    const read = readSnapshot(path);
    if (read.stateDigest !== built.stateDigest || read.index !== to + 1) {
      throw new CarryError("DAMAGED", `${path} does not read back as it was written`);
    }
    const { index, term, checksum } = built;
    const description = {
      index,
      term,
      checksum,
      configuration: built.configuration,
      bytes,
      digest: crc32,
    };
    return {
      description,
      keys: built.keys,
      stateDigest: built.stateDigest,
      logTimeMs: built.logTimeMs,
    };
  } catch (error) {
    throw asCarryError(error, snapshotPath);
  } finally {
    sink.abandon();
    for (const source of sources) source.close();
  }
}

/** Those behind the snapshot up to `to`. */
function* entriesOf({ parts }: CheckedBackup, to: Index): Generator<Entry> {
  for (const { directory, manifest } of parts) {
    for (const entry of readEntryFile(join(directory, manifest.log.name), anchorOf(manifest.log))) {
      if (entry.index > to) return;
      yield entry;
    }
  }
}

/** The same, and the one that names the new members. */
function* entriesUpTo(
  backup: CheckedBackup,
  to: Index,
  configuration: Configuration,
): Generator<Entry> {
  const { snapshot } = backup;
  let last: Pick<Entry, "index" | "term" | "checksum"> = snapshot ?? {
    index: 0,
    term: 0,
    checksum: 0,
  };
  for (const entry of entriesOf(backup, to)) {
    last = entry;
    yield entry;
  }
  const index = last.index + 1;
  const term = last.term + 1;
  const kind = EntryKind.configuration;
  const payload = encodeConfiguration(configuration);
  const checksum = entryChecksum(index, term, kind, last.checksum, payload);
  yield { index, term, kind, checksum, payload };
}
