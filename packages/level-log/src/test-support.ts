/** For the tests of this package: directories that vanish, chained entries, a log in one line. */

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, EntryKind, entryChecksum, type HardState, type Persist } from "@redoubt/raft";
import { bootstrapLog } from "./bootstrap.js";
import { type LogIdentity, readIdentity } from "./identity.js";
import type { LevelLog } from "./level-log.js";
import { openLog } from "./open.js";
import { scanStore } from "./scan.js";
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

/** Everything a restart would see, comparable by `toEqual`. */
export function contents(log: LevelLog): { hardState: HardState; entries: unknown[] } {
  const { lastIndex, hardState } = log.initial;
  const entries = lastIndex === 0 ? [] : log.readEntries(1, lastIndex, Infinity);
  return { hardState, entries: entries.map(plain) };
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

/**
 * What a crash leaves: the files as they are now, watermark before store, as the log itself would never
 * have the watermark ahead. The log may be open and writing.
 */
export function crashImage(from: string, to: string): void {
  const names = ["identity", "watermark", "store"];
  for (const name of names) {
    cpSync(join(from, "log", name), join(to, "log", name), { recursive: true });
  }
}

/** The parts of an opened log, for tests that put something else in the place of one. */
export async function openParts(directory: string, onFatal: (error: Error) => void) {
  const root = join(directory, "log");
  const { identity, stamp } = await readIdentity(join(root, "identity"));
  const store = await openStore(join(root, "store"), false);
  const watermark = await openWatermark(join(root, "watermark"));
  const scanned = await scanStore(store, stamp);
  return { identity, store, watermark, scanned, onFatal };
}
