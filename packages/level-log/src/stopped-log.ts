/**
 * The log of a node that is not running, read without changing a byte of it: for an operator who has nothing
 * else left. Not a way to start a node: it tells of damage and goes on with what is intact in front of it.
 *
 * LevelDB changes a store by opening it (its own log becomes a table, what it can't read is dropped), so a copy
 * is opened, beside the original and gone afterwards:
 *
 *   log/store/*.ldb   linked: LevelDB never writes into a table again
 *   log/store/LOCK    linked: a lock belongs to the file, whatever its name. A running node refuses us, and
 *                     none can start while we read
 *   the rest          copied: a few megabytes
 *
 * Where there is a snapshot and its file is intact, the state is that and the entries behind it; what lies before is
 * proved all the same, but nobody needs it.
 */

import { copyFile, link, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type {
  Entry,
  HardState,
  Index,
  IndexedConfiguration,
  SnapshotDescription,
  Term,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  FORMAT_VERSION,
  IDENTITY_FILE,
  LOG_DIRECTORY,
  READING_PREFIX,
  SNAPSHOT_DIRECTORY,
  STORE_DIRECTORY,
  WATERMARK_FILE,
} from "./constants.js";
import { openEncryption, snapshotFilesOf, storeOf } from "./encryption/encryption.js";
import type { MasterKeys } from "./encryption/master-keys.js";
import { DataMissingError, LogDamagedError, StoreUnavailableError } from "./errors.js";
import { type Files, realFiles } from "./files.js";
import { type IdentityFile, type LogIdentity, readIdentity } from "./identity.js";
import { checkSnapshotFile, checkStoreFiles } from "./open.js";
import { decodeEntryKey, type HardStateRecord, type Meta } from "./records.js";
import {
  checkPromisedLog,
  checkPromisedVote,
  EntryScan,
  readHardState,
  readMeta,
  readSnapshot,
  scanFromAnchor,
} from "./scan.js";
import { SnapshotSource } from "./snapshot-source.js";
import { snapshotName } from "./snapshots.js";
import { openStore, type Store } from "./store.js";
import { checkUnusedTables, removeCopies } from "./store-lock.js";
import { openWatermark, type Watermark } from "./watermark.js";

export type LogPart = "identity" | "hard state" | "watermark" | "store" | "entries" | "snapshot";

/** One thing that is wrong, and with what. */
export interface PartDamage {
  readonly part: LogPart;
  readonly error: LogDamagedError | DataMissingError;
}

/** What is wrong, and what it costs to go on with the entries in front of it. */
export interface LogDamage {
  readonly error: LogDamagedError | DataMissingError;
  /** Entries that were there, or had been promised, behind the last intact one. There may have been more. */
  readonly entriesLost: number;
}

/** What is known of the log before its entries are read. */
interface Found {
  readonly identity: LogIdentity | null;
  readonly meta: Meta;
  readonly hardState: HardState;
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  readonly configuration: IndexedConfiguration | null;
  readonly snapshot: SnapshotDescription | null;
  readonly recorded: SnapshotDescription | null;
  readonly anchorIndex: Index;
  readonly provedLast: Index;
  readonly damage: LogDamage | null;
  readonly damages: readonly PartDamage[];
}

/** Where it is read. */
interface Place {
  readonly root: string;
  /** The copy. */
  readonly store: Store;
  readonly snapshotFiles: Files;
}

export class StoppedLog {
  /** null: its file is gone or damaged. */
  readonly identity: LogIdentity | null;
  /** The highest term that is known of, if it is damaged. */
  readonly hardState: HardState;
  /** Of the last intact entry, to which all before it are chained, or the snapshot's. 0: there is nothing. */
  readonly lastIndex: Index;
  readonly lastTerm: Term;
  /** The newest among the intact entries, or the snapshot's; null: there is none. */
  readonly configuration: IndexedConfiguration | null;
  /** Whose file is intact; null: there is none, and the entries begin with the first. */
  readonly snapshot: SnapshotDescription | null;
  /** The one that is named, whatever its file is like. */
  readonly recorded: SnapshotDescription | null;
  /** What the log begins behind, and the last entry to which all from there on are chained. */
  readonly anchorIndex: Index;
  readonly provedLast: Index;
  /** null: everything that was ever promised is here. */
  readonly damage: LogDamage | null;
  /** All that was found, the first one first. */
  readonly damages: readonly PartDamage[];
  /** Of the entries behind the snapshot. */
  readonly #meta: Meta;
  readonly #place: Place;
  readonly #copy: string;

  constructor(found: Found, place: Place, copy: string) {
    this.identity = found.identity;
    this.hardState = found.hardState;
    this.lastIndex = found.lastIndex;
    this.lastTerm = found.lastTerm;
    this.configuration = found.configuration;
    this.snapshot = found.snapshot;
    this.recorded = found.recorded;
    this.anchorIndex = found.anchorIndex;
    this.provedLast = found.provedLast;
    this.damage = found.damage;
    this.damages = found.damages;
    this.#meta = found.meta;
    this.#place = place;
    this.#copy = copy;
  }

  /**
   * Every intact entry behind the snapshot in order, proved once more; a payload is valid until the next one is
   * asked for.
   */
  async *entries(): AsyncGenerator<Entry> {
    let proved: Entry[] = [];
    const { store } = this.#place;
    const scan = new EntryScan(this.#meta, store.path, (entry) => proved.push(entry));
    if (this.lastIndex < scan.table.firstIndex) return;
    for await (const records of scanFromAnchor(store, this.#meta)) {
      for (const record of records) {
        scan.take(record);
        yield* proved;
        proved = [];
        if (scan.table.lastIndex === this.lastIndex) return;
      }
    }
    throw new LogDamagedError(`entry ${this.lastIndex} was there and is gone`, store.path);
  }

  /** The bytes of the snapshot there is. */
  openSnapshot(): SnapshotSource {
    const { snapshot } = this;
    assert(snapshot !== null, "there is a snapshot");
    const { root, snapshotFiles } = this.#place;
    const path = join(root, SNAPSHOT_DIRECTORY, snapshotName(snapshot));
    return new SnapshotSource(snapshot, snapshotFiles.openSync(path), path);
  }

  /** From then on the node may start. */
  async close(): Promise<void> {
    await this.#place.store.close();
    await rm(this.#copy, { recursive: true, force: true });
  }
}

/**
 * Rejects with STORE_LOCKED (the node runs), DATA_MISSING (no log, or no store in it), LOG_DAMAGED (LevelDB
 * can't open it at all), IDENTITY_MISMATCH (another format), STORE_UNAVAILABLE, or, where the directory is encrypted
 * or is not, ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_WRONG or NOT_ENCRYPTED. `masterKeys`: one of them opens it.
 */
export async function openStoppedLog(
  directory: string,
  masterKeys: MasterKeys | null = null,
): Promise<StoppedLog> {
  const root = join(directory, LOG_DIRECTORY);
  const storePath = join(root, STORE_DIRECTORY);
  await checkStoreFiles(realFiles, storePath);
  const keys = await openEncryption(realFiles, root, await identityIn(root), masterKeys);
  const snapshotFiles = snapshotFilesOf(realFiles, keys?.keys ?? null);
  // LevelDB would end this process at some of what this finds. What else is damaged, the entries tell.
  await checkUnusedTables(storePath, "index");
  const copy = await mkdtemp(join(directory, READING_PREFIX));
  let store: Store | null = null;
  try {
    await copyStore(storePath, join(copy, STORE_DIRECTORY));
    store = storeOf(await openStore(join(copy, STORE_DIRECTORY), false), keys);
    await removeCopies(realFiles, directory, copy);
    const place = { root, store, snapshotFiles };
    return new StoppedLog(await look(place), place, copy);
  } catch (error) {
    await store?.close();
    await rm(copy, { recursive: true, force: true });
    throw error;
  }
}

/** Null: it is damaged, which is told with everything else that is. */
async function identityIn(root: string): Promise<IdentityFile | null> {
  try {
    return await readIdentity(realFiles, join(root, IDENTITY_FILE));
  } catch (error) {
    if (error instanceof LogDamagedError || error instanceof DataMissingError) return null;
    throw error;
  }
}

async function copyStore(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (isTextLog(name)) continue;
    const linked = name === "LOCK" || /\.(ldb|sst)$/.test(name);
    if (!linked) await copyFile(join(from, name), join(to, name));
    else await linkFile(join(from, name), join(to, name));
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const line = `${from} can't be linked, so a running node would not be noticed`;
    throw new StoreUnavailableError(line, { cause: error });
  }
}

/** What LevelDB tells of itself. */
function isTextLog(name: string): boolean {
  return name === "LOG" || name === "LOG.old";
}

/** The first damage is the one that is told; the smallest intact part is what counts. */
async function look({ root, store, snapshotFiles }: Place): Promise<Found> {
  const damages: PartDamage[] = [];
  const attempt = async <T>(part: LogPart, act: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await act();
    } catch (error) {
      const isDamage = error instanceof LogDamagedError || error instanceof DataMissingError;
      if (!isDamage) throw error;
      damages.push({ part, error });
      return null;
    }
  };
  const identity = await attempt("identity", () =>
    readIdentity(realFiles, join(root, IDENTITY_FILE)),
  );
  const readableMeta = await attempt("store", () => readMeta(store, identity?.stamp ?? null));
  const hardState = await attempt("hard state", () => readHardState(store));
  const mark = await attempt("watermark", () => readWatermark(join(root, WATERMARK_FILE)));
  const meta = readableMeta ?? anyMeta;
  const recorded = await attempt("snapshot", () => readSnapshot(store, meta));
  const snapshot = await attempt("snapshot", async () => {
    if (recorded === null) return null;
    await checkSnapshotFile(snapshotFiles, join(root, SNAPSHOT_DIRECTORY), recorded);
    return recorded;
  });
  const scan = new EntryScan(meta, store.path);
  const isProved = await attempt("entries", async () => {
    await scanAll(scan, store, meta);
    if (recorded !== null) scan.checkSnapshot(recorded);
    if (readableMeta !== null) scan.finish();
    return readableMeta !== null;
  });
  if (mark !== null && hardState !== null) {
    await attempt("hard state", () => checkPromisedVote(hardState, mark, root));
  }
  if (mark !== null && isProved === true) {
    await attempt("entries", () => checkPromisedLog({ meta, table: scan.table }, mark, root));
  }
  const intact = await intactOf({ scan, meta, snapshot, store });
  const [first] = damages;
  const { lastIndex, lastTerm } = intact;
  const entriesLost = (await knownLast(store, meta, mark)) - lastIndex;
  return {
    identity: identity?.identity ?? null,
    ...intact,
    hardState: highest(hardState, mark, lastTerm),
    snapshot,
    recorded,
    anchorIndex: meta.anchorIndex,
    provedLast: scan.table.lastIndex,
    damage:
      first === undefined ? null : { error: first.error, entriesLost: Math.max(0, entriesLost) },
    damages,
  };
}

interface Scanned {
  readonly scan: EntryScan;
  readonly meta: Meta;
  readonly snapshot: SnapshotDescription | null;
  readonly store: Store;
}

/**
 * What the state can be made of. Behind an intact snapshot the chain is proved from its own checksum: damage before
 * it costs nothing. Without one, the entries count if they begin with the first.
 */
async function intactOf({ scan, meta, snapshot, store }: Scanned) {
  if (snapshot === null) {
    const { lastIndex } = scan.table;
    const configuration = scan.configurations.at(-1) ?? null;
    if (meta.anchorIndex === 0) return { meta, lastIndex, lastTerm: scan.lastTerm, configuration };
    return { meta, lastIndex: 0, lastTerm: 0, configuration };
  }
  const behind: Meta = {
    ...meta,
    anchorIndex: snapshot.index,
    anchorTerm: snapshot.term,
    anchorChecksum: snapshot.checksum,
  };
  const entries = new EntryScan(behind, store.path);
  try {
    await scanAll(entries, store, behind);
  } catch (error) {
    // Told of by the scan from the anchor on, or it lies before the snapshot.
    if (!(error instanceof LogDamagedError)) throw error;
  }
  return {
    meta: behind,
    lastIndex: entries.table.lastIndex,
    lastTerm: entries.lastTerm,
    configuration: entries.configurations.at(-1) ?? snapshot.configuration,
  };
}

async function scanAll(scan: EntryScan, store: Store, meta: Meta): Promise<void> {
  for await (const records of scanFromAnchor(store, meta)) {
    for (const record of records) scan.take(record);
  }
}

/** In the place of a meta record that is gone: an untrimmed log whose epochs do not go back. */
const anyMeta: Meta = {
  format: FORMAT_VERSION,
  identityStamp: 0,
  anchorIndex: 0,
  anchorTerm: 0,
  anchorChecksum: 0,
  epoch: Number.MAX_SAFE_INTEGER,
  epochLastIndex: Number.MAX_SAFE_INTEGER,
  epochLastChecksum: 0,
  revision: 0,
};

async function readWatermark(path: string): Promise<Watermark> {
  const file = await openWatermark(realFiles, path);
  await file.close();
  return file.found;
}

function highest(
  hardState: HardStateRecord | null,
  mark: Watermark | null,
  lastTerm: Term,
): HardState {
  const known = Math.max(hardState?.term ?? 0, mark?.term ?? 0, lastTerm);
  const isNewest = hardState !== null && hardState.term === known;
  return { term: known, vote: isNewest ? hardState.vote : 0 };
}

/** The highest index that anything speaks of. */
async function knownLast(store: Store, meta: Meta, mark: Watermark | null): Promise<Index> {
  let last = meta === anyMeta ? 0 : meta.epochLastIndex;
  // One of an older epoch may speak of entries that were truncated since.
  const speaks = mark !== null && (meta === anyMeta || mark.epoch >= meta.epoch);
  if (speaks) last = Math.max(last, mark.lastIndex);
  try {
    for await (const records of store.scan()) {
      for (const [key] of records) {
        const index = decodeEntryKey(key)?.index ?? 0;
        if (index > last) last = index;
      }
    }
  } catch (error) {
    // As far as it can be read: the number is a lower bound anyhow.
    if (!(error instanceof LogDamagedError)) throw error;
  }
  return last;
}
