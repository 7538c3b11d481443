/**
 * Birth of a node's log. It happens once, and by an explicit act: an empty directory by itself is a wiped
 * one, whose node may have voted.
 *
 *   directory/log.new-XXXXXX/   identity, store/, watermark: built and synced here
 *   directory/log/              the same directory after one rename: the moment of birth
 *
 * Only `log` is ever opened, so:
 * - a crash before the rename leaves nothing that opens and from which nothing was ever promised; the
 *   left-over has no claim, and bootstrap may be run again;
 * - a crash after it leaves a whole log;
 * - two bootstraps at once: rename refuses a directory that is not empty, so one of them wins;
 * - a `log` directory in whatever state, even an empty one, was born: bootstrap refuses.
 */

import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Entry, HardState } from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  IDENTITY_FILE,
  LOG_DIRECTORY,
  STAGING_PREFIX,
  STORE_DIRECTORY,
  WATERMARK_FILE,
} from "./constants.js";
import { EntryTable } from "./entry-table.js";
import { AlreadyInitialisedError, codeOf } from "./errors.js";
import { exists, syncPath, syncTree } from "./files.js";
import { type LogIdentity, writeIdentity } from "./identity.js";
import { pushEntry, put, watermarkOf } from "./level-log.js";
import { assertChained } from "./net-change.js";
import {
  encodeHardState,
  encodeMeta,
  HARD_STATE_KEY,
  type HardStateRecord,
  META_KEY,
  type Meta,
} from "./records.js";
import { openStore, type StoreOperation } from "./store.js";
import { createWatermark } from "./watermark.js";

const FIRST_EPOCH = 1;
const FIRST_SEQUENCE = 1;

export interface BootstrapOptions {
  readonly directory: string;
  readonly identity: LogIdentity;
  /** From index 1, chained. May be empty: a node that will be filled by a leader. */
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

/** Rejects with ALREADY_INITIALISED when there is a log. Durable when it resolves. */
export async function bootstrapLog(options: BootstrapOptions): Promise<void> {
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  await syncPath(dirname(directory));
  const born = join(directory, LOG_DIRECTORY);
  if (await exists(born)) throw new AlreadyInitialisedError(`${born} exists: a node is born once`);
  const staging = await mkdtemp(join(directory, STAGING_PREFIX));
  await build(staging, options);
  await publish(staging, born);
  await syncPath(directory);
  await removeLeftovers(directory);
}

async function build(staging: string, options: BootstrapOptions): Promise<void> {
  const { entries, hardState } = options;
  const identityStamp = await writeIdentity(join(staging, IDENTITY_FILE), options.identity);
  const table = new EntryTable(0, 0);
  for (const entry of entries) {
    assertChained(entry, table.lastIndex + 1, table.lastChecksum);
    table.append(entry.index, entry.checksum, entry.payload.length);
  }
  const meta: Meta = {
    identityStamp,
    anchorIndex: 0,
    anchorTerm: 0,
    anchorChecksum: 0,
    epoch: FIRST_EPOCH,
    epochLastIndex: 0,
    epochLastChecksum: 0,
  };
  const hardStateRecord = { ...hardState, sequence: FIRST_SEQUENCE };
  await writeStore(join(staging, STORE_DIRECTORY), meta, hardStateRecord, entries);
  const mark = watermarkOf(table, hardStateRecord, meta);
  await createWatermark(join(staging, WATERMARK_FILE), mark);
  await syncPath(staging);
}

async function writeStore(
  path: string,
  meta: Meta,
  hardState: HardStateRecord,
  entries: readonly Entry[],
): Promise<void> {
  const operations: StoreOperation[] = [
    put(META_KEY, encodeMeta(meta)),
    put(HARD_STATE_KEY, encodeHardState(hardState)),
  ];
  for (const entry of entries) pushEntry(operations, entry, meta.epoch);
  const store = await openStore(path, true);
  try {
    await store.write(operations);
  } finally {
    await store.close();
  }
  await syncTree(path);
}

async function publish(staging: string, born: string): Promise<void> {
  assert(dirname(staging) === dirname(born), "staging is renamed within its directory");
  try {
    await rename(staging, born);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    const line = `${born} appeared meanwhile: another bootstrap was faster`;
    throw new AlreadyInitialisedError(line, { cause: error });
  }
}

/** After the birth: whatever else is staged can no longer be published. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    await rm(join(directory, name), { recursive: true, force: true });
  }
}
