/**
 * Birth of a node's log. It happens once, and by an explicit act: an empty directory by itself is a wiped
 * one, whose node may have voted. `replaceLog` is a birth, too: of a node of another cluster, in the place
 * of one whose log is kept beside it.
 *
 *   directory/log.new-XXXXXX/   identity, keys, snapshots/, store/, watermark: built and synced here
 *   directory/log/              the same directory after one rename: the moment of birth
 *
 * Only `log` is ever opened, so:
 * - a crash before the rename leaves nothing that opens and from which nothing was ever promised; the
 *   left-over has no claim, and bootstrap may be run again;
 * - a crash after it leaves a whole log;
 * - two bootstraps at once: rename refuses a directory that is not empty, so one of them wins;
 * - a `log` directory in whatever state, even an empty one, was born: bootstrap refuses.
 * Replacing takes two renames. A crash between them leaves no `log` and the old one whole under its new
 * name: nothing opens until somebody gives it its name back.
 */

import { dirname, join } from "node:path";
import type { Entry, HardState, SnapshotDescription } from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  BATCH_BYTES_MAX,
  FORMAT_VERSION_MIN,
  IDENTITY_FILE,
  LOG_DIRECTORY,
  REPLACED_PREFIX,
  SNAPSHOT_DIRECTORY,
  SNAPSHOT_FORMAT,
  SNAPSHOT_STEP_BYTES,
  STAGING_PREFIX,
  STORE_DIRECTORY,
  WATERMARK_FILE,
} from "./constants.js";
import { type Disk, realDisk } from "./disk.js";
import { bearEncryption, snapshotFilesOf, storeOf } from "./encryption/encryption.js";
import type { MasterKeys } from "./encryption/master-keys.js";
import { EntryTable } from "./entry-table.js";
import { AlreadyInitialisedError, codeOf, DataMissingError } from "./errors.js";
import { type Files, syncTree } from "./files.js";
import { type LogIdentity, writeIdentity } from "./identity.js";
import { pushEntry, put, watermarkOf } from "./level-log.js";
import { assertChained } from "./net-change.js";
import {
  encodeHardState,
  encodeMeta,
  encodeSnapshot,
  HARD_STATE_KEY,
  type HardStateRecord,
  META_KEY,
  type Meta,
  SNAPSHOT_KEY,
} from "./records.js";
import { damaged, isIntact } from "./snapshot-source.js";
import { snapshotName } from "./snapshots.js";
import type { Store, StoreOperation } from "./store.js";
import { createWatermark } from "./watermark.js";

const FIRST_EPOCH = 1;
const FIRST_SEQUENCE = 1;

export interface BootstrapOptions {
  readonly directory: string;
  readonly identity: LogIdentity;
  /** The log begins behind it: its bytes, from first to last. Absent: it begins with entry 1. */
  readonly snapshot?: {
    readonly description: SnapshotDescription;
    readonly source: { read(target: Buffer): number };
  };
  /**
   * From index 1 or the one behind the snapshot, chained. May be empty: a node that will be filled by a leader.
   * Taken one by one, and no more than a batch of them is held.
   */
  readonly entries: Iterable<Entry> | AsyncIterable<Entry>;
  readonly hardState: HardState;
  /** Log and snapshots are encrypted, for good, by data keys that the current one of these wraps. Absent or null: not. */
  readonly masterKeys?: MasterKeys | null;
}

/** Rejects with ALREADY_INITIALISED when there is a log. Durable when it resolves. */
export async function bootstrapLog(
  options: BootstrapOptions,
  disk: Disk = realDisk,
): Promise<void> {
  const { directory } = options;
  const { files } = disk;
  await files.makeDirectory(directory);
  await files.syncDirectory(dirname(directory));
  const born = join(directory, LOG_DIRECTORY);
  if (await files.exists(born))
    throw new AlreadyInitialisedError(`${born} exists: a node is born once`);
  const staging = await files.makeTemporaryDirectory(join(directory, STAGING_PREFIX));
  try {
    await build(disk, staging, options);
    await publish(files, staging, born);
  } catch (error) {
    const isLate = !(error instanceof AlreadyInitialisedError) && (await files.exists(born));
    // Of a snapshot it may be gigabytes, and whoever asks again asks for as much.
    await removeStaged(files, staging);
    // Who was faster clears away what others have staged: whatever that looked like here, this is what it means.
    throw isLate ? tooLate(born, error) : error;
  }
  await files.syncDirectory(directory);
  await removeLeftovers(files, directory);
}

/**
 * As `bootstrapLog`, where there is a log: that one is kept as `log.before-recover-<n>`, unchanged. Resolves
 * with its new path. `entries` may come out of it: it keeps its place until they have ended.
 */
export async function replaceLog(
  options: BootstrapOptions,
  disk: Disk = realDisk,
): Promise<string> {
  const { directory } = options;
  const { files } = disk;
  const born = join(directory, LOG_DIRECTORY);
  if (!(await files.exists(born))) throw new DataMissingError(`there is no log (${born})`);
  const staging = await files.makeTemporaryDirectory(join(directory, STAGING_PREFIX));
  let kept: string;
  try {
    await build(disk, staging, options);
    kept = await keepAside(files, born);
  } catch (error) {
    await files.removeTree(staging);
    throw error;
  }
  await publish(files, staging, born);
  await files.syncDirectory(directory);
  return kept;
}

/** A directory that exists is never renamed onto, so no log that was kept before is lost. */
async function keepAside(files: Files, born: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const kept = join(dirname(born), `${REPLACED_PREFIX}${number}`);
    if (await files.exists(kept)) continue;
    await files.rename(born, kept);
    await files.syncDirectory(dirname(born));
    return kept;
  }
}

async function build(disk: Disk, staging: string, options: BootstrapOptions): Promise<void> {
  const { files } = disk;
  const masters = options.masterKeys ?? null;
  const identityPath = join(staging, IDENTITY_FILE);
  const isEncrypted = masters !== null;
  const identityStamp = await writeIdentity(files, identityPath, options.identity, isEncrypted);
  const keys = await bearEncryption(files, staging, identityStamp, masters);
  const snapshot = options.snapshot?.description ?? null;
  const { index, term, checksum } = snapshot ?? { index: 0, term: 0, checksum: 0 };
  const meta: Meta = {
    format: snapshot === null ? FORMAT_VERSION_MIN : SNAPSHOT_FORMAT,
    identityStamp,
    anchorIndex: index,
    anchorTerm: term,
    anchorChecksum: checksum,
    epoch: FIRST_EPOCH,
    epochLastIndex: index,
    epochLastChecksum: checksum,
    revision: 0,
  };
  const snapshotFiles = snapshotFilesOf(files, keys?.keys ?? null);
  await buildSnapshots(snapshotFiles, join(staging, SNAPSHOT_DIRECTORY), options.snapshot);
  const hardState = { ...options.hardState, sequence: FIRST_SEQUENCE };
  const path = join(staging, STORE_DIRECTORY);
  const store = storeOf(await disk.openStore(path, true), keys);
  let table: EntryTable;
  try {
    table = await fill(store, meta, hardState, options);
  } finally {
    await store.close();
  }
  await syncTree(files, path);
  const mark = watermarkOf(table, hardState, meta);
  await createWatermark(files, join(staging, WATERMARK_FILE), mark);
  await files.syncDirectory(staging);
}

/** Throws LOG_DAMAGED, as the source does, when the bytes are not the ones described. */
async function buildSnapshots(
  files: Files,
  directory: string,
  snapshot: BootstrapOptions["snapshot"],
): Promise<void> {
  await files.makeDirectory(directory);
  if (snapshot !== undefined) {
    const { description, source } = snapshot;
    const path = join(directory, snapshotName(description));
    const file = await files.open(path, "create");
    try {
      let position = 0;
      for (;;) {
        const block = Buffer.allocUnsafe(SNAPSHOT_STEP_BYTES);
        const bytes = source.read(block);
        if (bytes === 0) break;
        await file.write(block.subarray(0, bytes), position);
        position += bytes;
      }
      await file.sync();
      if (!(await isIntact(file, description))) throw damaged(description, path);
    } finally {
      await file.close();
    }
  }
  await files.syncDirectory(directory);
}

async function fill(
  store: Store,
  meta: Meta,
  hardState: HardStateRecord,
  { entries, snapshot }: BootstrapOptions,
): Promise<EntryTable> {
  const table = new EntryTable(meta.anchorIndex, meta.anchorChecksum);
  let operations: StoreOperation[] = [
    put(META_KEY, encodeMeta(meta)),
    put(HARD_STATE_KEY, encodeHardState(hardState)),
    ...(snapshot === undefined ? [] : [put(SNAPSHOT_KEY, encodeSnapshot(snapshot.description))]),
  ];
  let bytes = 0;
  for await (const entry of entries) {
    assertChained(entry, table.lastIndex + 1, table.lastChecksum);
    table.append(entry.index, entry.checksum, entry.payload.length);
    pushEntry(operations, entry, meta.epoch);
    bytes += entry.payload.length;
    // Nothing of it counts before the rename: several batches are as good as one.
    if (bytes <= BATCH_BYTES_MAX) continue;
    await store.write(operations);
    operations = [];
    bytes = 0;
  }
  if (operations.length > 0) await store.write(operations);
  return table;
}

async function publish(files: Files, staging: string, born: string): Promise<void> {
  assert(dirname(staging) === dirname(born), "staging is renamed within its directory");
  try {
    await files.rename(staging, born);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    throw tooLate(born, error);
  }
}

function tooLate(born: string, cause: unknown): AlreadyInitialisedError {
  const line = `${born} appeared meanwhile: another bootstrap was faster`;
  return new AlreadyInitialisedError(line, { cause });
}

/** After the birth: whatever else is staged can no longer be published. */
async function removeLeftovers(files: Files, directory: string): Promise<void> {
  for (const name of await files.list(directory)) {
    if (name.startsWith(STAGING_PREFIX)) await removeStaged(files, join(directory, name));
  }
}

async function removeStaged(files: Files, staging: string): Promise<void> {
  try {
    await files.removeTree(staging);
  } catch (error) {
    // Its birth still writes there, and will find that it comes too late; or the one that was faster clears it away, too.
    if (codeOf(error) !== "ENOTEMPTY") throw error;
  }
}
