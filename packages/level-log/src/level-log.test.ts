/** What the contract of a durable log does not say: counters, failures, locks. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BATCH_BYTES_MAX } from "./constants.js";
import { WriteFailedError } from "./errors.js";
import { realFiles } from "./files.js";
import { LevelLog } from "./level-log.js";
import { encodeEntry, entryKey, HEADER_BYTES } from "./records.js";
import { SnapshotFiles } from "./snapshots.js";
import type { KeyRange, Store, StoreOperation } from "./store.js";
import {
  born,
  chain,
  openOrThrow,
  openParts,
  persist,
  persistOf,
  restart,
  TestDirectory,
} from "./test-support.js";
import { WatermarkFile } from "./watermark.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

/** A real store whose disk fills up before the `failing`th write (from 1), with some of it written. */
class FullStore implements Store {
  readonly path: string;
  writes = 0;
  readonly #store: Store;
  readonly #failing: number;

  constructor(store: Store, failing: number) {
    this.path = store.path;
    this.#store = store;
    this.#failing = failing;
  }

  async write(operations: StoreOperation[]): Promise<void> {
    this.writes++;
    if (this.writes === this.#failing) throw new WriteFailedError("ENOSPC");
    await this.#store.write(operations);
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#store.get(key);
  }

  scan(range?: KeyRange): ReturnType<Store["scan"]> {
    return this.#store.scan(range);
  }

  firstKey(range: KeyRange): Promise<Buffer | null> {
    return this.#store.firstKey(range);
  }

  clear(range: KeyRange): Promise<void> {
    return this.#store.clear(range);
  }

  tableBytes(range: Required<KeyRange>): Promise<number> {
    return this.#store.tableBytes(range);
  }

  compact(range: Required<KeyRange>): Promise<void> {
    return this.#store.compact(range);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

describe("group commit", () => {
  test("what is handed over in one turn, and while a batch is in flight, is one sync each", async () => {
    const log = await born(directory.fresh());
    const entries = chain(Array.from({ length: 30 }, String));
    const each = (from: number, to: number) =>
      entries.slice(from, to).map((entry) => persist(log, { entries: [entry] }));
    const first = each(0, 10);
    await new Promise((resolve) => setImmediate(resolve));
    const inFlight = log.syncs === 0;
    const second = each(10, 30);
    await Promise.all([...first, ...second]);
    expect(log.syncs).toBeLessThanOrEqual(2);
    if (inFlight) expect(log.syncs).toBe(2);
    const { entries: entryBytes, hardState, filesMade } = log.written;
    expect(entryBytes).toBeGreaterThan(entries.length * HEADER_BYTES);
    expect({ hardState, filesMade }).toEqual({ hardState: 0, filesMade: 0 });
    await log.close();
  });

  test("a batch takes a bounded number of bytes, whatever waits", async () => {
    const log = await born(directory.fresh());
    const payload = new Uint8Array(BATCH_BYTES_MAX / 2 + 1);
    const entries = chain([payload, payload, payload]);
    await Promise.all(entries.map((entry) => persist(log, { entries: [entry] })));
    expect(log.syncs).toBe(2);
    await log.close();
  });

  test("nothing to write is no sync", async () => {
    const log = await born(directory.fresh());
    await Promise.all([persist(log, {}), persist(log, {})]);
    expect(log.syncs).toBe(0);
    await log.close();
  });
});

describe("a failed write", () => {
  test("trap-24 trap-29 is fatal once, completes nothing more and is not retried", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const fatal: Error[] = [];
    const parts = await openParts(path, (error) => fatal.push(error));
    const store = new FullStore(parts.store, 2);
    const log = new LevelLog({ ...parts, store });
    const [a, b, c] = chain(["a", "b", "c"]).map((entry) => ({ entries: [entry] }));
    const completed: string[] = [];
    await persist(log, a!);
    log.persist(persistOf(b!), () => completed.push("b"));
    await new Promise((resolve) => setImmediate(resolve));
    log.persist(persistOf(c!), () => completed.push("c"));
    await log.close();
    expect(completed).toEqual([]);
    expect(fatal).toMatchObject([{ code: "WRITE_FAILED" }]);
    expect(store.writes).toBe(2);
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }] });
  });

  test("trap-24 a watermark that cannot be written is fatal before done", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const fatal: Error[] = [];
    const parts = await openParts(path, (error) => fatal.push(error));
    await parts.watermark.close();
    const readOnly = await realFiles.open(parts.watermark.path, "read");
    const watermark = new WatermarkFile(parts.watermark.path, readOnly, parts.watermark.found, 1);
    const log = new LevelLog({ ...parts, watermark });
    const completed: string[] = [];
    log.persist(persistOf({ entries: chain(["a"]) }), () => completed.push("a"));
    await log.close();
    expect(completed).toEqual([]);
    expect(fatal).toMatchObject([{ code: "WRITE_FAILED", cause: { code: "EBADF" } }]);
  });

  test("an assertion that fails on the way is fatal too", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const fatal: Error[] = [];
    const log = new LevelLog(await openParts(path, (error) => fatal.push(error)));
    log.persist(persistOf({ entries: chain(["a", "b"]).slice(1) }), () => fatal.push(new Error()));
    await log.close();
    expect(fatal).toMatchObject([{ name: "AssertionError" }]);
  });
});

describe("a read", () => {
  test("trap-26 of an entry that is not the one written throws LOG_DAMAGED", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b", "c"]);
    await (await born(path, entries)).close();
    const parts = await openParts(path, () => {});
    const [, b] = entries;
    // Verifies against its own checksum and its predecessor, but is another history's entry 2.
    const other = encodeEntry(chain(["other"], 1, entries[0])[0]!, 1);
    const changed = encodeEntry({ ...b!, payload: Buffer.from("B") }, 1);
    for (const value of [other, changed, changed.subarray(1), undefined]) {
      const get = (key: Uint8Array) => (entryKey(2, 0).equals(key) ? value : parts.store.get(key));
      const store: Store = { ...methodsOf(parts.store), get };
      const { directory: snapshotsDirectory } = parts.snapshots;
      const options = { files: realFiles, directory: snapshotsDirectory, adopted: null };
      const snapshots = new SnapshotFiles(options);
      const log = new LevelLog({ ...parts, snapshots, store });
      // What the scan has proved of the first two is let go.
      expect(log.readEntries(3, 3, 100)).toHaveLength(1);
      expect(log.readEntries(1, 1, 0)).toHaveLength(1);
      expect(() => log.readEntries(1, 3, 100)).toThrow(
        expect.objectContaining({ code: "LOG_DAMAGED" }),
      );
    }
    await new LevelLog(parts).close();
  });

  test("of what is not durable is refused", async () => {
    const log = await born(directory.fresh(), chain(["a"]));
    expect(() => log.readEntries(1, 2, 100)).toThrow("durable entries");
    expect(() => log.readEntries(0, 1, 100)).toThrow("durable entries");
    await log.close();
  });
});

function methodsOf(store: Store): Store {
  return {
    path: store.path,
    write: (operations) => store.write(operations),
    get: (key) => store.get(key),
    scan: (range) => store.scan(range),
    firstKey: (range) => store.firstKey(range),
    clear: (range) => store.clear(range),
    tableBytes: (range) => store.tableBytes(range),
    compact: (range) => store.compact(range),
    close: () => store.close(),
  };
}

test("checksums are told without the store: of entries, not of what is cut", async () => {
  const path = directory.fresh();
  const entries = chain(["a", "b", "c"]);
  await (await born(path, entries)).close();
  const parts = await openParts(path, () => undefined);
  parts.store.get = () => {
    throw new Error("nothing is read");
  };
  const log = new LevelLog(parts);
  expect(entries.map(({ index }) => log.checksumAt(index))).toEqual(
    entries.map(({ checksum }) => checksum),
  );
  expect(() => log.checksumAt(4)).toThrow("durable entry");
  await log.close();
});

describe("a store that is in use", () => {
  test("is refused within the process", async () => {
    const path = directory.fresh();
    const log = await born(path);
    await expect(openOrThrow(path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await persist(log, { entries: chain(["a"]) });
    await log.close();
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }] });
  });

  test("is refused while another process has it", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const program = `
      const { Level } = require("level");
      const database = new Level(process.argv[1]);
      database.open({ createIfMissing: false }).then(() => process.stdout.write("open"));
      process.stdin.resume();`;
    const store = join(path, "log", "store");
    const cwd = join(import.meta.dirname, "..");
    const holder = spawn(process.execPath, ["-e", program, store], { cwd });
    try {
      await once(holder.stdout, "data");
      await expect(openOrThrow(path)).rejects.toMatchObject({ code: "STORE_LOCKED" });
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    expect(await restart(path)).toMatchObject({ entries: [] });
  });
});
