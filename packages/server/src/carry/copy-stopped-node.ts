/**
 * As `copyNode`, of the directory of a node that is not running, which is not changed. Its log may end with entries
 * that no majority has: they are in it, as they would be after a start alone.
 */

import { type MasterKeys, openStoppedLog, type StoppedLog } from "@redoubt/level-log";
import { fileBlockBytes } from "./constants.js";
import type { CopiedLog, CopiedSnapshot, CopyPaths, NodeCopy } from "./copy-node.js";
import { type Anchor, EntryFileWriter } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { HashedFile } from "./hashed-file.js";

/**
 * Rejects with DAMAGED, and as `openStoppedLog`: STORE_LOCKED where the node runs. `masterKeys`: where the directory is
 * encrypted; the copy is not.
 */
export async function copyStoppedNode(
  directory: string,
  paths: CopyPaths,
  masterKeys: MasterKeys | null,
): Promise<NodeCopy> {
  const log = await openStoppedLog(directory, masterKeys);
  try {
    if (log.damage !== null) {
      const line = `${log.damage.error.message}: redoubt recover is for what is left of it`;
      throw new CarryError("DAMAGED", line, log.damage.error);
    }
    if (log.lastIndex === 0) throw new CarryError("REFUSED", `${directory} holds no entry yet`);
    const { snapshot } = log;
    const anchor = { index: snapshot?.index ?? 0, checksum: snapshot?.checksum ?? 0 };
    return {
      snapshot: snapshot === null ? null : copySnapshot(log, paths.snapshot),
      log: await copyEntries(log, anchor, paths.entries),
    };
  } finally {
    await log.close();
  }
}

function copySnapshot(log: StoppedLog, path: string): CopiedSnapshot | null {
  const { snapshot: description } = log;
  if (description === null) return null;
  const source = log.openSnapshot();
  const file = new HashedFile(path);
  try {
    for (;;) {
      const block = Buffer.allocUnsafe(fileBlockBytes);
      const bytes = source.read(block);
      if (bytes === 0) break;
      file.write(block.subarray(0, bytes));
    }
  } catch (error) {
    file.abandon();
    throw error;
  } finally {
    source.close();
  }
  return { description, facts: file.finish() };
}

async function copyEntries(log: StoppedLog, anchor: Anchor, path: string): Promise<CopiedLog> {
  const writer = new EntryFileWriter(path, anchor);
  try {
    for await (const entry of log.entries()) writer.append(entry);
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return { anchor, last: writer.last, facts: writer.finish() };
}
