/**
 * What happens to a stopped log that begins behind a snapshot when its files change: found, or without effect. Beside
 * damage.test.ts, which has the store and the watermark of a log from its first entry on.
 */

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
import { realFiles } from "./files.js";
import { readIdentity } from "./identity.js";
import {
  decodeMeta,
  encodeMeta,
  encodeSnapshot,
  META_KEY,
  type Meta,
  SNAPSHOT_KEY,
} from "./records.js";
import {
  adopt,
  born,
  chain,
  crashImage,
  openOrThrow,
  persist,
  receive,
  restart,
  snapshotOf,
  TestDirectory,
  usedBytes,
} from "./test-support.js";

const REFUSALS = ["LOG_DAMAGED", "DATA_MISSING"];
const FLIPS = 40;
const CUTS = 10;
const directory = new TestDirectory();
afterAll(() => directory.remove());

/** Trimming is the last thing that was written: its batch is the one that vanishes most easily. */
let trimmed: string;
/** Adopting is. */
let adopted: string;
/** Installing is. */
let installed: string;
/** `trimmed`, opened and closed: what was LevelDB's log is a table. */
let tabled: string;
const wholes = new Map<string, Awaited<ReturnType<typeof restart>>>();

const state = Buffer.from("a state of some length, ".repeat(100));

beforeAll(async () => {
  const entries = chain(Array.from({ length: 30 }, (_, at) => `payload ${at} `.repeat(20)));
  const make = async (last: "adopt" | "trim" | "install"): Promise<string> => {
    const path = directory.fresh();
    const log = await born(path, entries.slice(0, 10));
    await adopt(log, entries[5]!, Buffer.from("older state"));
    await persist(log, { entries: entries.slice(10), trimTo: 4 });
    await adopt(log, entries[19]!, state);
    if (last === "trim") await persist(log, { trimTo: 15, hardState: { term: 2, vote: 1 } });
    if (last === "install") {
      const snapshot = snapshotOf({ index: 40, term: 3, checksum: 77 }, state);
      await receive(log, snapshot, state);
      await persist(log, { install: snapshot, entries: chain(["behind"], 4, snapshot) });
    }
    await log.close();
    return path;
  };
  adopted = await make("adopt");
  trimmed = await make("trim");
  installed = await make("install");
  tabled = copyOf(trimmed);
  await (await openOrThrow(tabled)).close();
  for (const path of [adopted, trimmed, installed, tabled]) {
    wholes.set(path, await restart(copyOf(path)));
  }
});

function copyOf(path: string): string {
  const copy = directory.fresh();
  cpSync(path, copy, { recursive: true });
  return copy;
}

function filesOf(path: string): string[] {
  return readdirSync(join(path, "log"), { recursive: true, encoding: "utf8" })
    .map((name) => join("log", name))
    .filter((name) => statSync(join(path, name)).isFile())
    .filter((name) => statSync(join(path, name)).size > 0)
    .sort();
}

/** Where damage may hit something: LevelDB's log ends in zeros that were written ahead. */
function placesIn(file: string): number {
  return file.endsWith(".log") ? usedBytes(file) : statSync(file).size;
}

/** What a copy says after `change`: a refusal, or what it said before. */
async function judge(path: string, change: (copy: string) => void): Promise<"found" | "harmless"> {
  const copy = copyOf(path);
  change(copy);
  const outcome = await restart(copy);
  rmSync(copy, { recursive: true });
  if (typeof outcome === "string") {
    expect(REFUSALS).toContain(outcome);
    return "found";
  }
  expect(outcome).toEqual(wholes.get(path));
  return "harmless";
}

describe("every file of a node with a snapshot", () => {
  test("trap-25 trap-26 trap-50 one flipped bit anywhere is found, or hits nothing", async () => {
    const counts = { found: 0, harmless: 0 };
    for (const path of [adopted, trimmed, installed, tabled]) {
      const files = filesOf(path);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.nat({ max: 2 ** 30 }),
          fc.nat({ max: 7 }),
          async (name, position, bit) => {
            counts[
              await judge(path, (copy) => {
                const bytes = readFileSync(join(copy, name));
                bytes[position % placesIn(join(copy, name))]! ^= 1 << bit;
                writeFileSync(join(copy, name), bytes);
              })
            ]++;
          },
        ),
        { numRuns: FLIPS, seed: 25, endOnFailure: true },
      );
    }
    console.info(`flipped bits: ${counts.found} found, ${counts.harmless} harmless`);
    expect(counts.found).toBeGreaterThan(counts.harmless);
  });

  test("trap-25 trap-26 cut anywhere, or gone, is found, or holds nothing", async () => {
    const counts = { found: 0, harmless: 0 };
    for (const path of [adopted, trimmed, installed, tabled]) {
      const files = filesOf(path);
      for (const name of files) {
        counts[await judge(path, (copy) => rmSync(join(copy, name)))]++;
      }
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (name, share) => {
            counts[
              await judge(path, (copy) => {
                const places = placesIn(join(copy, name));
                truncateSync(join(copy, name), Math.floor(places * share));
              })
            ]++;
          },
        ),
        { numRuns: CUTS, seed: 26, endOnFailure: true },
      );
    }
    console.info(`cut or gone: ${counts.found} found, ${counts.harmless} harmless`);
    expect(counts.found).toBeGreaterThan(counts.harmless);
  });
});

describe("records that LevelDB lost, or shows again", () => {
  type RawStore = Level<Uint8Array, Uint8Array>;

  async function changed(act: (store: RawStore, meta: Meta) => Promise<void>) {
    const path = copyOf(trimmed);
    const store: RawStore = new Level(join(path, "log", "store"), {
      keyEncoding: "view",
      valueEncoding: "view",
    });
    const record = Buffer.from((await store.get(META_KEY)) as Uint8Array);
    await act(store, decodeMeta(record)!);
    await store.close();
    return restart(path);
  }

  test("trap-50 a trimmed log without its snapshot, or behind it, is damage", async () => {
    expect(await changed((store) => store.del(SNAPSHOT_KEY))).toBe("LOG_DAMAGED");
    const other = snapshotOf({ index: 20, term: 1, checksum: 1 }, state);
    const before = snapshotOf({ index: 3, term: 1, checksum: 1 }, state);
    const ahead = snapshotOf({ index: 31, term: 1, checksum: 1 }, state);
    for (const each of [other, before, ahead]) {
      expect(await changed((store) => store.put(SNAPSHOT_KEY, encodeSnapshot(each)))).toBe(
        "LOG_DAMAGED",
      );
    }
  });

  test("an older anchor or an older snapshot is told by the watermark", async () => {
    const older = (store: RawStore, meta: Meta) =>
      store.put(META_KEY, encodeMeta({ ...meta, revision: meta.revision - 1 }));
    expect(await changed(older)).toBe("LOG_DAMAGED");
    expect(await changed(async () => {})).toEqual(wholes.get(trimmed));
  });

  test("a record of a snapshot in a store that says it has none is damage", async () => {
    const older = (store: RawStore, meta: Meta) =>
      store.put(META_KEY, encodeMeta({ ...meta, format: 1 }));
    expect(await changed(older)).toBe("LOG_DAMAGED");
  });
});

test("a directory that was born in format 1 opens, and takes snapshots", async () => {
  const path = directory.fresh();
  const entries = chain(["a", "b"]);
  await (await born(path, entries)).close();
  const { crc32c } = await import("@redoubt/raft");
  const identityPath = join(path, "log", "identity");
  const line = readFileSync(identityPath, "utf8")
    .split("\n")[0]!
    .replace('"format":2', '"format":1');
  const stamp = crc32c(Buffer.from(line));
  writeFileSync(identityPath, `${line}\n${stamp.toString(16).padStart(8, "0")}\n`);
  const store: Level<Uint8Array, Uint8Array> = new Level(join(path, "log", "store"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  const meta = decodeMeta(Buffer.from((await store.get(META_KEY)) as Uint8Array))!;
  expect(meta.format).toBe(1);
  await store.put(META_KEY, encodeMeta({ ...meta, identityStamp: stamp }));
  await store.close();
  rmSync(join(path, "log", "snapshots"), { recursive: true });
  expect((await readIdentity(realFiles, identityPath)).stamp).toBe(stamp);

  const log = await openOrThrow(path);
  await adopt(log, entries[0]!, state);
  await persist(log, { trimTo: 1 });
  await log.close();
  crashImage(path, directory.fresh());
  expect(await restart(path)).toMatchObject({ anchor: 1, entries: [{ index: 2 }] });
});
