/**
 * Opens the log of a node that was born before: identity, store, scan, watermark, in this order. Every
 * doubt ends here with a coded error; nothing is created, repaired or guessed.
 */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "@redoubt/raft";
import { IDENTITY_FILE, LOG_DIRECTORY, STORE_DIRECTORY, WATERMARK_FILE } from "./constants.js";
import { codeOf, DataMissingError, LogDamagedError } from "./errors.js";
import { exists } from "./files.js";
import { checkIdentity, type LogIdentity, readIdentity } from "./identity.js";
import { LevelLog, watermarkOf } from "./level-log.js";
import { checkWatermark, scanStore } from "./scan.js";
import { openStore, type Store } from "./store.js";
import { checkTables } from "./table-check.js";
import { openWatermark, type WatermarkFile } from "./watermark.js";

export interface OpenOptions {
  /** The node's directory, as given to `bootstrapLog`. */
  readonly directory: string;
  readonly nodeId: NodeId;
  /** Null: whatever the identity says. */
  readonly clusterId: string | null;
  /** Called at most once; the process must stop. */
  readonly onFatal: (error: Error) => void;
}

/**
 * Rejects with DATA_MISSING (no directory, identity or store), LOG_DAMAGED (what and where),
 * IDENTITY_MISMATCH, STORE_LOCKED, STORE_UNAVAILABLE, or Node's own error when a file cannot be read.
 */
export async function openLog(options: OpenOptions): Promise<LevelLog> {
  const root = join(options.directory, LOG_DIRECTORY);
  const { identity, stamp } = await readIdentity(join(root, IDENTITY_FILE));
  checkIdentity(identity, options);
  const storePath = join(root, STORE_DIRECTORY);
  await checkStoreFiles(storePath);
  await checkTables(storePath);
  const store = await openStore(storePath, false);
  try {
    const watermark = await openWatermark(join(root, WATERMARK_FILE));
    return await closeOnError(watermark, () => verify(options, identity, stamp, store, watermark));
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function verify(
  options: OpenOptions,
  identity: LogIdentity,
  stamp: number,
  store: Store,
  watermark: WatermarkFile,
): Promise<LevelLog> {
  const scanned = await scanStore(store, stamp);
  checkWatermark(scanned, watermark.found, watermark.path);
  // What the scan found is reported as durable from now on, and may be promised without another write:
  // 1. A batch is synced, the process dies before its watermark. 2. It reopens and acknowledges the
  // batch to a leader that probes. 3. It dies, and LevelDB loses the batch. Without this write nobody
  // would know. The found is durable indeed: LevelDB, when it opens, turns what it recovers from its
  // log into a synced table.
  await watermark.write(watermarkOf(scanned.table, scanned.hardState, scanned.meta));
  await watermark.sync();
  return new LevelLog({ identity, store, watermark, scanned, onFatal: options.onFatal });
}

/** LevelDB would create a missing directory; it is only asked about one that holds a database. */
export async function checkStoreFiles(path: string): Promise<void> {
  const names = await namesIn(path);
  if (names.length === 0) throw new DataMissingError(`the store is missing or empty (${path})`);
  if (!(await exists(join(path, "CURRENT")))) {
    throw new LogDamagedError("the store's CURRENT file is missing", path);
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
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
