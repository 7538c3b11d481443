/** Trimming, snapshots that this node made, and snapshots that it was sent, on a real disk. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, describe, expect, test } from "vitest";
import { RECEIVE_BACKLOG_BYTES_MAX, TRIM_STEP_ENTRIES } from "./constants.js";
import { realDisk } from "./disk.js";
import { type Files, realFiles } from "./files.js";
import type { LevelLog } from "./level-log.js";
import { openLogReader } from "./log-reader.js";
import { openLog } from "./open.js";
import { decodeEntryKey } from "./records.js";
import {
  adopt,
  born,
  chain,
  chunkOf,
  openOrThrow,
  persist,
  plain,
  receive,
  restart,
  snapshotOf,
  TestDirectory,
} from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

function snapshotNames(path: string): string[] {
  return readdirSync(join(path, "log", "snapshots"));
}

/** Indexes of the entries that the store of a closed log still has. */
async function storedIndexes(path: string): Promise<number[]> {
  const database = new Level<Uint8Array, Uint8Array>(join(path, "log", "store"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  const found = new Set<number>();
  for await (const key of database.keys()) {
    const entry = decodeEntryKey(Buffer.from(key));
    if (entry !== null) found.add(entry.index);
  }
  await database.close();
  return [...found];
}

/** Everything before the anchor is deleted. */
async function trimmed(log: LevelLog): Promise<void> {
  while (!log.trimIdle) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("a snapshot of this node's own", () => {
  test("is adopted, the log is trimmed behind it, and both are there after a restart", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c", "d"]);
    const log = await born(path, entries);
    const state = Buffer.from("state after c");
    expect(await adopt(log, entries[2]!, state)).toBe(true);
    const snapshot = snapshotOf(entries[2]!, state);
    expect(log.snapshots.newest()).toEqual(snapshot);
    await persist(log, { trimTo: 2 });
    expect(() => log.readEntries(2, 3, 100)).toThrow("durable entries");
    await trimmed(log);
    await log.close();
    const again = await openOrThrow(path);
    expect(again.initial).toMatchObject({
      anchor: { index: 2, term: 1, checksum: entries[1]!.checksum },
      snapshot,
      lastIndex: 4,
      termRuns: [[3, 1]],
    });
    expect(again.readEntries(3, 4, Infinity).map(plain)).toEqual(entries.slice(2).map(plain));
    const more = chain(["e"], 2, entries[3]);
    await persist(again, { entries: more });
    await again.close();
    expect(await restart(path)).toMatchObject({ anchor: 2, entries: [{}, {}, { index: 5 }] });
    expect(await storedIndexes(path)).toEqual([3, 4, 5]);
  });

  test("takes the place of the older one, whose file goes unless a peer is being sent it", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c", "d"]);
    const log = await born(path, entries);
    const [first, second, third] = entries.map((entry) => snapshotOf(entry, Buffer.from("state")));
    const state = Buffer.from("state");
    await adopt(log, entries[0]!, state);
    await adopt(log, entries[1]!, state, [first!]);
    expect(log.snapshots.read(first!, 0, 3)).toEqual(Buffer.from("sta"));
    expect(log.snapshots.read(second!, 3, 100)).toEqual(Buffer.from("te"));
    await adopt(log, entries[2]!, state, [second!]);
    expect(log.snapshots.read(first!, 0, 3)).toBeNull();
    expect(log.snapshots.read(second!, 0, 3)).toEqual(Buffer.from("sta"));
    expect(log.snapshots.newest()).toEqual(third);
    await log.close();
    expect(snapshotNames(path)).toHaveLength(2);
    expect(await restart(path)).toMatchObject({ snapshot: third });
    expect(snapshotNames(path)).toHaveLength(1);
  });

  test("trap-50 an older one than the adopted, or one begun before an install, is refused and gone", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c"]);
    const log = await born(path, entries);
    await adopt(log, entries[1]!, Buffer.from("two"));
    expect(await adopt(log, entries[0]!, Buffer.from("one"))).toBe(false);
    expect(await adopt(log, entries[1]!, Buffer.from("two again"))).toBe(false);

    const state = Buffer.from("state of nine");
    const nine = snapshotOf({ index: 9, term: 4, checksum: 99 }, state);
    expect(await receive(log, nine, state)).toBe(true);
    const { generation } = log.snapshots;
    const temporary = log.snapshots.temporaryPath();
    writeFileSync(temporary, "three");
    const three = snapshotOf(entries[2]!, Buffer.from("three"));
    // 1. The worker's file is renamed. 2. The install is handed over. 3. The record would be written.
    const adopted = log.snapshots.adopt(three, temporary, () => [], generation);
    const installed = persist(log, { install: nine });
    expect(log.snapshots.generation).toBe(generation + 1);
    expect(await adopted).toBe(false);
    await installed;
    await trimmed(log);
    await log.close();
    expect(snapshotNames(path)).toHaveLength(1);
    expect(await restart(path)).toMatchObject({ anchor: 9, snapshot: nine, entries: [] });
  });

  test("trap-50 what is begun while an install is on its way to the disk is of no use, either", async () => {
    const path = directory.fresh();
    const log = await born(path, chain(["a", "b", "c"]));
    const state = Buffer.from("state of nine");
    const nine = snapshotOf({ index: 9, term: 4, checksum: 99 }, state);
    expect(await receive(log, nine, state)).toBe(true);
    // 1. The install is handed over. 2. A thread begins to read the old log. 3. The install is durable: that log is gone.
    const installed = persist(log, { install: nine });
    const { generation } = log.snapshots;
    expect(log.snapshots.newest()).toBeNull();
    const reader = await openLogReader(path);
    const read = () => [...reader.entries({ index: 0, checksum: 0 }, 3)];
    await installed;
    await trimmed(log);
    expect(read).toThrow("entry 1 is missing");
    expect(log.snapshots.generation).not.toBe(generation);
    await reader.close();
    await log.close();
  });

  test("trimming without a snapshot is a broken invariant", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b"]);
    await (await born(path, entries)).close();
    const fatal: Error[] = [];
    const log = await openLog({
      directory: path,
      nodeId: 1,
      clusterId: null,
      onFatal: (error) => fatal.push(error),
    });
    log.persist({ sequence: 1, hardState: null, truncateFrom: 0, entries: [], trimTo: 1 }, () => {
      fatal.push(new Error("done"));
    });
    await log.close();
    expect(fatal).toMatchObject([{ message: "what is trimmed is in a snapshot" }]);
    expect(await restart(path)).toMatchObject({ anchor: 0, snapshot: null });
  });
});

describe("trimming", () => {
  test("of many entries is one small batch, and small deletions behind it", async () => {
    const path = directory.fresh();
    const count = TRIM_STEP_ENTRIES + 100;
    const entries = chain(Array.from({ length: count }, (_, at) => `payload ${at}`));
    const log = await born(path, entries);
    await adopt(log, entries[count - 2]!, Buffer.from("state"));
    const syncs = log.syncs;
    await persist(log, { trimTo: count - 1 });
    expect(log.syncs).toBe(syncs + 1);
    await trimmed(log);
    await log.close();
    expect(await storedIndexes(path)).toEqual([count]);
  });

  test("trap-28 what is not deleted yet is not looked at, and is deleted after the next start", async () => {
    const path = directory.fresh();
    const large = new Uint8Array(3_000_000);
    const entries = chain([large, "b", "c", "d", "e"]);
    const log = await born(path, entries);
    await adopt(log, entries[3]!, Buffer.from("state"));
    // Closed at once: nothing was deleted.
    await persist(log, { trimTo: 3 });
    await log.close();
    expect(await storedIndexes(path)).toEqual([1, 2, 3, 4, 5]);
    const again = await openOrThrow(path);
    expect(again.initial).toMatchObject({ anchor: { index: 3 }, lastIndex: 5 });
    await trimmed(again);
    await again.close();
    expect(await storedIndexes(path)).toEqual([4, 5]);
  });

  test("an epoch goes on behind the anchor: what was truncated before does not come back", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c", "d"]);
    const log = await born(path, entries);
    const fresh = chain(["D", "E"], 2, entries[2]);
    await persist(log, { truncateFrom: 4, entries: fresh });
    await adopt(log, fresh[1]!, Buffer.from("state"));
    await persist(log, { trimTo: 5 });
    await log.close();
    expect(await restart(path)).toMatchObject({ anchor: 5, entries: [] });
  });
});

describe("a snapshot that a leader sends", () => {
  const state = Buffer.from("x".repeat(5000));
  const nine = snapshotOf({ index: 9, term: 4, checksum: 99 }, state);

  async function installed(path: string): Promise<LevelLog> {
    const log = await born(path, chain(["a", "b", "c"]));
    expect(await receive(log, nine, state)).toBe(true);
    expect(log.snapshots.newest()).toBeNull();
    const entries = chain(["ten"], 5, nine);
    await persist(log, { install: nine, entries, hardState: { term: 5, vote: 2 } });
    expect(log.snapshots.newest()).toEqual(nine);
    return log;
  }

  test("trap-22 takes the place of the log in one Persist, with the entries behind it", async () => {
    const path = directory.fresh();
    const log = await installed(path);
    expect(log.readEntries(10, 10, 0)).toMatchObject([{ index: 10, term: 5 }]);
    await trimmed(log);
    await log.close();
    expect(await restart(path)).toMatchObject({
      anchor: 9,
      snapshot: nine,
      hardState: { term: 5, vote: 2 },
      entries: [{ index: 10 }],
    });
    expect(await storedIndexes(path)).toEqual([10]);
  });

  test("of an index inside a log of another history: nothing of that is left behind it", async () => {
    const path = directory.fresh();
    const log = await born(path, chain(Array.from({ length: 20 }, String)));
    await receive(log, nine, state);
    await persist(log, { install: nine });
    await log.close();
    expect(await restart(path)).toMatchObject({ anchor: 9, entries: [] });
    expect((await storedIndexes(path)).every((index) => index <= 9)).toBe(true);
  });

  test("is refused and gone when one bit is wrong", async () => {
    const path = directory.fresh();
    const log = await born(path);
    const wrong = Buffer.from(state);
    wrong[2500]! ^= 1;
    expect(await receive(log, nine, wrong)).toBe(false);
    expect(snapshotNames(path)).toEqual([]);
    expect(await receive(log, nine, state)).toBe(true);
    await log.close();
  });

  test("that began and was not finished is gone after a restart", async () => {
    const path = directory.fresh();
    const log = await born(path);
    void receive(log, { ...nine, bytes: 5000 }, state);
    await log.close();
    expect(await restart(path)).toMatchObject({ snapshot: null });
    expect(snapshotNames(path)).toEqual([]);
  });

  test("trap-47 an install raises the epoch: an older watermark says nothing", async () => {
    const path = directory.fresh();
    const log = await born(path, chain(Array.from({ length: 20 }, String)));
    const mark = readFileSync(join(path, "log", "watermark"));
    await receive(log, nine, state);
    await persist(log, { install: nine });
    await log.close();
    writeFileSync(join(path, "log", "watermark"), mark);
    expect(await restart(path)).toMatchObject({ anchor: 9, entries: [] });
  });
});

describe("the log read by another thread of the process", () => {
  test("is what is durable, verified, as often as asked", async () => {
    const path = directory.fresh();
    const entries = chain(["a", new Uint8Array(3_000_000), "c"]);
    const log = await born(path, entries);
    const reader = await openLogReader(path);
    const more = chain(["d"], 2, entries[2]);
    await persist(log, { entries: more });
    for (let pass = 0; pass < 2; pass++) {
      const found = [...reader.entries(entries[0]!, 4)];
      expect(found.map(plain)).toEqual([...entries.slice(1), ...more].map(plain));
    }
    const damaged = { code: "LOG_DAMAGED" };
    expect(() => [...reader.entries({ index: 1, checksum: 1 }, 4)]).toThrow(
      expect.objectContaining(damaged),
    );
    expect(() => [...reader.entries(entries[0]!, 5)]).toThrow(expect.objectContaining(damaged));
    await reader.close();
    await persist(log, { entries: chain(["e"], 2, more[0]) });
    await log.close();
  });
});

describe("a stopped node's snapshot", () => {
  test("trap-25 missing, shortened, lengthened or changed in any byte is damage", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c"]);
    const log = await born(path, entries);
    const state = Buffer.from("the state after b");
    await adopt(log, entries[1]!, state);
    await log.close();
    const file = join(path, "log", "snapshots", snapshotNames(path)[0]!);
    expect(await restart(path)).toMatchObject({ snapshot: { data: "the state after b" } });
    for (let at = 0; at < state.length; at++) {
      const changed = Buffer.from(state);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(file, changed);
      expect(await restart(path)).toBe("LOG_DAMAGED");
    }
    for (const bytes of [state.subarray(1), Buffer.concat([state, state]), Buffer.alloc(0)]) {
      writeFileSync(file, bytes);
      expect(await restart(path)).toBe("LOG_DAMAGED");
    }
    rmSync(file);
    expect(await restart(path)).toBe("LOG_DAMAGED");
    expect(await restart(path)).toBe("LOG_DAMAGED");
  });

  test("that has rotted is not sent to anybody", async () => {
    const path = directory.fresh();
    const entries = chain(["a"]);
    const log = await born(path, entries);
    const state = Buffer.from("0123456789");
    await adopt(log, entries[0]!, state);
    const snapshot = snapshotOf(entries[0]!, state);
    writeFileSync(join(path, "log", "snapshots", snapshotNames(path)[0]!), "0123456788");
    expect(log.snapshots.read(snapshot, 0, 6)).toEqual(Buffer.from("012345"));
    expect(() => log.snapshots.read(snapshot, 6, 6)).toThrow(
      expect.objectContaining({ code: "LOG_DAMAGED" }),
    );
    await log.close();
  });
});

test("trap-20 a disk that is slower than the network says so long before what waits for it is too much", async () => {
  const path = directory.fresh();
  await (await born(path)).close();
  const gate = { open: () => {} };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const slow: Files = {
    ...realFiles,
    open: async (name, mode) => {
      const file = await realFiles.open(name, mode);
      const write = file.write.bind(file);
      file.write = async (bytes, position) => {
        await opened;
        await write(bytes, position);
      };
      return file;
    },
  };
  const log = await openLog(
    { directory: path, nodeId: 1, clusterId: null, onFatal: () => {} },
    { ...realDisk, files: slow },
  );
  const chunk = Buffer.alloc(1024 * 1024, "snapshot");
  const count = (2 * RECEIVE_BACKLOG_BYTES_MAX) / chunk.length;
  const bytes = Buffer.concat(Array(count).fill(chunk));
  const snapshot = snapshotOf({ index: 9, term: 4, checksum: 99 }, bytes);
  let sent = 0;
  const send = () => {
    const offset = sent * chunk.length;
    sent += 1;
    log.snapshots.write(chunkOf(snapshot, offset, chunk));
  };
  expect(log.snapshots.isBehind).toBe(false);
  while (!log.snapshots.isBehind) send();
  expect(sent * chunk.length).toBeLessThan(RECEIVE_BACKLOG_BYTES_MAX);
  gate.open();
  while (sent < count) {
    if (log.snapshots.isBehind) await new Promise((resolve) => setTimeout(resolve, 1));
    else send();
  }
  const verified = new Promise<boolean>((resolve) => log.snapshots.verify(snapshot, resolve));
  expect(await verified).toBe(true);
  expect(log.snapshots.isBehind).toBe(false);
  await log.close();
});
