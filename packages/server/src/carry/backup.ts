/**
 * A backup made: a consistent snapshot and the log behind it up to a committed index, verified while it is written
 * and once more as a whole, in a directory that has its name only when it is whole and durable.
 *
 *   DIR.partial-XXXXXX/    snapshot.rdb, log.entries, manifest.json: written, synced, checked
 *   DIR/                   the same directory after one rename
 */

import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { encodeConfiguration } from "@redoubt/raft";
import { redoubtVersion } from "../config/index.js";
import { base64Of, checkBackup, lastOf, readManifest, readSnapshot } from "./check-backup.js";
import type { ChosenNode } from "./choose-node.js";
import {
  type CopiedLog,
  type CopiedSnapshot,
  copyLog,
  copyNode,
  type NodeCopy,
} from "./copy-node.js";
import type { Anchor } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { syncDirectory } from "./hashed-file.js";
import { logFacts } from "./log-facts.js";
import {
  type BackupBase,
  type BackupLog,
  type BackupSnapshot,
  encodeManifest,
  entriesName,
  type Manifest,
  manifestDigest,
  manifestName,
  snapshotName,
} from "./manifest.js";

export interface BackupTask {
  /** Must not exist. */
  readonly directory: string;
  readonly node: ChosenNode;
  /** A backup to go on from, in the same directory; null: a full one. */
  readonly base: string | null;
  readonly now: Date;
  readonly report: (what: "snapshot" | "log", bytes: number, bytesTotal: number | null) => void;
}

/** Nothing is left behind when it rejects: with REFUSED, GONE, DAMAGED, and as `copyNode`. */
export async function makeBackup(task: BackupTask): Promise<Manifest> {
  const directory = resolve(task.directory);
  if (existsSync(directory)) throw new CarryError("REFUSED", `${directory} exists already`);
  const start = task.base === null ? null : baseOf(task.base, directory, task.node);
  const staging = mkdtempSync(`${directory}.partial-`);
  try {
    const copy = await copyInto(staging, task, start?.anchor ?? null);
    const manifest = await manifestOf(staging, task, copy, start?.base ?? null);
    const path = join(staging, manifestName);
    writeFileSync(path, encodeManifest(manifest), { mode: 0o600, flush: true });
    syncDirectory(staging);
    await checkBackup(staging);
    renameSync(staging, directory);
    syncDirectory(dirname(directory));
    return manifest;
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

function baseOf(
  path: string,
  directory: string,
  node: ChosenNode,
): { base: BackupBase; anchor: Anchor } {
  const absolute = resolve(path);
  const manifest = readManifest(absolute);
  if (dirname(absolute) !== dirname(directory)) {
    throw new CarryError("REFUSED", `an increment lies beside its base, in ${dirname(absolute)}`);
  }
  if (manifest.clusterId !== node.clusterId) {
    const line = `the base is of cluster ${manifest.clusterId}, this one is ${node.clusterId}`;
    throw new CarryError("REFUSED", line);
  }
  const base = { name: basename(absolute), digest: manifestDigest(manifest) };
  return { base, anchor: lastOf(manifest.log) };
}

async function copyInto(
  staging: string,
  { node, report }: BackupTask,
  anchor: Anchor | null,
): Promise<NodeCopy> {
  const paths = { snapshot: join(staging, snapshotName), entries: join(staging, entriesName) };
  const options = { paths, atLeast: node.committed, report };
  if (anchor === null) return copyNode(node.pipe, options);
  try {
    return { snapshot: null, log: await copyLog(node.pipe, anchor, paths.entries, options) };
  } catch (error) {
    if (!(error instanceof CarryError) || error.code !== "GONE") throw error;
    const line = `the log behind entry ${anchor.index}, where the base ends, was trimmed: make a full backup`;
    throw new CarryError("GONE", line, error);
  }
}

async function manifestOf(
  staging: string,
  { node, now }: BackupTask,
  { snapshot, log }: NodeCopy,
  base: BackupBase | null,
): Promise<Manifest> {
  return {
    clusterId: node.clusterId,
    nodeId: node.nodeId,
    createdAt: now.toISOString(),
    version: redoubtVersion,
    base,
    snapshot: snapshot === null ? null : snapshotOf(staging, snapshot),
    log: await logOf(staging, log),
  };
}

function snapshotOf(staging: string, { description, facts }: CopiedSnapshot): BackupSnapshot {
  const { logTimeMs } = readSnapshot(join(staging, snapshotName));
  const { index, term, checksum, configuration } = description;
  return {
    name: snapshotName,
    bytes: facts.bytes,
    sha256: facts.sha256,
    index,
    term,
    checksum,
    configurationIndex: configuration.index,
    configuration: base64Of(encodeConfiguration(configuration.configuration)),
    crc32: facts.crc32,
    logTimeMs,
  };
}

async function logOf(staging: string, { anchor, facts }: CopiedLog): Promise<BackupLog> {
  const { last, lastTerm, firstLogTimeMs, lastLogTimeMs } = await logFacts(
    join(staging, entriesName),
    anchor,
  );
  return {
    name: entriesName,
    bytes: facts.bytes,
    sha256: facts.sha256,
    anchorIndex: anchor.index,
    anchorChecksum: anchor.checksum,
    lastIndex: last.index,
    lastChecksum: last.checksum,
    lastTerm,
    firstLogTimeMs,
    lastLogTimeMs,
  };
}
