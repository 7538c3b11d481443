/**
 * What LevelDB does not do: compare its tables with their checksums, all of them, before it opens them. The chain
 * of entries finds a changed value. It does not find a changed index, filter or table of restarts, by which a scan
 * still sees an entry and a lookup misses it; and LevelDB aborts the process at some of those (measured: 17 of 700
 * changes to the index of a table), so that the node would die at every start and never come to rebuild itself.
 */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, LogDamagedError } from "./errors.js";
import { eventLoopTurn } from "./store.js";
import {
  checkTable,
  FormatError,
  type LiveTable,
  liveTables,
  type TableExtent,
} from "./table-format.js";

/** Rejects with LOG_DAMAGED, or Node's own error when a file can't be read. The store must not be open. */
export async function checkTables(path: string, extent: TableExtent = "all"): Promise<void> {
  const current = await readIn(path, "CURRENT");
  const manifest = /^(MANIFEST-\d+)\n$/.exec(current.toString("latin1"))?.[1];
  if (manifest === undefined) throw new LogDamagedError("CURRENT names no manifest", path);
  const bytes = await readIn(path, manifest);
  const nameOf = new Map<number, string>();
  for (const name of await readdir(path)) {
    const number = /^(\d+)\.(?:ldb|sst)$/.exec(name)?.[1];
    if (number !== undefined) nameOf.set(Number(number), name);
  }
  const tables = found(path, manifest, () => liveTables(bytes));
  const read = async (table: LiveTable | undefined) =>
    table === undefined ? null : readTable(path, table, nameOf.get(table.number));
  let table = await read(tables[0]);
  for (let at = 1; table !== null; at++) {
    // While one is checked, the next is on its way from the disk.
    [table] = await Promise.all([read(tables[at]), checkOne(path, table, extent)]);
  }
}

interface ReadTable {
  readonly name: string;
  readonly content: Buffer;
}

async function checkOne(
  path: string,
  { name, content }: ReadTable,
  extent: TableExtent,
): Promise<void> {
  found(path, name, () => checkTable(content, extent));
  await eventLoopTurn();
}

async function readTable(
  path: string,
  table: LiveTable,
  name: string | undefined,
): Promise<ReadTable> {
  if (name === undefined) throw new LogDamagedError(`table ${table.number} is missing`, path);
  const content = await readIn(path, name);
  if (content.length !== table.bytes) {
    throw new LogDamagedError(`${name} has ${content.length} of ${table.bytes} bytes`, path);
  }
  return { name, content };
}

function found<T>(path: string, name: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new LogDamagedError(`${name}: ${error.message}`, path, { cause: error });
  }
}

async function readIn(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(path, name));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new LogDamagedError(`${name} is missing`, path, { cause: error });
  }
}
