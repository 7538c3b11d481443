/**
 * One snapshot from the previous one and the log behind it, written, synced and read back. Runs in a thread of its
 * own (snapshot-thread.ts) and never holds the dataset (replica/snapshot-builder).
 */

import { rmSync } from "node:fs";
import { auditSum, batchEffectCount } from "@redoubt/keyspace";
import { LogDamagedError, openLogReader } from "@redoubt/level-log";
import { type Entry, EntryKind } from "@redoubt/raft";
import { buildSnapshot, type SnapshotFacts, verifySnapshot } from "@redoubt/replica";
import { errnoOf } from "../gateway/errors.js";
import { FileDamagedError, FileSink, FileSource } from "./files.js";
import {
  cancelledCode,
  otherStateCode,
  SharedProgress,
  type SnapshotDone,
  type SnapshotFailed,
  type SnapshotJob,
  type SnapshotOutcome,
} from "./job.js";

/** Never rejects. What it has written is there when it is done, and gone when it failed. */
export async function makeSnapshot(job: SnapshotJob): Promise<SnapshotOutcome> {
  try {
    return await make(job, new SharedProgress(job.shared));
  } catch (error) {
    rmSync(job.path, { force: true });
    return failure(error);
  }
}

async function make(job: SnapshotJob, progress: SharedProgress): Promise<SnapshotDone> {
  const startedMs = performance.now();
  const look = (): void => {
    if (progress.cancelled) throw new CancelledError();
  };
  const sink = new FileSink(job.path, job.keys, (bytes) => {
    look();
    progress.wrote(bytes);
  });
  const read: LogRead = { effects: 0, bytes: 0, look };
  let built: SnapshotFacts;
  try {
    built = await build(job, sink, read);
    sink.end();
  } finally {
    sink.close();
  }
  const builtMs = performance.now();
  const { bytes, digest } = sink;
  const found = verify(job, { bytes, digest }, look);
  demandSame(found, built, job);
  look();
  const { index, term, checksum, configuration, stateDigest, keys } = built;
  return {
    kind: "done",
    snapshot: { index, term, checksum, configuration, bytes, digest },
    keys,
    stateDigest,
    isAudited: job.audited !== null,
    effects: read.effects,
    logBytes: read.bytes,
    buildMs: builtMs - startedMs,
    verifyMs: performance.now() - builtMs,
  };
}

interface LogRead {
  effects: number;
  bytes: number;
  /** Throws CancelledError: each pass over a file or the log looks, since each may be a long one. */
  readonly look: () => void;
}

async function build(job: SnapshotJob, sink: FileSink, read: LogRead): Promise<SnapshotFacts> {
  const { directory, previous, to, keys } = job;
  const log = await openLogReader(directory, keys);
  const sources: FileSource[] = [];
  try {
    const { index, checksum } = previous?.snapshot ?? { index: 0, checksum: 0 };
    return buildSnapshot(
      {
        previous:
          previous === null
            ? null
            : {
                snapshot: previous.snapshot,
                open: () => {
                  const source = new FileSource(previous.path, keys, previous.snapshot, read.look);
                  sources.push(source);
                  return source;
                },
              },
        entries: () => checked(log.entries({ index, checksum }, to.index), job, read),
        to: to.index,
      },
      sink,
    );
  } finally {
    for (const source of sources) source.close();
    await log.close();
  }
}

/** Ends with the entry it should end with. The log is read more than once: what counts is one time. */
function* checked(
  entries: Iterable<Entry>,
  { to, directory }: SnapshotJob,
  read: LogRead,
): Generator<Entry> {
  read.effects = 0;
  read.bytes = 0;
  let last = { index: 0, checksum: 0 };
  for (const entry of entries) {
    read.look();
    last = entry;
    read.bytes += entry.payload.length;
    if (entry.kind === EntryKind.batch) read.effects += batchEffectCount(entry.payload);
    yield entry;
  }
  if (last.index !== to.index || last.checksum !== to.checksum) {
    throw new LogDamagedError(`entry ${to.index} is not the one written`, directory);
  }
}

/** What is on the disk, read as a restart reads it. */
function verify(
  { path, keys, to, audited }: SnapshotJob,
  written: { readonly bytes: number; readonly digest: number },
  look: () => void,
): SnapshotFacts {
  const source = new FileSource(path, keys, written, look);
  const sum = audited === null ? null : auditSum(to.index);
  try {
    const facts = verifySnapshot(source, sum);
    // Its end, and with it the CRC of all bytes.
    const rest = source.read(Buffer.allocUnsafe(1));
    if (rest !== 0) throw new FileDamagedError(path);
    // What is wrong in a snapshot shows nowhere else: it was read back as it was written.
    if (sum !== null && sum.digest(facts.logTimeMs) !== audited) throw new OtherStateError();
    return facts;
  } finally {
    source.close();
  }
}

/** The file says the same as whoever wrote it, and as the log. */
function demandSame(found: SnapshotFacts, built: SnapshotFacts, { to }: SnapshotJob): void {
  const same =
    found.index === built.index &&
    found.term === built.term &&
    found.checksum === built.checksum &&
    found.stateDigest === built.stateDigest &&
    found.keys === built.keys &&
    found.configuration.index === built.configuration.index &&
    built.index === to.index &&
    built.checksum === to.checksum;
  if (!same) throw new ReadBackError();
}

function failure(error: unknown): SnapshotFailed {
  return {
    kind: "failed",
    code: errnoOf(error),
    message: error instanceof Error ? error.message : String(error),
    logDamaged: error instanceof LogDamagedError,
  };
}

class CancelledError extends Error {
  readonly code = cancelledCode;
  override readonly name = "CancelledError";
}

class OtherStateError extends Error {
  readonly code = otherStateCode;
  override readonly name = "OtherStateError";

  constructor() {
    super("a snapshot does not hold the state that most nodes had at its entry");
  }
}

class ReadBackError extends Error {
  readonly code = "SNAPSHOT_READ_BACK";
  override readonly name = "ReadBackError";

  constructor() {
    super("a snapshot that was read back is not the one written");
  }
}
