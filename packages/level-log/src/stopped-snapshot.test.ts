/** A stopped node whose log begins behind a snapshot: what is read of it, and what another log is made of. */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { replaceLog } from "./bootstrap.js";
import { entryKey, META_KEY } from "./records.js";
import { openStoppedLog, type StoppedLog } from "./stopped-log.js";
import {
  adopt,
  born,
  chain,
  IDENTITY,
  persist,
  plain,
  restart,
  snapshotOf,
  TestDirectory,
} from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

const entries = chain(["a", "b", "c", "d", "e", "f"]);
const state = Buffer.from("the state after d");
const snapshot = snapshotOf(entries[3]!, state);

let path: string;

/** Trimmed behind 2, the snapshot of 4, entries to 6. */
beforeEach(async () => {
  path = directory.fresh();
  const log = await born(path, entries);
  await adopt(log, entries[3]!, state);
  await persist(log, { trimTo: 2, hardState: { term: 3, vote: 1 } });
  await log.close();
});

function snapshotPath(): string {
  const root = join(path, "log", "snapshots");
  return join(root, readdirSync(root)[0]!);
}

async function change(act: (database: Level<Uint8Array, Uint8Array>) => Promise<void>) {
  const database = new Level<Uint8Array, Uint8Array>(join(path, "log", "store"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await act(database);
  await database.close();
}

/** Opened, looked at, closed. */
async function look<T>(act: (log: StoppedLog) => Promise<T> | T): Promise<T> {
  const log = await openStoppedLog(path);
  try {
    return await act(log);
  } finally {
    await log.close();
  }
}

async function entriesOf(log: StoppedLog): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const entry of log.entries()) found.push(plain(entry));
  return found;
}

describe("a stopped log behind a snapshot", () => {
  test("is the snapshot and the entries behind it", async () => {
    await look(async (log) => {
      expect(log).toMatchObject({ snapshot, lastIndex: 6, damage: null, damages: [] });
      expect(log.configuration).toEqual(snapshot.configuration);
      expect(await entriesOf(log)).toEqual(entries.slice(4).map(plain));
      const bytes = Buffer.alloc(100);
      const source = log.openSnapshot();
      expect(bytes.subarray(0, source.read(bytes)).toString()).toBe(state.toString());
      source.close();
    });
  });

  test("trap-25 damage before the snapshot is told, and costs nothing", async () => {
    await change((database) => database.del(entryKey(3, 0)));
    expect(await restart(path)).toBe("LOG_DAMAGED");
    await look(async (log) => {
      expect(log.damages).toMatchObject([{ part: "entries" }]);
      expect(log).toMatchObject({ lastIndex: 6, damage: { entriesLost: 0 } });
      expect(await entriesOf(log)).toHaveLength(2);
    });
  });

  test("trap-25 damage behind it ends what is intact", async () => {
    await change((database) => database.put(entryKey(5, 0), Buffer.from("bad")));
    await look(async (log) => {
      expect(log).toMatchObject({ lastIndex: 4, damage: { entriesLost: 2 }, snapshot });
      expect(await entriesOf(log)).toEqual([]);
    });
  });

  test("without its file there is nothing to begin with", async () => {
    writeFileSync(snapshotPath(), "the state after c");
    await look(async (log) => {
      expect(log.damages).toMatchObject([{ part: "snapshot" }]);
      expect(log).toMatchObject({ snapshot: null, lastIndex: 0, damage: { entriesLost: 6 } });
    });
    rmSync(snapshotPath());
    await look((log) => expect(log.damages).toMatchObject([{ part: "snapshot" }]));
  });

  test("without the meta record it is there all the same, and told to be damaged", async () => {
    await change((database) => database.del(META_KEY));
    await look(async (log) => {
      expect(log.damages[0]).toMatchObject({ part: "store" });
      expect(log).toMatchObject({ snapshot, lastIndex: 6 });
      expect(await entriesOf(log)).toHaveLength(2);
    });
  });
});

describe("a log that replaces it", () => {
  test("begins behind the same snapshot, whose file is its own", async () => {
    const identity = { ...IDENTITY, clusterId: "cluster-b" };
    const kept = await look(async (log) => {
      const source = log.openSnapshot();
      const replaced = await replaceLog({
        directory: path,
        identity,
        snapshot: { description: snapshot, source },
        entries: log.entries(),
        hardState: { term: 3, vote: 0 },
      });
      source.close();
      return replaced;
    });
    rmSync(kept, { recursive: true });
    expect(await restart(path)).toMatchObject({
      anchor: 4,
      snapshot: { ...snapshot, data: state.toString() },
      entries: [{ index: 5 }, { index: 6 }],
    });
  });

  test("is not born of bytes that are not the ones described", async () => {
    const replaced = look((log) =>
      replaceLog({
        directory: path,
        identity: IDENTITY,
        snapshot: { description: { ...snapshot, digest: 1 }, source: log.openSnapshot() },
        entries: [],
        hardState: { term: 3, vote: 0 },
      }),
    );
    await expect(replaced).rejects.toMatchObject({ code: "LOG_DAMAGED" });
    expect(readdirSync(path)).toEqual(["log"]);
  });
});
