/** For the tests of this package: directories that vanish, chained entries, a log in one line. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Entry,
  EntryKind,
  entryChecksum,
  type HardState,
  MessageType,
  type Persist,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";
import { bootstrapLog } from "./bootstrap.js";
import { realFiles } from "./files.js";
import { type LogIdentity, readIdentity } from "./identity.js";
import type { LevelLog } from "./level-log.js";
import { openLog } from "./open.js";
import { scanStore } from "./scan.js";
import { SnapshotFiles } from "./snapshots.js";
import { openStore } from "./store.js";
import { openWatermark } from "./watermark.js";

export const IDENTITY: LogIdentity = { clusterId: "cluster-a", nodeId: 1, incarnation: 1 };
export const BORN: HardState = { term: 0, vote: 0 };

/** Where entry lists begin: before the first entry. */
const ORIGIN = { index: 0, checksum: 0 };

export class TestDirectory {
  readonly path = mkdtempSync(join(tmpdir(), "level-log-"));
  #names = 0;

  /** A path inside that does not exist yet. */
  fresh(): string {
    this.#names++;
    return join(this.path, `d${this.#names}`);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Batches behind `after`, chained, one per payload. */
export function chain(
  payloads: readonly (string | Uint8Array)[],
  term = 1,
  after: { readonly index: number; readonly checksum: number } = ORIGIN,
): Entry[] {
  const entries: Entry[] = [];
  let previous = after;
  for (const content of payloads) {
    const payload = typeof content === "string" ? Buffer.from(content) : content;
    const index = previous.index + 1;
    const kind = EntryKind.batch;
    const checksum = entryChecksum(index, term, kind, previous.checksum, payload);
    previous = { index, checksum };
    entries.push({ index, term, kind, checksum, payload });
  }
  return entries;
}

export function persistOf(fields: Partial<Persist>): Persist {
  return { sequence: 0, hardState: null, truncateFrom: 0, entries: [], ...fields };
}

export function persist(log: LevelLog, fields: Partial<Persist>): Promise<void> {
  return new Promise((resolve) => log.persist(persistOf(fields), resolve));
}

export async function born(directory: string, entries: readonly Entry[] = []): Promise<LevelLog> {
  await bootstrapLog({ directory, identity: IDENTITY, entries, hardState: BORN });
  return openOrThrow(directory);
}

/** A fatal error nobody waited for fails the test as an unhandled exception. */
export function openOrThrow(directory: string): Promise<LevelLog> {
  const onFatal = (error: Error) => {
    throw error;
  };
  return openLog({ directory, nodeId: 1, clusterId: null, onFatal });
}

/** The configuration that every snapshot here was taken under. */
export const CONFIGURATION = {
  index: 1,
  configuration: {
    clusterId: IDENTITY.clusterId,
    voters: [{ id: 1, incarnation: 1, peerAddress: "127.0.0.1:7001" }],
    votersOutgoing: [],
    learners: [],
  },
};

/** A snapshot of the state after `last` that has these bytes. */
export function snapshotOf(
  last: { readonly index: number; readonly term: number; readonly checksum: number },
  bytes: Uint8Array,
): SnapshotDescription {
  const { index, term, checksum } = last;
  const digest = crc32(bytes);
  return { index, term, checksum, configuration: CONFIGURATION, bytes: bytes.length, digest };
}

/** As a worker would: written beside, synced, adopted. */
export async function adopt(
  log: LevelLog,
  last: Entry,
  bytes: Uint8Array,
  sent: readonly SnapshotDescription[] = [],
): Promise<boolean> {
  const path = log.snapshots.temporaryPath();
  writeFileSync(path, bytes);
  return log.snapshots.adopt(snapshotOf(last, bytes), path, () => sent);
}

/** As a leader sends it, in chunks of `chunkBytes`. Resolves with what the store says of it. */
export function receive(
  log: LevelLog,
  snapshot: SnapshotDescription,
  bytes: Uint8Array,
  chunkBytes = 1000,
): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    const data = bytes.subarray(offset, offset + chunkBytes);
    log.snapshots.write(chunkOf(snapshot, offset, data));
  }
  return new Promise((resolve) => log.snapshots.verify(snapshot, resolve));
}

export function chunkOf(
  snapshot: SnapshotDescription,
  offset: number,
  data: Uint8Array,
): SnapshotChunk {
  const envelope = { from: 2, to: 1, term: 1, incarnation: 1, toIncarnation: 1 };
  return { type: MessageType.snapshotChunk, ...envelope, snapshot, offset, data };
}

/** Everything a restart would see, comparable by `toEqual`. */
export function contents(log: LevelLog): {
  hardState: HardState;
  entries: unknown[];
  anchor: number;
  snapshot: unknown;
} {
  const { lastIndex, hardState, anchor = { index: 0 }, snapshot } = log.initial;
  const first = anchor.index + 1;
  const entries = lastIndex < first ? [] : log.readEntries(first, lastIndex, Infinity);
  return {
    hardState,
    entries: entries.map(plain),
    anchor: anchor.index,
    snapshot: snapshot === undefined ? null : { ...snapshot, data: dataOf(log, snapshot) },
  };
}

function dataOf(log: LevelLog, snapshot: SnapshotDescription): string {
  const source = log.snapshots.open(snapshot);
  const parts: Buffer[] = [];
  const target = Buffer.alloc(700);
  for (let bytes = source.read(target); bytes > 0; bytes = source.read(target)) {
    parts.push(Buffer.from(target.subarray(0, bytes)));
  }
  source.close();
  return Buffer.concat(parts).toString("latin1");
}

export function plain(entry: Entry): unknown {
  return { ...entry, payload: Buffer.from(entry.payload).toString("latin1") };
}

/** Opens, reads everything, closes; the code of the refusal when it does not open. */
export async function restart(directory: string): Promise<ReturnType<typeof contents> | string> {
  let log: LevelLog;
  try {
    log = await openOrThrow(directory);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return String(error.code);
  }
  const found = contents(log);
  await log.close();
  return found;
}

export function storeFiles(directory: string, suffix: string): string[] {
  const store = join(directory, "log", "store");
  const names = readdirSync(store).filter((name) => name.endsWith(suffix));
  return names.map((name) => join(store, name));
}

/** Bytes up to the last one that is not zero: behind it may be what was written ahead (log-space.ts). */
export function usedBytes(file: string): number {
  const bytes = readFileSync(file);
  let used = bytes.length;
  while (used > 0 && bytes[used - 1] === 0) used--;
  return used;
}

/**
 * What a crash leaves: the files as they are now, watermark before store, as the log itself would never
 * have the watermark ahead. The log may be open and writing.
 */
export function crashImage(from: string, to: string): void {
  const names = ["identity", "watermark", "store", "snapshots"];
  for (const name of names) {
    cpSync(join(from, "log", name), join(to, "log", name), { recursive: true });
  }
}

/** The parts of an opened log, for tests that put something else in the place of one. */
export async function openParts(directory: string, onFatal: (error: Error) => void) {
  const root = join(directory, "log");
  const { identity, stamp } = await readIdentity(realFiles, join(root, "identity"));
  const store = await openStore(join(root, "store"), false);
  const watermark = await openWatermark(realFiles, join(root, "watermark"));
  const scanned = await scanStore(store, stamp);
  const snapshots = new SnapshotFiles({
    files: realFiles,
    directory: join(root, "snapshots"),
    adopted: scanned.snapshot,
  });
  return { identity, store, watermark, scanned, snapshots, onFatal };
}
