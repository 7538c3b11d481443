/** Reading a stopped node's log and putting another in its place: the original is never changed. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Entry } from "@redoubt/raft";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapLog, replaceLog } from "./bootstrap.js";
import { PIECE_BYTES } from "./constants.js";
import { entryKey, HARD_STATE_KEY, META_KEY } from "./records.js";
import { openStoppedLog } from "./stopped-log.js";
import {
  BORN,
  born,
  chain,
  contents,
  IDENTITY,
  openOrThrow,
  persist,
  plain,
  restart,
  storeFiles,
  TestDirectory,
  usedBytes,
} from "./test-support.js";
import { holdOpen } from "./testing/hold-open.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

const entries = chain(["born", "one", Buffer.alloc(2 * PIECE_BYTES + 3, "large"), "three", "four"]);
const [, , large, third, fourth] = entries as [Entry, Entry, Entry, Entry, Entry];
const hardState = { term: 7, vote: 3 };

/** As it was written: records in LevelDB's own log, which opening would turn into a table. */
let logged: string;
/** Records in a table. */
let tabled: string;

beforeAll(async () => {
  logged = directory.fresh();
  const log = await born(logged, entries.slice(0, 1));
  await persist(log, { entries: entries.slice(1), hardState });
  await log.close();
  tabled = copyOf(logged);
  await (await openOrThrow(tabled)).close();
});

function copyOf(path: string): string {
  const copy = directory.fresh();
  cpSync(path, copy, { recursive: true });
  return copy;
}

/** Name and digest of every file below. */
function imageOf(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).toSorted();
  return names
    .filter((name) => statSync(join(path, name)).isFile())
    .map((name) => {
      const digest = createHash("sha256").update(readFileSync(join(path, name)));
      return `${name} ${digest.digest("hex")}`;
    });
}

async function read(path: string): Promise<unknown[]> {
  const log = await openStoppedLog(path);
  try {
    const read: unknown[] = [];
    for await (const entry of log.entries()) read.push(plain(entry));
    return read;
  } finally {
    await log.close();
  }
}

async function withStore(
  path: string,
  act: (store: Level<Uint8Array, Uint8Array>) => Promise<unknown>,
): Promise<string> {
  const copy = copyOf(path);
  const encodings = { keyEncoding: "view", valueEncoding: "view" } as const;
  const store = new Level<Uint8Array, Uint8Array>(join(copy, "log", "store"), encodings);
  await act(store);
  await store.close();
  return copy;
}

/** What a damaged log is said to be: intact entries, lost ones, the reason. */
async function damageOf(path: string): Promise<readonly [number, number | undefined, string]> {
  const log = await openStoppedLog(path);
  const { lastIndex, damage } = log;
  await log.close();
  return [lastIndex, damage?.entriesLost, damage?.error.message ?? ""];
}

describe("a stopped log", () => {
  test("is read from end to end, and no byte of it changes", async () => {
    for (const path of [logged, tabled]) {
      const before = imageOf(path);
      const log = await openStoppedLog(path);
      expect(log).toMatchObject({ identity: IDENTITY, hardState, lastIndex: 5, lastTerm: 1 });
      expect(log.damage).toBeNull();
      await log.close();
      expect(await read(path)).toEqual(entries.map(plain));
      expect(imageOf(path)).toEqual(before);
    }
  });

  test("may be empty", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const log = await openStoppedLog(path);
    expect(log).toMatchObject({ lastIndex: 0, configuration: null, damage: null });
    for await (const entry of log.entries()) expect(entry).toBeNull();
    await log.close();
  });

  test("that is not there is missing", async () => {
    const path = directory.fresh();
    mkdirSync(path);
    await expect(openStoppedLog(path)).rejects.toMatchObject({ code: "DATA_MISSING" });
    expect(readdirSync(path)).toEqual([]);
  });

  test("is refused while its node runs, and nothing is left behind", async () => {
    const path = copyOf(tabled);
    const holder = await holdOpen(join(path, "log", "store"));
    try {
      await expect(openStoppedLog(path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
      expect(readdirSync(path)).toEqual(["log"]);
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    expect(await read(path)).toHaveLength(5);
  });

  test("keeps its node from starting while it is read", async () => {
    const path = copyOf(tabled);
    const log = await openStoppedLog(path);
    await expect(holdOpen(join(path, "log", "store"))).rejects.toThrow("LEVEL_LOCKED");
    await log.close();
    const holder = await holdOpen(join(path, "log", "store"));
    holder.kill("SIGKILL");
    await once(holder, "exit");
  });

  test("what a reader that died has left is removed by the next one, and by the node", async () => {
    for (const next of [read, restart]) {
      const path = copyOf(tabled);
      mkdirSync(join(path, "log.reading-abcdef"));
      await next(path);
      expect(readdirSync(path)).toEqual(["log"]);
    }
  });
});

describe("damage in a stopped log", () => {
  test("trap-25 a hole ends what is intact, and what lies behind it is counted as lost", async () => {
    const holed = await withStore(tabled, (store) => store.del(entryKey(third.index, 0)));
    const before = imageOf(holed);
    expect(await damageOf(holed)).toEqual([
      2 + 1,
      2,
      expect.stringContaining("entry 4 is missing"),
    ]);
    expect(await read(holed)).toEqual(entries.slice(0, 3).map(plain));
    expect(imageOf(holed)).toEqual(before);
  });

  test("trap-26 an end that vanished whole is counted by the watermark", async () => {
    const cut = await withStore(tabled, (store) => store.del(entryKey(fourth.index, 0)));
    expect(await damageOf(cut)).toEqual([4, 1, expect.stringContaining("5 was promised")]);
  });

  test("a long entry that lacks a piece is lost as a whole", async () => {
    const cut = await withStore(tabled, (store) => store.del(entryKey(large.index, 2)));
    expect(await damageOf(cut)).toEqual([2, 3, expect.stringContaining("piece 3")]);
    expect(await read(cut)).toEqual(entries.slice(0, 2).map(plain));
  });

  test("trap-42 without hard state or meta record all entries are there, and it is damaged all the same", async () => {
    for (const key of [HARD_STATE_KEY, META_KEY]) {
      const path = await withStore(tabled, (store) => store.del(key));
      expect(await damageOf(path)).toEqual([5, 0, expect.stringContaining("missing or bad")]);
      expect(await read(path)).toEqual(entries.map(plain));
      const log = await openStoppedLog(path);
      expect(log.hardState.term).toBe(hardState.term);
      await log.close();
    }
  });

  test("a missing identity or watermark is told, and the entries are there", async () => {
    for (const name of ["identity", "watermark"]) {
      const path = copyOf(tabled);
      rmSync(join(path, "log", name));
      expect(await damageOf(path)).toEqual([5, 0, expect.stringContaining(name)]);
      const log = await openStoppedLog(path);
      expect(log.identity).toEqual(name === "identity" ? null : IDENTITY);
      await log.close();
    }
  });

  test("bits that flipped anywhere leave a prefix, or nothing that LevelDB would open", async () => {
    const whole = entries.map(plain);
    const lengths = new Set<number | undefined>();
    for (const [path, suffix] of [
      [logged, ".log"],
      [tabled, ".ldb"],
    ] as const) {
      const largest = storeFiles(path, suffix).toSorted(
        (a, b) => statSync(b).size - statSync(a).size,
      )[0]!;
      const size = usedBytes(largest);
      for (let step = 1; step < 16; step++) {
        const copy = copyOf(path);
        const file = join(copy, largest.slice(path.length));
        const bytes = readFileSync(file);
        const at = Math.floor((size * step) / 16);
        bytes[at] = bytes[at]! ^ 0x40;
        writeFileSync(file, bytes);
        const found = await read(copy).catch((error: { code?: string }) => error.code);
        if (typeof found === "string") expect(found).toBe("LOG_DAMAGED");
        else expect(whole.slice(0, found?.length)).toEqual(found);
        if (typeof found !== "string") lengths.add(found?.length);
        rmSync(copy, { recursive: true });
      }
    }
    expect([...lengths].some((length) => length !== whole.length)).toBe(true);
  });
});

describe("another log in its place", () => {
  const other = { clusterId: "cluster-b", nodeId: 1, incarnation: 9 };

  test("holds what it was given, and the old one is kept unchanged under a name of its own", async () => {
    const path = copyOf(logged);
    const before = imageOf(join(path, "log"));
    for (const number of [1, 2]) {
      const log = await openStoppedLog(path);
      const kept = await replaceLog({
        directory: path,
        identity: other,
        entries: log.entries(),
        hardState: BORN,
      });
      await log.close();
      expect(kept).toBe(join(path, `log.before-recover-${number}`));
    }
    expect(readdirSync(path)).toEqual(["log", "log.before-recover-1", "log.before-recover-2"]);
    expect(imageOf(join(path, "log.before-recover-1"))).toEqual(before);
    const reborn = await openOrThrow(path);
    expect(reborn.identity).toEqual(other);
    expect(contents(reborn).entries).toEqual(entries.map(plain));
    await reborn.close();
  });

  test("takes more entries than a batch holds", async () => {
    const path = copyOf(tabled);
    const payload = Buffer.alloc(PIECE_BYTES, "x");
    const many = chain(Array.from({ length: 70 }, () => payload));
    await replaceLog({ directory: path, identity: other, entries: many, hardState: BORN });
    const log = await openOrThrow(path);
    expect(log.initial).toMatchObject({ lastIndex: 70, lastChecksum: many.at(-1)!.checksum });
    expect(Buffer.compare(log.readEntries(70, 70, 0)[0]!.payload, payload)).toBe(0);
    await log.close();
  });

  test("trap-28 entries that end in an error leave the old one in its place, and nothing beside it", async () => {
    const path = copyOf(tabled);
    const before = imageOf(path);
    const failing = async function* (): AsyncGenerator<Entry> {
      yield entries[0]!;
      throw new Error("the disk went away");
    };
    const replaced = replaceLog({
      directory: path,
      identity: other,
      entries: failing(),
      hardState: BORN,
    });
    await expect(replaced).rejects.toThrow("the disk went away");
    expect(imageOf(path)).toEqual(before);
  });

  test("trap-28 a crash between the two renames leaves nothing that opens, and no log is lost", async () => {
    const path = copyOf(tabled);
    renameSync(join(path, "log"), join(path, "log.before-recover-1"));
    expect(await restart(path)).toBe("DATA_MISSING");
    const again = replaceLog({ directory: path, identity: other, entries, hardState: BORN });
    await expect(again).rejects.toMatchObject({ code: "DATA_MISSING" });
    renameSync(join(path, "log.before-recover-1"), join(path, "log"));
    expect(await restart(path)).toMatchObject({ hardState });
  });

  test("a birth takes its entries as they come", async () => {
    const path = directory.fresh();
    const source = async function* (): AsyncGenerator<Entry> {
      yield* entries;
    };
    await bootstrapLog({
      directory: path,
      identity: IDENTITY,
      entries: source(),
      hardState: BORN,
    });
    expect(await restart(path)).toMatchObject({ entries: entries.map(plain) });
  });
});
