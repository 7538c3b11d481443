/** What a synced entry costs the thread that executes: with the log in it, and with the log in a thread of its own. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapLog, openLog } from "@redoubt/level-log";
import { type Entry, EntryKind, entryChecksum, type Persist } from "@redoubt/raft";
import { nextMessage, startThread } from "./start-thread.js";
import { ownThread, taken, takenByAll, timesOf } from "./thread-time.js";

/** Payload bytes of an entry: one SET of 64 B, and 35 of them. */
export const ENTRY_SIZES = [100, 3_500] as const;

export interface LogFigures {
  /** Entries a second, one behind the other. */
  readonly perSecond: number;
  /** Microseconds of processor time an entry: of the thread that executes, and of all others. */
  readonly main: number;
  readonly others: number;
}

/** Makes an entry durable, then calls back. */
export type PersistEntry = (entry: Entry, done: () => void) => void;

export async function measureLog(
  inThread: boolean,
  bytes: number,
  seconds: number,
): Promise<LogFigures> {
  const directory = mkdtempSync(join(tmpdir(), "redoubt-bench-"));
  const identity = { clusterId: "bench", nodeId: 1, incarnation: 1 };
  await bootstrapLog({ directory, identity, entries: [], hardState: { term: 1, vote: 0 } });
  const { persist, close } = await (inThread ? logThere(directory) : logHere(directory));
  try {
    const entries = chain(bytes);
    await forSeconds(persist, entries, seconds / 2);
    const before = timesOf(process.pid);
    const { count, ms } = await forSeconds(persist, entries, seconds);
    const after = timesOf(process.pid);
    const main = taken(before, after, ownThread());
    const each = (nanoseconds: number): number => nanoseconds / 1000 / count;
    const others = takenByAll(before, after) - main;
    return { perSecond: (count / ms) * 1000, main: each(main), others: each(others) };
  } finally {
    await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface OpenLog {
  readonly persist: PersistEntry;
  close(): Promise<unknown>;
}

export async function logHere(directory: string): Promise<OpenLog> {
  const onFatal = (error: Error): never => {
    throw error;
  };
  const log = await openLog({ directory, nodeId: 1, clusterId: null, onFatal });
  let sequence = 0;
  return {
    persist: (entry, done) => {
      sequence += 1;
      const persist: Persist = { sequence, hardState: null, truncateFrom: 0, entries: [entry] };
      log.persist(persist, done);
    },
    close: () => log.close(),
  };
}

/** Entries are copied into the other thread: this one still sends them, and may have to take them back. */
async function logThere(directory: string): Promise<OpenLog> {
  const worker = startThread("./log-thread.ts");
  worker.postMessage(directory);
  await nextMessage(worker);
  const waiting: (() => void)[] = [];
  worker.on("message", () => waiting.shift()!());
  return {
    persist: (entry, done) => {
      waiting.push(done);
      worker.postMessage({ ...entry, payload: new Uint8Array(entry.payload) });
    },
    close: async () => {
      worker.postMessage(null);
      await once(worker, "exit");
    },
  };
}

/** Entries of a chain without end. */
function* chain(bytes: number): Generator<Entry, never> {
  const payload = Buffer.alloc(bytes, "v");
  let checksum = 0;
  for (let index = 1; ; index++) {
    checksum = entryChecksum(index, 1, EntryKind.batch, checksum, payload);
    yield { index, term: 1, kind: EntryKind.batch, checksum, payload };
  }
}

function forSeconds(
  persist: PersistEntry,
  entries: Generator<Entry, never>,
  seconds: number,
): Promise<{ count: number; ms: number }> {
  const startedMs = performance.now();
  let count = -1;
  return new Promise((resolve) => {
    const next = (): void => {
      count += 1;
      const ms = performance.now() - startedMs;
      if (ms < seconds * 1000) persist(entries.next().value, next);
      else resolve({ count, ms });
    };
    next();
  });
}
