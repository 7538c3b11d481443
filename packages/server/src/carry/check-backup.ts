/**
 * A backup looked through as a whole: the manifest, size and digest of each file, the chain of the entries from the
 * snapshot on, every key of the snapshot and its state's digest. An increment is checked with all it goes on from.
 */

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { decodeConfiguration, encodeConfiguration, type SnapshotDescription } from "@redoubt/raft";
import { type SnapshotFacts, verifySnapshot } from "@redoubt/replica";
import type { Anchor } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { factsOfFile } from "./hashed-file.js";
import { asCarryError, Slices } from "./import-check.js";
import { type LogFacts, logFacts } from "./log-facts.js";
import {
  type BackupFile,
  type BackupLog,
  type BackupSnapshot,
  decodeManifest,
  type Manifest,
  manifestDigest,
  manifestName,
} from "./manifest.js";
import { RdbFile } from "./rdb-file.js";

/** One directory, checked. */
export interface BackupPart {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly facts: LogFacts;
}

export interface CheckedBackup {
  /** From the full one to the one that was named: each goes on where the one before ends. */
  readonly parts: readonly [BackupPart, ...BackupPart[]];
  /** null: the log begins with the first entry ever. */
  readonly snapshot: SnapshotDescription | null;
}

/** Increments of increments; more is somebody's loop. */
const partsMax = 10_000;

/** Rejects with DAMAGED, UNSUPPORTED (of another version), or the system's error. `untilMs` as in `logFacts`. */
export async function checkBackup(directory: string, untilMs?: number): Promise<CheckedBackup> {
  const parts: BackupPart[] = [];
  let path: string | null = resolve(directory);
  let wanted: string | null = null;
  while (path !== null) {
    const manifest = readManifest(path);
    if (wanted !== null && manifestDigest(manifest) !== wanted) {
      throw damaged(path, "it is not the backup that the later one goes on from");
    }
    parts.unshift(await checkPart(path, manifest, untilMs));
    wanted = manifest.base?.digest ?? null;
    path = manifest.base === null ? null : join(dirname(path), manifest.base.name);
    if (parts.length > partsMax) throw damaged(directory, "it goes on from itself");
  }
  checkSequence(parts);
  const [first, ...rest] = parts as [BackupPart, ...BackupPart[]];
  const { snapshot } = first.manifest;
  return {
    parts: [first, ...rest],
    snapshot: snapshot === null ? null : descriptionOf(snapshot),
  };
}

/** Rejects with DAMAGED, UNSUPPORTED. Its files are not looked at. */
export function readManifest(directory: string): Manifest {
  const path = join(directory, manifestName);
  return decodeManifest(readFileSync(path, "utf8"), path);
}

export function anchorOf({ anchorIndex, anchorChecksum }: BackupLog): Anchor {
  return { index: anchorIndex, checksum: anchorChecksum };
}

export function lastOf({ lastIndex, lastChecksum }: BackupLog): Anchor {
  return { index: lastIndex, checksum: lastChecksum };
}

function descriptionOf(snapshot: BackupSnapshot): SnapshotDescription {
  return {
    index: snapshot.index,
    term: snapshot.term,
    checksum: snapshot.checksum,
    configuration: {
      index: snapshot.configurationIndex,
      configuration: decodeConfiguration(Buffer.from(snapshot.configuration, "base64")),
    },
    bytes: snapshot.bytes,
    digest: snapshot.crc32,
  };
}

async function checkPart(
  directory: string,
  manifest: Manifest,
  untilMs: number | undefined,
): Promise<BackupPart> {
  const { snapshot, log } = manifest;
  if (snapshot !== null) {
    await checkFile(directory, snapshot);
    checkSnapshot(join(directory, snapshot.name), snapshot, manifest.clusterId);
    const joined = snapshot.index === log.anchorIndex && snapshot.checksum === log.anchorChecksum;
    if (!joined) throw damaged(directory, "its log does not begin behind its snapshot");
  }
  await checkFile(directory, log);
  const facts = await logFacts(join(directory, log.name), anchorOf(log), untilMs);
  const isIt =
    facts.last.index === log.lastIndex &&
    facts.last.checksum === log.lastChecksum &&
    facts.lastTerm === log.lastTerm &&
    facts.firstLogTimeMs === log.firstLogTimeMs &&
    facts.lastLogTimeMs === log.lastLogTimeMs;
  if (!isIt) throw damaged(join(directory, log.name), "it is not the log that the manifest names");
  return { directory, manifest, facts };
}

async function checkFile(directory: string, { name, bytes, sha256 }: BackupFile): Promise<void> {
  const path = join(directory, name);
  const walk = factsOfFile(path);
  const slices = new Slices();
  let step = walk.next();
  for (; step.done !== true; step = walk.next()) await slices.yielded();
  const isIt = step.value.bytes === bytes && step.value.sha256 === sha256;
  if (!isIt) throw damaged(path, "it is not the file that was written");
}

/**
 * Read back key by key: the state has the digest that was taken while it was written. The members it names are those
 * of the manifest, but in a recovered cluster, which goes on with a file of the old one (cli/redoubt-recover).
 */
function checkSnapshot(path: string, snapshot: BackupSnapshot, clusterId: string): void {
  const facts = readSnapshot(path);
  const { index, configuration } = facts.configuration;
  const isOwn = configuration.clusterId === clusterId;
  const isIt =
    facts.index === snapshot.index &&
    facts.term === snapshot.term &&
    facts.checksum === snapshot.checksum &&
    facts.logTimeMs === snapshot.logTimeMs &&
    index === snapshot.configurationIndex &&
    (!isOwn || base64Of(encodeConfiguration(configuration)) === snapshot.configuration);
  if (!isIt) throw damaged(path, "it is not the snapshot that the manifest names");
}

/** Throws DAMAGED. */
export function readSnapshot(path: string): SnapshotFacts {
  const file = new RdbFile(path);
  try {
    return verifySnapshot(file);
  } catch (error) {
    throw asCarryError(error, path);
  } finally {
    file.close();
  }
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function checkSequence(parts: readonly BackupPart[]): void {
  for (const [at, { directory, manifest }] of parts.entries()) {
    const { base, snapshot, log, clusterId } = manifest;
    const before = parts[at - 1]?.manifest ?? null;
    if (before === null) {
      if (snapshot === null && log.anchorIndex !== 0)
        throw damaged(directory, "its beginning is missing");
      continue;
    }
    const goesOn =
      base !== null &&
      snapshot === null &&
      clusterId === before.clusterId &&
      log.anchorIndex === before.log.lastIndex &&
      log.anchorChecksum === before.log.lastChecksum;
    if (!goesOn) throw damaged(directory, "it does not go on where the one before ends");
  }
}

function damaged(path: string, what: string): CarryError {
  return new CarryError("DAMAGED", `${path}: ${what}`);
}
