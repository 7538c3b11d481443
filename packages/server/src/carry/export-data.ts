/**
 * The data of a copy as a file for Redis: an RDB, made of the snapshot and the log as a node makes its own, or the
 * commands of an append-only file. It has its name only when it is whole and durable.
 */

import { randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { buildSnapshot } from "@redoubt/replica";
import { readSnapshot } from "./check-backup.js";
import type { CopyPaths, NodeCopy } from "./copy-node.js";
import { readEntryFile } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { copyDurably, HashedFile, syncDirectory } from "./hashed-file.js";
import { asCarryError, type Progress } from "./import-check.js";
import { RdbFile } from "./rdb-file.js";
import { rdbToAof } from "./rdb-to-aof.js";

export interface Exported {
  readonly keys: number;
  readonly bytes: number;
  /** The state is the one after this entry. */
  readonly index: number;
  /** Milliseconds since the epoch; 0: nothing was ever written. */
  readonly logTimeMs: number;
  /** As DEBUG STATEDIGEST tells it. */
  readonly stateDigest: string;
}

export interface ExportTask {
  readonly copy: NodeCopy;
  readonly paths: CopyPaths;
  readonly form: "rdb" | "aof";
  /** Must not exist. */
  readonly to: string;
  readonly report: (progress: Progress) => void;
}

/** Rejects with REFUSED (the file is there), DAMAGED, or the system's error; nothing is left behind. */
export async function exportData(task: ExportTask): Promise<Exported> {
  const { form, to, paths } = task;
  refuseExisting(to);
  const partial = `${to}.partial-${randomBytes(4).toString("hex")}`;
  const rdbPath = form === "rdb" ? partial : `${paths.snapshot}.whole`;
  try {
    writeRdb(task, rdbPath);
    const { keys, index, logTimeMs, stateDigest } = readSnapshot(rdbPath);
    const facts = { keys, index, logTimeMs, stateDigest };
    const rdb = statSync(rdbPath).size;
    const bytes =
      form === "rdb" ? rdb : (await rdbToAof(rdbPath, partial, rdb, task.report)).facts.bytes;
    renameSync(partial, to);
    syncDirectory(dirname(to));
    return { ...facts, bytes };
  } finally {
    rmSync(partial, { force: true });
    if (form === "aof") rmSync(rdbPath, { force: true });
  }
}

export function refuseExisting(path: string): void {
  if (existsSync(path)) throw new CarryError("REFUSED", `${path} exists already`);
}

/** Of the snapshot and the entries behind it; the snapshot itself where there are none. */
function writeRdb({ copy, paths }: ExportTask, path: string): void {
  const { snapshot, log } = copy;
  if (snapshot !== null && log.last.index === snapshot.description.index) {
    copyDurably(paths.snapshot, path);
    return;
  }
  const sources: RdbFile[] = [];
  const open = (): RdbFile => {
    const source = new RdbFile(paths.snapshot);
    sources.push(source);
    return source;
  };
  const sink = new HashedFile(path);
  try {
    const previous = snapshot === null ? null : { snapshot: snapshot.description, open };
    const entries = () => readEntryFile(paths.entries, log.anchor);
    buildSnapshot({ previous, entries, to: log.last.index }, sink);
    sink.finish();
  } catch (error) {
    throw asCarryError(error, paths.snapshot);
  } finally {
    sink.abandon();
    for (const source of sources) source.close();
  }
}
