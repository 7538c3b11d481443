/**
 * Who this directory belongs to: one line of JSON, then its CRC-32C in hex. Readable by an operator,
 * written once, at birth. Its CRC is stamped into the store's meta record, so the two vouch for each
 * other.
 */

import { crc32c, type NodeId } from "@redoubt/raft";
import { assert } from "./assert.js";
import { ENCRYPTED_FORMAT, FORMAT_VERSION, FORMAT_VERSION_MIN } from "./constants.js";
import { codeOf, DataMissingError, IdentityMismatchError, LogDamagedError } from "./errors.js";
import { type Files, readWhole, replaceFile } from "./files.js";

export interface LogIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** From 1; raised each time this node is reborn with an empty directory. */
  readonly incarnation: number;
}

export interface IdentityFile {
  readonly identity: LogIdentity;
  /** Log and snapshots are, from birth on: there is a keys file. */
  readonly encrypted: boolean;
  /** CRC of the line, kept in the store's meta record. */
  readonly stamp: number;
}

export async function writeIdentity(
  files: Files,
  path: string,
  identity: LogIdentity,
  encrypted: boolean,
): Promise<number> {
  assert(identity.clusterId.length > 0, "a cluster id is not empty");
  assert(isNatural(identity.nodeId), "a node id is an integer from 1");
  assert(isNatural(identity.incarnation), "an incarnation is an integer from 1");
  const { clusterId, nodeId, incarnation } = identity;
  const fields = encrypted
    ? { format: ENCRYPTED_FORMAT, clusterId, nodeId, incarnation, encrypted }
    : { format: FORMAT_VERSION, clusterId, nodeId, incarnation };
  const line = JSON.stringify(fields);
  const stamp = crc32c(Buffer.from(line));
  await replaceFile(files, path, Buffer.from(`${line}\n${hex(stamp)}\n`));
  return stamp;
}

export async function readIdentity(files: Files, path: string): Promise<IdentityFile> {
  const text = await readText(files, path);
  const [line = "", checksum = "", rest, ...more] = text.split("\n");
  const stamp = crc32c(Buffer.from(line));
  if (rest !== "" || more.length > 0 || checksum !== hex(stamp)) {
    throw new LogDamagedError("the identity file does not verify", path);
  }
  return { ...parseIdentity(line, path), stamp };
}

/** Throws unless the directory is the one the node was told to use. `clusterId` null: any. */
export function checkIdentity(
  found: LogIdentity,
  expected: { readonly nodeId: NodeId; readonly clusterId: string | null },
): void {
  if (found.nodeId !== expected.nodeId) {
    throw new IdentityMismatchError(
      `this directory belongs to node ${found.nodeId}, not to node ${expected.nodeId}`,
    );
  }
  if (expected.clusterId !== null && found.clusterId !== expected.clusterId) {
    throw new IdentityMismatchError(
      `this directory belongs to cluster ${found.clusterId}, not to cluster ${expected.clusterId}`,
    );
  }
}

async function readText(files: Files, path: string): Promise<string> {
  try {
    return (await readWhole(files, path)).toString();
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new DataMissingError(`the identity file is missing (${path})`, { cause: error });
  }
}

/** `line` verified, so a wrong shape is another version of this program, not damage. */
function parseIdentity(line: string, path: string): Omit<IdentityFile, "stamp"> {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const { format, clusterId, nodeId, incarnation } = fields;
  if (!isNatural(format) || format < FORMAT_VERSION_MIN || format > ENCRYPTED_FORMAT) {
    throw new IdentityMismatchError(
      `this directory has format ${String(format)}; this version reads formats ${FORMAT_VERSION_MIN} to ${ENCRYPTED_FORMAT}`,
    );
  }
  if (typeof clusterId !== "string" || !isNatural(nodeId) || !isNatural(incarnation)) {
    throw new LogDamagedError("the identity file lacks a field", path);
  }
  const encrypted = format === ENCRYPTED_FORMAT;
  return { identity: { clusterId, nodeId, incarnation }, encrypted };
}

function isNatural(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
