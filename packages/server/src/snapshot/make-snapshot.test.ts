/** One snapshot after the other from a real log: what is right is kept, what fails leaves nothing behind. */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  applyBatch,
  auditDigest,
  BatchWriter,
  Keyspace,
  RdbReader,
  stateDigest,
} from "@redoubt/keyspace";
import { bootstrapLog, type LevelLog, openLog } from "@redoubt/level-log";
import {
  bootstrapEntries,
  type Entry,
  EntryKind,
  entryChecksum,
  type Persist,
  type SnapshotDescription,
} from "@redoubt/raft";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sparedShare } from "./constants.js";
import { FileSource } from "./files.js";
import { cancelledCode, SharedProgress, type SnapshotJob } from "./job.js";
import { makeSnapshot } from "./make-snapshot.js";
import { runJob } from "./run-job.js";

const clusterId = "snapshots";
const timing = { electionTimeoutMs: 500, clockDriftPercentMax: 10 };
const voters = [{ id: 1, incarnation: 1, peerAddress: "h:1" }];

const keys = null;
let directory = "";
let log: LevelLog;
let sequence = 0;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "redoubt-snapshot-"));
  const entries = bootstrapEntries({ clusterId, voters, votersOutgoing: [], learners: [], timing });
  const identity = { clusterId, nodeId: 1, incarnation: 1 };
  await bootstrapLog({ directory, identity, entries, hardState: { term: 1, vote: 0 } });
  sequence = 0;
  log = await open();
});
afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true });
});

function open(): Promise<LevelLog> {
  const onFatal = (error: Error): void => {
    throw error;
  };
  return openLog({ directory, nodeId: 1, clusterId, onFatal });
}

/** An entry a key: `count` keys from `first` on. */
async function write(first: number, count: number, value = "v".repeat(100)): Promise<void> {
  const last = log.initial.lastIndex + written.length;
  let checksum = written.at(-1)?.checksum ?? log.initial.lastChecksum;
  const entries: Entry[] = [];
  for (let at = 0; at < count; at++) {
    const batch = new BatchWriter();
    batch.putString(`key:${first + at}`, `${value}${at}`, 0);
    const payload = batch.take(1000 + last + at);
    const index = last + at + 1;
    checksum = entryChecksum(index, 1, EntryKind.batch, checksum, payload);
    entries.push({ index, term: 1, kind: EntryKind.batch, checksum, payload });
  }
  written.push(...entries);
  sequence += 1;
  const persist: Persist = { sequence, hardState: null, truncateFrom: 0, entries };
  await new Promise<void>((resolve) => log.persist(persist, resolve));
}

const smallDiskBytes = 8 * 1024 * 1024;

/** Needs the right to mount. */
function mountSmall(disk: string): boolean {
  try {
    const options = `size=${smallDiskBytes}`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let written: Entry[] = [];
beforeEach(() => {
  written = [];
});

function jobTo(entry: Entry, previous: SnapshotJob["previous"] = null): SnapshotJob {
  const { index, checksum } = entry;
  const path = join(directory, `to-${index}.rdb`);
  return {
    directory,
    previous,
    to: { index, checksum },
    path,
    keys,
    audited: null,
    shared: new SharedProgress().buffer,
  };
}

async function made(job: SnapshotJob): Promise<{ snapshot: SnapshotDescription; path: string }> {
  const outcome = await makeSnapshot(job);
  if (outcome.kind !== "done") throw new Error(outcome.message);
  return { snapshot: outcome.snapshot, path: job.path };
}

function stateIn(snapshot: SnapshotDescription, path: string, logTimeMs: number): string {
  const source = new FileSource(path, keys, snapshot);
  const reader = new RdbReader(source);
  const keyspace = new Keyspace();
  for (let part = reader.next(); part !== "end"; part = reader.next()) {
    if (part === "key") reader.loadInto(keyspace);
  }
  source.close();
  keyspace.logTimeMs = logTimeMs;
  return stateDigest(keyspace);
}

describe("a snapshot", () => {
  test("is made of the log, the next one of it and the rest: what the log makes of an empty state", async () => {
    await write(0, 30);
    const first = await made(jobTo(written.at(-1)!));
    await write(20, 30);
    const job = jobTo(written.at(-1)!, first);
    const second = await makeSnapshot(job);
    expect(second).toMatchObject({ kind: "done", keys: 50, effects: 30 });
    const { snapshot, path } = await made(job);
    const whole = await made({ ...jobTo(written.at(-1)!), path: join(directory, "whole.rdb") });
    const { payload } = written.at(-1)!;
    const logTimeMs = Buffer.from(payload).readDoubleBE(1);
    expect(stateIn(snapshot, path, logTimeMs)).toBe(stateIn(whole.snapshot, whole.path, logTimeMs));
    expect(snapshot.configuration.configuration.voters).toEqual(voters);
  });

  test("at a check index is compared with what most nodes hold there", async () => {
    await write(0, 30);
    const keyspace = new Keyspace();
    for (const { payload } of written) applyBatch(keyspace, payload);
    const job = jobTo(written.at(-1)!);
    const audited = auditDigest(keyspace, job.to.index);
    expect(await makeSnapshot({ ...job, audited })).toMatchObject({ isAudited: true });
    const other = { ...job, audited: "0".repeat(16) };
    expect(await makeSnapshot(other)).toMatchObject({ code: "SNAPSHOT_OTHER_STATE" });
    expect(existsSync(job.path)).toBe(false);
  });

  test("of a previous file that was changed is not made, and nothing is left of it", async () => {
    await write(0, 30);
    const first = await made(jobTo(written.at(-1)!));
    await write(20, 3);
    const bytes = readFileSync(first.path);
    for (const at of [0, 20, bytes.length >> 1, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(first.path, damaged);
      const job = jobTo(written.at(-1)!, first);
      expect(await makeSnapshot(job)).toMatchObject({ kind: "failed", logDamaged: false });
      expect(existsSync(job.path)).toBe(false);
    }
  });

  test("trap-25 of a log that is not the one written is damage of the log", async () => {
    await write(0, 30);
    const job = jobTo(written.at(-1)!);
    const { index, checksum } = job.to;
    const other = { ...job, to: { index, checksum: checksum ^ 1 } };
    expect(await makeSnapshot(other)).toMatchObject({ kind: "failed", logDamaged: true });
    const beyond = { ...job, to: { index: index + 1, checksum } };
    expect(await makeSnapshot(beyond)).toMatchObject({ kind: "failed", logDamaged: true });
    expect(existsSync(job.path)).toBe(false);
  });

  test("trap-29 that can't be written fails with the system's reason", async () => {
    await write(0, 3);
    const job = jobTo(written.at(-1)!);
    symlinkSync("/dev/full", job.path);
    expect(await makeSnapshot(job)).toMatchObject({ kind: "failed", code: "ENOSPC" });
    expect(existsSync("/dev/full")).toBe(true);
    expect(existsSync(job.path)).toBe(false);
    const nowhere = { ...job, path: join(directory, "nowhere", "x.rdb") };
    expect(await makeSnapshot(nowhere)).toMatchObject({ kind: "failed", code: "ENOENT" });
  });

  test("trap-29 that does not fit leaves the last of the disk to the log", async (context) => {
    const disk = join(directory, "small");
    mkdirSync(disk);
    if (!mountSmall(disk)) return context.skip("a tmpfs cannot be mounted here");
    try {
      await write(0, 30, "v".repeat(smallDiskBytes / 20));
      const job = { ...jobTo(written.at(-1)!), path: join(disk, "x.rdb") };
      expect(await makeSnapshot(job)).toMatchObject({ kind: "failed", code: "SNAPSHOT_NO_ROOM" });
      const { writtenBytes } = new SharedProgress(job.shared);
      expect(writtenBytes).toBeGreaterThan(smallDiskBytes / 2);
      expect(writtenBytes).toBeLessThanOrEqual(smallDiskBytes * (1 - sparedShare));
      expect(existsSync(job.path)).toBe(false);
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  test("trap-50 is given up when it is told to", async () => {
    await write(0, 100);
    const job = jobTo(written.at(-1)!);
    new SharedProgress(job.shared).cancel();
    expect(await makeSnapshot(job)).toMatchObject({ kind: "failed", code: cancelledCode });
    expect(existsSync(job.path)).toBe(false);
  });
});

test("trap-50 is given up wherever it is: in the log, in the file before it, in what was written", async () => {
  await write(0, 30);
  const first = await made(jobTo(written.at(-1)!));
  await write(20, 5);
  const job = jobTo(written.at(-1)!, first);
  let looks = 0;
  const counted = async (until: number) => {
    looks = 0;
    const shared = new SharedProgress();
    vi.spyOn(SharedProgress.prototype, "cancelled", "get").mockImplementation(
      () => ++looks > until,
    );
    try {
      return await makeSnapshot({ ...job, shared: shared.buffer });
    } finally {
      vi.restoreAllMocks();
    }
  };
  expect(await counted(Number.POSITIVE_INFINITY)).toMatchObject({ kind: "done" });
  const all = looks;
  // Five entries twice, at least a block and the end of each file, what is written, and once when all is done.
  expect(all).toBeGreaterThanOrEqual(2 * 5 + 2 * 2 + 2);
  for (let until = 0; until < all; until++) {
    expect(await counted(until)).toMatchObject({ kind: "failed", code: cancelledCode });
    expect(existsSync(job.path)).toBe(false);
  }
});

test("trap-38 a thread makes it while this one has the log open and writes", async () => {
  await write(0, 50);
  const job = jobTo(written.at(-1)!);
  const running = runJob(job);
  for (let round = 0; round < 20; round++) await write(round, 5);
  const outcome = await running.outcome;
  expect(outcome).toMatchObject({ kind: "done", keys: 50 });
  await write(0, 1);
  const again = runJob(jobTo(written.at(-1)!));
  again.cancel();
  expect(await again.outcome).toMatchObject({ kind: "failed", code: cancelledCode });
});
