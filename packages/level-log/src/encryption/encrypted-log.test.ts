/** A whole log that is encrypted: what is on its disk, who may open it, what happens when its key or a byte changes. */

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "@redoubt/raft";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrapLog } from "../bootstrap.js";
import { checkLog } from "../check-log.js";
import type { LevelLog } from "../level-log.js";
import { openLogReader } from "../log-reader.js";
import { openLog } from "../open.js";
import { openStoppedLog } from "../stopped-log.js";
import {
  BORN,
  chain,
  contents,
  IDENTITY,
  persist,
  receive,
  snapshotOf,
  TestDirectory,
} from "../test-support.js";
import { snapshotSealer } from "./encryption.js";
import { type MasterKeys, parseMasterKeys } from "./master-keys.js";

/** Stored in two pieces. */
const LONG_BYTES = 1_100_000;
const FLIPS_PER_FILE = 5;
const SECRET = "attack at dawn, by the northern gate";
const directory = new TestDirectory();
afterAll(() => directory.remove());

function mastersOf(...lines: readonly string[]): MasterKeys {
  const keys = parseMasterKeys(lines.join("\n"));
  if (typeof keys === "string") throw new Error(keys);
  return keys;
}

const lineA = `a ${"a1".repeat(32)}`;
const lineB = `b ${"b2".repeat(32)}`;
const otherA = `a ${"a3".repeat(32)}`;
const A = mastersOf(lineA);

function openBy(path: string, masterKeys: MasterKeys | null): Promise<LevelLog> {
  const onFatal = (error: Error) => {
    throw error;
  };
  return openLog({ directory: path, nodeId: 1, clusterId: null, onFatal, masterKeys });
}

async function refusalOf(path: string, masterKeys: MasterKeys | null): Promise<unknown> {
  try {
    await (await openBy(path, masterKeys)).close();
  } catch (error) {
    return (error as { code: unknown }).code;
  }
  return null;
}

/** What a start finds, or why it is refused. */
async function outcomeOf(path: string): Promise<ReturnType<typeof contents> | string> {
  let log: LevelLog;
  try {
    log = await openBy(path, A);
  } catch (error) {
    return String((error as { code: unknown }).code);
  }
  const found = contents(log);
  await log.close();
  return found;
}

/** Entries short and long, one snapshot made and one received, each in a moment that trims nothing. */
async function fill(path: string, masterKeys: MasterKeys | null): Promise<void> {
  await bootstrapLog({
    directory: path,
    identity: IDENTITY,
    entries: [],
    hardState: BORN,
    masterKeys,
  });
  const log = await openBy(path, masterKeys);
  const entries = chain([SECRET, Buffer.alloc(LONG_BYTES, SECRET), `${SECRET}!`, "last"]);
  await persist(log, { entries, hardState: { term: 1, vote: 1 } });
  await adoptBySealer(log, entries[2]!);
  const bytes = Buffer.alloc(150_000, SECRET);
  const received = snapshotOf({ index: 9, term: 2, checksum: 77 }, bytes);
  expect(await receive(log, received, bytes, 40_000)).toBe(true);
  await log.close();
}

/** As the thread does that makes snapshots. */
async function adoptBySealer(log: LevelLog, last: Entry): Promise<void> {
  const bytes = Buffer.alloc(100_000, SECRET);
  const path = log.snapshots.temporaryPath();
  const sealer = snapshotSealer(log.snapshots.keysForThread());
  writeFileSync(path, Buffer.concat([sealer.seal(bytes), sealer.end()]));
  expect(await log.snapshots.adopt(snapshotOf(last, bytes), path, () => [])).toBe(true);
}

function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function filesWith(path: string, text: string): string[] {
  return filesIn(path).filter((file) => readFileSync(file).includes(text));
}

function copyOf(path: string): string {
  const copy = directory.fresh();
  cpSync(path, copy, { recursive: true });
  return copy;
}

function everyByteOf(path: string): string {
  return filesIn(path)
    .filter((file) => !/\/LOG(\.old)?$/.test(file))
    .map((file) => `${file.slice(path.length)} ${readFileSync(file).toString("hex")}`)
    .join("\n");
}

let encrypted: string;
let plain: string;
let whole: ReturnType<typeof contents>;

beforeAll(async () => {
  [encrypted, plain] = [directory.fresh(), directory.fresh()];
  await fill(encrypted, A);
  await fill(plain, null);
  const log = await openBy(copyOf(encrypted), A);
  whole = contents(log);
  await log.close();
});

describe("an encrypted log", () => {
  test("holds what a plain one holds", async () => {
    const log = await openBy(copyOf(plain), null);
    expect(contents(log)).toEqual(whole);
    expect(log.encryption).toBeNull();
    await log.close();
    expect(whole.entries).toHaveLength(4);
  });

  test("shows nothing of it in any file, before and after LevelDB has made tables of it", async () => {
    const words = SECRET.slice(7, 20);
    const reopened = copyOf(encrypted);
    await (await openBy(reopened, A)).close();
    for (const path of [encrypted, reopened]) expect(filesWith(path, words)).toEqual([]);
    // The canary: the same search finds it where it is.
    const found = filesWith(plain, words).map((file) => file.replace(/^.*\./, ""));
    expect(new Set(found)).toEqual(new Set(["log", "rdb"]));
    expect(filesWith(encrypted, "a1".repeat(8))).toEqual([]);
  });

  test("is served to peers as plain bytes, at any offset", async () => {
    const log = await openBy(copyOf(encrypted), A);
    const snapshot = log.snapshots.newest()!;
    const expected = Buffer.alloc(100_000, SECRET);
    for (const offset of [0, 1, 65_535, 65_536, 99_999]) {
      const chunk = log.snapshots.read(snapshot, offset, 70_000)!;
      expect(Buffer.from(chunk).equals(expected.subarray(offset, offset + 70_000))).toBe(true);
    }
    await log.close();
  });

  test("is read by another thread that was given its keys, and by none that was not", async () => {
    const path = copyOf(encrypted);
    const log = await openBy(path, A);
    const reader = await openLogReader(path, log.snapshots.keysForThread());
    const read = [...reader.entries({ index: 0, checksum: 0 }, 4)];
    expect(read.map(({ payload }) => payload.length)).toEqual([36, LONG_BYTES, 37, 4]);
    await reader.close();
    const blind = await openLogReader(path);
    expect(() => [...blind.entries({ index: 0, checksum: 0 }, 4)]).toThrow("header is bad");
    await blind.close();
    await log.close();
  });

  test("is read when it is stopped, by who has the key", async () => {
    const path = copyOf(encrypted);
    expect(await checkLog(path, A)).toMatchObject({ verdict: "torn tail", damagedAt: null });
    await expect(checkLog(path)).rejects.toMatchObject({ code: "ENCRYPTION_KEY_MISSING" });
    const stopped = await openStoppedLog(path, A);
    const payloads: number[] = [];
    // What lies behind the snapshot.
    for await (const { payload } of stopped.entries()) payloads.push(payload.length);
    expect(payloads).toEqual([4]);
    const source = stopped.openSnapshot();
    expect(source.read(Buffer.alloc(100_000))).toBe(100_000);
    source.close();
    await stopped.close();
  });
});

describe("a key that does not fit", () => {
  test.each([
    ["another key of that name", mastersOf(otherA), "ENCRYPTION_KEY_WRONG"],
    ["a key of another name", mastersOf(lineB), "ENCRYPTION_KEY_WRONG"],
    ["none", null, "ENCRYPTION_KEY_MISSING"],
  ])("is refused, and nothing is changed: %s", async (_, keys, code) => {
    const path = copyOf(encrypted);
    const before = everyByteOf(path);
    expect(await refusalOf(path, keys)).toBe(code);
    await expect(openStoppedLog(path, keys)).rejects.toMatchObject({ code });
    expect(everyByteOf(path)).toBe(before);
    expect(await refusalOf(path, A)).toBeNull();
  });

  test("is told by the name of the one that is missing", async () => {
    const opening = openBy(copyOf(encrypted), mastersOf(lineB));
    await expect(opening).rejects.toThrow(/wrapped by key a, which the key file does not hold/);
  });

  test("so is a key for a directory that is not encrypted", async () => {
    const path = copyOf(plain);
    const before = everyByteOf(path);
    expect(await refusalOf(path, A)).toBe("NOT_ENCRYPTED");
    await expect(openStoppedLog(path, A)).rejects.toMatchObject({ code: "NOT_ENCRYPTED" });
    expect(everyByteOf(path)).toBe(before);
  });
});

describe("another key", () => {
  test("takes the old one's place, and a new data key seals; the old one opens nothing any more", async () => {
    const path = copyOf(encrypted);
    const log = await openBy(path, mastersOf(lineB, lineA));
    expect(log.encryption).toEqual({ masterKey: "b", rewrapped: true });
    expect(contents(log)).toEqual(whole);
    expect(log.snapshots.keysForThread()!.map(({ number }) => number)).toEqual([1, 2]);
    const tip = chain([SECRET, Buffer.alloc(LONG_BYTES, SECRET), `${SECRET}!`, "last"])[3]!;
    await persist(log, { entries: chain(["of the second key"], 1, tip) });
    await log.close();
    expect(await refusalOf(path, A)).toBe("ENCRYPTION_KEY_WRONG");
    const again = await openBy(path, mastersOf(lineB));
    expect(again.encryption).toEqual({ masterKey: "b", rewrapped: false });
    const found = contents(again);
    expect(found.entries).toHaveLength(5);
    expect({ ...found, entries: found.entries.slice(0, 4) }).toEqual(whole);
    await again.close();
  });
});

describe("damage of an encrypted log", () => {
  test("trap-26 any bit of the keys file is damage, never a wrong key", async () => {
    const bytes = readFileSync(join(encrypted, "log", "keys"));
    const path = copyOf(encrypted);
    const file = join(path, "log", "keys");
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << (at % 8);
      writeFileSync(file, flipped);
      expect(await refusalOf(path, A), `byte ${at}`).toBe("LOG_DAMAGED");
    }
    for (const end of [0, 3, 20, bytes.length - 1]) {
      writeFileSync(file, bytes.subarray(0, end));
      expect(await refusalOf(path, A), `cut at ${end}`).toBe("LOG_DAMAGED");
    }
    rmSync(file);
    expect(await refusalOf(path, A)).toBe("LOG_DAMAGED");
    await expect(openStoppedLog(path, A)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });

  test("keys of another directory are damage, whoever can open them", async () => {
    const other = directory.fresh();
    const identity = { ...IDENTITY, incarnation: 2 };
    await bootstrapLog({ directory: other, identity, entries: [], hardState: BORN, masterKeys: A });
    const path = copyOf(encrypted);
    cpSync(join(other, "log", "keys"), join(path, "log", "keys"));
    expect(await refusalOf(path, A)).toBe("LOG_DAMAGED");
  });

  test("trap-26 one flipped bit in any file is found or hits nothing", async () => {
    let found = 0;
    for (const [number, file] of filesIn(encrypted).entries()) {
      const bytes = readFileSync(file);
      if (bytes.length === 0) continue;
      for (let run = 0; run < FLIPS_PER_FILE; run++) {
        const path = copyOf(encrypted);
        const flipped = Buffer.from(bytes);
        const at =
          ((run * 7919 + number * 104_729 + (run * bytes.length) / FLIPS_PER_FILE) % bytes.length) |
          0;
        flipped[at]! ^= 1 << (run % 8);
        writeFileSync(join(path, file.slice(encrypted.length)), flipped);
        const outcome = await outcomeOf(path);
        if (typeof outcome === "string") {
          expect(["LOG_DAMAGED", "DATA_MISSING"], file).toContain(outcome);
          found++;
        } else {
          expect(outcome).toEqual(whole);
        }
        rmSync(path, { recursive: true });
      }
    }
    expect(found).toBeGreaterThan(10);
  });
});

test("a plain directory has no keys file and the format it always had", () => {
  expect(existsSync(join(plain, "log", "keys"))).toBe(false);
  expect(readFileSync(join(plain, "log", "identity"), "utf8")).toContain('{"format":2,');
  expect(readFileSync(join(encrypted, "log", "identity"), "utf8")).toContain('{"format":3,');
});
