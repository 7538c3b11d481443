/** What happens to a stopped log when its files change: found, or without effect. Never something else. */

import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeEntry, encodeHardState, entryKey, HARD_STATE_KEY, META_KEY } from "./records.js";
import {
  born,
  chain,
  crashImage,
  openOrThrow,
  persist,
  restart,
  storeFiles,
  TestDirectory,
  usedBytes,
} from "./test-support.js";

const REFUSALS = ["LOG_DAMAGED", "DATA_MISSING"];
const directory = new TestDirectory();
afterAll(() => directory.remove());

/** As it was written: the records are in LevelDB's .log. */
let logged: string;
/** Opened and closed once more: the records are in a table. */
let tabled: string;
let whole: Awaited<ReturnType<typeof restart>>;

beforeAll(async () => {
  logged = directory.fresh();
  const log = await born(logged, chain(["born"]));
  let last = chain(["born"])[0]!;
  for (let term = 1; term <= 12; term++) {
    const entries = chain(
      [`a${term}`.repeat(300), `b${term}`, `c${term}`.repeat(2000)],
      term,
      last,
    );
    await persist(log, { entries, hardState: { term, vote: term % 3 } });
    const other = chain([`x${term}`], term, entries[0]);
    if (term % 4 === 0) await persist(log, { truncateFrom: entries[1]!.index, entries: other });
    last = term % 4 === 0 ? other[0]! : entries[2]!;
  }
  await log.close();
  tabled = copyOf(logged);
  whole = await restart(tabled);
  const tables = (path: string) => storeFiles(path, ".ldb").length;
  expect(tables(tabled)).toBeGreaterThan(tables(logged));
});

function copyOf(path: string): string {
  const copy = directory.fresh();
  cpSync(path, copy, { recursive: true });
  return copy;
}

function flip(file: string, position: number, bit: number): void {
  const bytes = readFileSync(file);
  const at = position % usedBytes(file);
  bytes[at] = bytes[at]! ^ (1 << bit);
  writeFileSync(file, bytes);
}

/** Refusals and unharmed openings of `runs` copies, each with one bit of one file flipped. */
async function flipMany(path: string, relative: string, runs: number): Promise<Set<string>> {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 2 ** 30 }), fc.nat({ max: 7 }), async (position, bit) => {
      const copy = copyOf(path);
      flip(join(copy, relative), position, bit);
      const outcome = await restart(copy);
      rmSync(copy, { recursive: true });
      if (typeof outcome === "string") expect(REFUSALS).toContain(outcome);
      else expect(outcome).toEqual(whole);
      outcomes.add(typeof outcome === "string" ? outcome : "unharmed");
    }),
    { numRuns: runs, seed: 26, endOnFailure: true },
  );
  return outcomes;
}

describe("one flipped bit", () => {
  test("trap-25 trap-26 in LevelDB's log is damage, never a shorter log", async () => {
    const name = storeFiles(logged, ".log")[0]!.slice(logged.length);
    expect([...(await flipMany(logged, name, 40))]).toEqual(["LOG_DAMAGED"]);
  });

  test("trap-26 in the zeros that were written ahead hits nothing", async () => {
    const name = storeFiles(logged, ".log")[0]!.slice(logged.length);
    const { size } = statSync(join(logged, name));
    const used = usedBytes(join(logged, name));
    expect(size - used).toBeGreaterThan(100_000);
    for (const at of [used, used + 1, used + 7, used + 40_000, size - 1]) {
      const copy = copyOf(logged);
      const bytes = readFileSync(join(copy, name));
      bytes[at] = 0x81;
      writeFileSync(join(copy, name), bytes);
      expect(await restart(copy)).toEqual(whole);
    }
  });

  test("trap-26 in a table is found or hits nothing", async () => {
    for (const file of storeFiles(tabled, ".ldb").filter((name) => statSync(name).size > 2000)) {
      const outcomes = await flipMany(tabled, file.slice(tabled.length), 40);
      expect(outcomes).toContain("LOG_DAMAGED");
    }
  });

  test("trap-26 in any other file is found or hits nothing", async () => {
    for (const base of [logged, tabled]) {
      const store = readdirSync(join(base, "log", "store"))
        .filter((name) => !name.endsWith(".log") && !name.endsWith(".ldb"))
        .map((name) => join("store", name));
      for (const name of ["identity", "watermark", ...store]) {
        if (statSync(join(base, "log", name)).size > 0) await flipMany(base, join("log", name), 4);
      }
    }
    const identity = await flipMany(logged, join("log", "identity"), 20);
    expect([...identity]).toEqual(["LOG_DAMAGED"]);
  });
});

describe("a missing file", () => {
  test.each([
    ["log", "DATA_MISSING"],
    ["log/identity", "DATA_MISSING"],
    ["log/store", "DATA_MISSING"],
    ["log/watermark", "LOG_DAMAGED"],
    ["log/store/CURRENT", "LOG_DAMAGED"],
    ["log/store/MANIFEST-*", "LOG_DAMAGED"],
    ["log/store/*.log", "LOG_DAMAGED"],
  ])("trap-26 %s: %s", async (pattern, code) => {
    const copy = copyOf(logged);
    remove(copy, pattern);
    expect(await restart(copy)).toBe(code);
    // Asked again it says the same: nothing was repaired or created meanwhile.
    expect(await restart(copy)).toBe(code);
  });

  test("trap-26 log/store/*.ldb: LOG_DAMAGED", async () => {
    const copy = copyOf(tabled);
    remove(copy, "log/store/*.ldb");
    expect(await restart(copy)).toBe("LOG_DAMAGED");
  });

  test("trap-26 a table, a log or the manifest cut to any length is damage, or was cut where nothing was", async () => {
    for (const [base, pattern] of [
      [tabled, /\.ldb$/],
      [logged, /\.log$/],
      [logged, /MANIFEST/],
    ] as const) {
      for (const path of storeFiles(base, "").filter((name) => pattern.test(name))) {
        const size = path.endsWith(".log") ? usedBytes(path) : statSync(path).size;
        for (const length of [0, 1, 7, 47, 48, 49, size >> 1, size - 1]) {
          if (length >= size) continue;
          const copy = copyOf(base);
          truncateSync(join(copy, path.slice(base.length)), length);
          const outcome = await restart(copy);
          if (typeof outcome !== "string") expect(outcome).toEqual(whole);
          else expect(["LOG_DAMAGED", "DATA_MISSING"]).toContain(outcome);
          rmSync(copy, { recursive: true });
        }
      }
    }
  });

  test("an emptied store directory is missing data", async () => {
    const copy = copyOf(logged);
    remove(copy, "log/store/*");
    expect(await restart(copy)).toBe("DATA_MISSING");
  });

  test("LevelDB's own diary and lock hold nothing", async () => {
    const copy = copyOf(logged);
    remove(copy, "log/store/LOG");
    remove(copy, "log/store/LOCK");
    expect(await restart(copy)).toEqual(whole);
  });
});

describe("a store that lost records", () => {
  test("trap-42 a vote that LevelDB dropped is found, the chain being whole", async () => {
    const path = directory.fresh();
    const log = await born(path, chain(["a"]));
    await persist(log, { hardState: { term: 2, vote: 1 } });
    const before = directory.fresh();
    crashImage(path, before);
    await persist(log, { hardState: { term: 2, vote: 3 } });
    await log.close();
    const store = join("log", "store");
    rmSync(join(path, store), { recursive: true });
    cpSync(join(before, store), join(path, store), { recursive: true });
    expect(await restart(path)).toBe("LOG_DAMAGED");
  });

  test("trap-42 an older or missing hard state record is found", async () => {
    const older = encodeHardState({ sequence: 2, term: 1, vote: 2 });
    expect(await restartAfter((db) => db.put(HARD_STATE_KEY, older))).toBe("LOG_DAMAGED");
    expect(await restartAfter((db) => db.del(HARD_STATE_KEY))).toBe("LOG_DAMAGED");
  });

  test("trap-42 another vote under the same number is found", async () => {
    const other = encodeHardState({ sequence: 13, term: 12, vote: 2 });
    const same = encodeHardState({ sequence: 13, term: 12, vote: 0 });
    expect(await restartAfter((db) => db.put(HARD_STATE_KEY, other))).toBe("LOG_DAMAGED");
    expect(await restartAfter((db) => db.put(HARD_STATE_KEY, same))).toEqual(whole);
  });

  test("trap-25 an entry missing in the middle, at the start or at the end is found", async () => {
    const last = (whole as { entries: unknown[] }).entries.length;
    for (const index of [1, 5, last]) {
      expect(await restartAfter((db) => db.del(entryKey(index, 0)))).toBe("LOG_DAMAGED");
    }
    expect(await restartAfter((db) => db.del(META_KEY))).toBe("LOG_DAMAGED");
  });

  test("an unknown record is found", async () => {
    const stranger = Buffer.from("stranger");
    expect(await restartAfter((db) => db.put(stranger, stranger))).toBe("LOG_DAMAGED");
  });

  test("trap-47 a shorter log after a truncation is healthy under an older watermark", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c"]);
    const log = await born(path);
    await persist(log, { entries });
    const before = directory.fresh();
    crashImage(path, before);
    const fresh = chain(["B"], 2, entries[0]);
    await persist(log, { truncateFrom: 2, entries: fresh });
    await log.close();
    const mark = join("log", "watermark");
    cpSync(join(before, mark), join(path, mark));
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }, { index: 2, term: 2 }] });
  });

  test("trap-26 a truncated entry that comes back is found, though its chain fits", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b"]);
    const log = await born(path);
    await persist(log, { entries });
    await persist(log, { truncateFrom: 2 });
    await log.close();
    const [, lost] = entries;
    const ghost = (epoch: number) =>
      restartAfter((db) => db.put(entryKey(2, 0), encodeEntry(lost!, epoch)), path);
    expect(await ghost(1)).toBe("LOG_DAMAGED");
    // The canary: were it written in the present epoch, it would be an entry like any other.
    expect(await ghost(2)).toMatchObject({ entries: [{ index: 1 }, { index: 2 }] });
  });

  test("trap-26 the entry before a truncation shown again is found without a watermark", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b"]);
    const log = await born(path);
    await persist(log, { entries });
    const before = directory.fresh();
    crashImage(path, before);
    await persist(log, { truncateFrom: 2, entries: chain(["B"], 2, entries[0]) });
    await log.close();
    // Power loss left an older watermark, which says nothing about the log of the new epoch.
    const mark = join("log", "watermark");
    cpSync(join(before, mark), join(path, mark));
    const old = encodeEntry(entries[1]!, 1);
    expect(await restartAfter((db) => db.put(entryKey(2, 0), old), path)).toBe("LOG_DAMAGED");
    expect(await restartAfter((db) => db.del(entryKey(2, 0)), path)).toBe("LOG_DAMAGED");
    expect(await restartAfter(async () => {}, path)).toMatchObject({ entries: [{}, { term: 2 }] });
  });

  test("trap-26 a batch found at opening counts as promised from then on", async () => {
    const path = directory.fresh();
    const log = await born(path);
    const before = directory.fresh();
    crashImage(path, before);
    await persist(log, { entries: chain(["a"]) });
    await log.close();
    // The process died between the sync and its watermark, reopened, and may have acknowledged.
    const mark = join("log", "watermark");
    cpSync(join(before, mark), join(path, mark));
    const again = await openOrThrow(path);
    expect(again.initial.lastIndex).toBe(1);
    await again.close();
    const store = join("log", "store");
    rmSync(join(path, store), { recursive: true });
    cpSync(join(before, store), join(path, store), { recursive: true });
    expect(await restart(path)).toBe("LOG_DAMAGED");
  });

  test("the store of another node in this one's place is found", async () => {
    const copy = copyOf(logged);
    const other = directory.fresh();
    const { bootstrapLog } = await import("./bootstrap.js");
    const identity = { clusterId: "cluster-a", nodeId: 2, incarnation: 1 };
    const hardState = { term: 0, vote: 0 };
    await bootstrapLog({ directory: other, identity, entries: [], hardState });
    for (const name of ["store", "watermark"]) {
      rmSync(join(copy, "log", name), { recursive: true });
      cpSync(join(other, "log", name), join(copy, "log", name), { recursive: true });
    }
    expect(await restart(copy)).toBe("LOG_DAMAGED");
  });
});

type RawStore = Level<Uint8Array, Uint8Array>;

/** Changes records behind the log's back, in a copy. */
async function restartAfter(
  change: (database: RawStore) => Promise<void>,
  path = logged,
): ReturnType<typeof restart> {
  const copy = copyOf(path);
  const options = { keyEncoding: "view", valueEncoding: "view" };
  const database: RawStore = new Level(join(copy, "log", "store"), options);
  // As the log opens it: a table that is written meanwhile is one of its own.
  await database.open({ compression: false });
  await change(database);
  await database.close();
  return restart(copy);
}

function remove(base: string, pattern: string): void {
  const [parent, name] = [join(base, pattern, ".."), pattern.split("/").at(-1)!];
  const expression = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
  const victims = readdirSync(parent).filter((found) => expression.test(found));
  expect(victims).not.toHaveLength(0);
  for (const victim of victims) rmSync(join(parent, victim), { recursive: true });
}
