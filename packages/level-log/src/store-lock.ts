/**
 * The tables of a store are checked before LevelDB opens it, so before its lock is had: what looks damaged may be in
 * use. Tables come and go while another process of this node compacts, and whoever took that for damage would put the
 * log of a running node aside. So damage counts when it is found once more with the lock in hand.
 */

import { link, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { READING_PREFIX } from "./constants.js";
import { codeOf, LogDamagedError, StoreLockedError, StoreUnavailableError } from "./errors.js";
import type { Files } from "./files.js";
import { assertNotOpenHere, lockedError, openStore } from "./store.js";
import { checkTables } from "./table-check.js";
import type { TableExtent } from "./table-format.js";

/**
 * As `checkTables`, and rejects with STORE_LOCKED when what looks damaged is in use. `path`: of the store in its log in
 * the node's directory.
 */
export async function checkUnusedTables(path: string, extent: TableExtent = "all"): Promise<void> {
  assertNotOpenHere(path);
  try {
    await checkTables(path, extent);
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    await withLock(path, () => checkTables(path, extent));
  }
}

/** A lock belongs to the file, whatever its name: another store is opened with this one's. */
async function withLock(path: string, act: () => Promise<void>): Promise<void> {
  const beside = await mkdtemp(join(dirname(dirname(path)), READING_PREFIX));
  try {
    await linkLock(path, beside);
    const store = await openStore(beside, true);
    try {
      await act();
    } finally {
      await store.close();
    }
  } catch (error) {
    throw error instanceof StoreLockedError ? lockedError(path, error) : error;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function linkLock(path: string, beside: string): Promise<void> {
  const lock = join(path, "LOCK");
  try {
    await link(lock, join(beside, "LOCK"));
  } catch (error) {
    // LevelDB makes it when it opens a store: nobody has.
    if (codeOf(error) === "ENOENT") return;
    const line = `${lock} can't be linked, so a running node would not be noticed`;
    throw new StoreUnavailableError(line, { cause: error });
  }
}

/**
 * What readers of the stopped log have left that died: their links keep the bytes of tables that the log has long got
 * rid of. With the lock in hand there are no living ones but `own`.
 */
export async function removeCopies(
  files: Files,
  directory: string,
  own: string | null = null,
): Promise<void> {
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    if (name.startsWith(READING_PREFIX) && path !== own) await files.removeTree(path);
  }
}
