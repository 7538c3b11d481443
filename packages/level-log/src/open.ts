/**
 * Opens the log of a node that was born before: identity, keys, store, scan, watermark, in this order. Every
 * doubt ends here with a coded error; nothing is created, repaired or guessed.
 */

import { join } from "node:path";
import type { NodeId, SnapshotDescription } from "@redoubt/raft";
import {
  IDENTITY_FILE,
  LOG_DIRECTORY,
  SNAPSHOT_DIRECTORY,
  STORE_DIRECTORY,
  WATERMARK_FILE,
} from "./constants.js";
import { type Disk, realDisk } from "./disk.js";
import type { EarlyCheck } from "./early-check.js";
import { openEncryption, snapshotFilesOf, storeOf } from "./encryption/encryption.js";
import type { KeysFile } from "./encryption/keys-file.js";
import type { MasterKeys } from "./encryption/master-keys.js";
import { codeOf, DataMissingError, LogDamagedError } from "./errors.js";
import type { Files } from "./files.js";
import { checkIdentity, type LogIdentity, readIdentity } from "./identity.js";
import { LevelLog, type LogEncryption, watermarkOf } from "./level-log.js";
import { checkWatermark, scanStore } from "./scan.js";
import { damaged, isIntact } from "./snapshot-source.js";
import { removeLeftovers, SnapshotFiles, snapshotName } from "./snapshots.js";
import type { Store } from "./store.js";
import { removeCopies } from "./store-lock.js";
import { openWatermark, type WatermarkFile } from "./watermark.js";

export interface OpenOptions {
  /** The node's directory, as given to `bootstrapLog`. */
  readonly directory: string;
  readonly nodeId: NodeId;
  /** Null: whatever the identity says. */
  readonly clusterId: string | null;
  /** Called at most once; the process must stop. */
  readonly onFatal: (error: Error) => void;
  /**
   * Given: the directory is encrypted, and one of them opens it. When that is not the current one, the current one
   * wraps the data keys from now on, and a new data key seals. Absent or null: the directory is not encrypted.
   */
  readonly masterKeys?: MasterKeys | null;
  /** Begun before, of this directory. Absent or null: the tables are checked now. */
  readonly tableCheck?: EarlyCheck | null;
}

/**
 * Rejects with DATA_MISSING (no directory, identity or store), LOG_DAMAGED (what and where),
 * ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_WRONG, NOT_ENCRYPTED, IDENTITY_MISMATCH, STORE_LOCKED, STORE_UNAVAILABLE, or Node's own error when a file cannot be read.
 */
export async function openLog(options: OpenOptions, disk: Disk = realDisk): Promise<LevelLog> {
  const { files } = disk;
  // First of all: whatever this opening ends with, the next one may meet other tables.
  const checking = options.tableCheck?.take(options.directory);
  const root = join(options.directory, LOG_DIRECTORY);
  const found = await readIdentity(files, join(root, IDENTITY_FILE));
  const { identity, stamp } = found;
  checkIdentity(identity, options);
  const masters = options.masterKeys ?? null;
  const keys = await openEncryption(files, root, found, masters);
  const storePath = join(root, STORE_DIRECTORY);
  await checkStoreFiles(files, storePath);
  const isChecked = (await checking) === true;
  const store = storeOf(await disk.openStore(storePath, false, isChecked), keys);
  try {
    const watermark = await openWatermark(files, join(root, WATERMARK_FILE));
    const opened = { options, files, keys, root, identity, stamp, store, watermark };
    return await closeOnError(watermark, () => verify(opened));
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Opened {
  readonly options: OpenOptions;
  readonly files: Files;
  /** Null: not encrypted. */
  readonly keys: KeysFile | null;
  readonly root: string;
  readonly identity: LogIdentity;
  readonly stamp: number;
  readonly store: Store;
  readonly watermark: WatermarkFile;
}

async function verify(opened: Opened): Promise<LevelLog> {
  const { options, files, keys, root, identity, stamp, store, watermark } = opened;
  const dataKeys = keys?.keys ?? null;
  const snapshotFiles = snapshotFilesOf(files, dataKeys);
  const scanned = await scanStore(store, stamp);
  checkWatermark(scanned, watermark.found, watermark.path);
  const directory = join(root, SNAPSHOT_DIRECTORY);
  const adopted = scanned.snapshot;
  if (adopted !== null) await checkSnapshotFile(snapshotFiles, directory, adopted);
  await tidySnapshots(files, root, directory, adopted);
  await removeCopies(files, options.directory);
  const encryption = await encryptionBy(keys, options.masterKeys ?? null);
  // What the scan found is reported as durable from now on, and may be promised without another write:
  // 1. A batch is synced, the process dies before its watermark. 2. It reopens and acknowledges the
  // batch to a leader that probes. 3. It dies, and LevelDB loses the batch. Without this write nobody
  // would know. The found is durable indeed: LevelDB, when it opens, turns what it recovers from its
  // log into a synced table.
  await watermark.write(watermarkOf(scanned.table, scanned.hardState, scanned.meta));
  await watermark.sync();
  const { onFatal } = options;
  const snapshots = new SnapshotFiles({
    files: snapshotFiles,
    directory,
    adopted,
    keys: dataKeys,
  });
  const parts = { identity, store, watermark, scanned, snapshots, onFatal };
  return new LevelLog({ ...parts, ...(encryption === null ? {} : { encryption }) });
}

/** Written only now: a directory that does not open is left as it is. */
async function encryptionBy(
  keys: KeysFile | null,
  masters: MasterKeys | null,
): Promise<LogEncryption | null> {
  if (keys === null || masters === null) return null;
  const rewrapped = await keys.wrapBy(masters);
  return { masterKey: keys.masterId, rewrapped };
}

/** Throws LOG_DAMAGED when the file is gone, or one byte of it has changed. */
export async function checkSnapshotFile(
  files: Files,
  directory: string,
  snapshot: SnapshotDescription,
): Promise<void> {
  const path = join(directory, snapshotName(snapshot));
  if (!(await files.exists(path))) {
    throw new LogDamagedError(`the snapshot of index ${snapshot.index} is missing`, path);
  }
  const file = await files.open(path, "read");
  try {
    if (!(await isIntact(file, snapshot))) throw damaged(snapshot, path);
  } finally {
    await file.close();
  }
}

/** The directory exists from here on, and holds nothing that counts for nothing. */
async function tidySnapshots(
  files: Files,
  root: string,
  directory: string,
  adopted: SnapshotDescription | null,
): Promise<void> {
  if (await files.exists(directory)) {
    await removeLeftovers(files, directory, adopted);
    return;
  }
  await files.makeDirectory(directory);
  await files.syncDirectory(root);
}

/** LevelDB would create a missing directory; it is only asked about one that holds a database. */
export async function checkStoreFiles(files: Files, path: string): Promise<void> {
  const names = await namesIn(files, path);
  if (names.length === 0) throw new DataMissingError(`the store is missing or empty (${path})`);
  if (!(await files.exists(join(path, "CURRENT")))) {
    throw new LogDamagedError("the store's CURRENT file is missing", path);
  }
}

async function namesIn(files: Files, path: string): Promise<string[]> {
  try {
    return await files.list(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

async function closeOnError<T>(watermark: WatermarkFile, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await watermark.close();
    throw error;
  }
}
