/**
 * manifest.json of a backup: what is in it, and the digest of every file. Its own digest is its last line, so that
 * a change of any byte, of a blank even, is seen.
 *
 *   backup/manifest.json
 *   backup/snapshot.rdb     state after entry `snapshot.index`; absent when the log begins with the first entry
 *   backup/log.entries      the entries behind it
 */

import { createHash } from "node:crypto";
import { CarryError } from "./errors.js";

export const manifestName = "manifest.json";
export const snapshotName = "snapshot.rdb";
export const entriesName = "log.entries";

/** Raised when an older `redoubt` could no longer restore what is written. */
const formatVersion = 1;

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface BackupSnapshot extends BackupFile {
  readonly index: number;
  readonly term: number;
  /** Chain checksum of that entry. */
  readonly checksum: number;
  readonly configurationIndex: number;
  /** `encodeConfiguration`, base64. */
  readonly configuration: string;
  /** zlib's, over the file. */
  readonly crc32: number;
  /** Milliseconds since the epoch: log time of the state. */
  readonly logTimeMs: number;
}

export interface BackupLog extends BackupFile {
  /** What the first entry is chained to. */
  readonly anchorIndex: number;
  readonly anchorChecksum: number;
  /** The anchor's when there is no entry. */
  readonly lastIndex: number;
  readonly lastChecksum: number;
  /** Term of the last entry; 0: there is none. */
  readonly lastTerm: number;
  /** Of the first and last batch; 0: there is none. */
  readonly firstLogTimeMs: number;
  readonly lastLogTimeMs: number;
}

/** The backup this one goes on from: it has no snapshot of its own then. */
export interface BackupBase {
  /** Of its directory, beside this one. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: string;
}

export interface Manifest {
  readonly clusterId: string;
  readonly nodeId: number;
  /** ISO 8601, the clock of the machine that made it. */
  readonly createdAt: string;
  /** Of the program that made it. */
  readonly version: string;
  readonly base: BackupBase | null;
  readonly snapshot: BackupSnapshot | null;
  readonly log: BackupLog;
}

export function encodeManifest(manifest: Manifest): string {
  const body = { format: formatVersion, ...manifest };
  return `${JSON.stringify({ ...body, sha256: digestOf(body) }, null, 2)}\n`;
}

/** The one an increment names its base by. */
export function manifestDigest(manifest: Manifest): string {
  return digestOf({ format: formatVersion, ...manifest });
}

/** Throws DAMAGED, or UNSUPPORTED for a format this program does not know. */
export function decodeManifest(text: string, path: string): Manifest {
  const parsed = parse(text, path);
  if (typeof parsed !== "object" || parsed === null) throw damaged(path);
  const { format, sha256, ...rest } = parsed as Record<string, unknown>;
  if (Number.isInteger(format) && format !== formatVersion) {
    const line = `${path} is of format ${String(format)}: another version of redoubt made it`;
    throw new CarryError("UNSUPPORTED", line);
  }
  const manifest = rest as unknown as Manifest;
  const isWhole = typeof sha256 === "string" && encodeManifest(manifest) === text;
  if (!isWhole) throw damaged(path);
  return manifest;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, cause?: unknown): CarryError {
  return new CarryError("DAMAGED", `${path} is not as it was written`, cause);
}

function digestOf(body: object): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
