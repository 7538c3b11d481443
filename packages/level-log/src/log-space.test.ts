/** Zeros written ahead into LevelDB's log: what is written is there, whatever a crash leaves of it. */

import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LOG_SPACE_BYTES, LOG_SPACE_WRITE_BYTES_MAX, WRITE_BUFFER_BYTES } from "./constants.js";
import { LogSpace } from "./log-space.js";
import { openStore, type Store } from "./store.js";
import { wholeRecordsEnd } from "./table-format.js";
import { TestDirectory } from "./test-support.js";

const SECTOR_BYTES = 512;

const directory = new TestDirectory();
afterAll(() => directory.remove());

function logsOf(path: string): string[] {
  const names = readdirSync(path).filter((name) => name.endsWith(".log"));
  return names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

/** The log that is written: how long its file is, and how far its records go. */
function newest(path: string): { file: string; bytes: number; used: number } {
  const file = join(path, logsOf(path).at(-1)!);
  const content = readFileSync(file);
  return { file, bytes: content.length, used: wholeRecordsEnd(content) };
}

function keyOf(number: number): Buffer {
  const key = Buffer.alloc(9, "k");
  key.writeUInt32BE(number, 1);
  return key;
}

function bytesFor(number: number, bytes: number): Buffer {
  const value = Buffer.alloc(bytes, 1 + (number % 255));
  if (bytes >= 4) value.writeUInt32BE(number, bytes - 4);
  return value;
}

function put(store: Store, number: number, bytes: number): Promise<void> {
  return store.write([{ type: "put", key: keyOf(number), value: bytesFor(number, bytes) }]);
}

async function valuesIn(path: string): Promise<Map<number, Buffer>> {
  const found = new Map<number, Buffer>();
  const store = await openStore(path, false);
  for await (const records of store.scan()) {
    for (const [key, value] of records) found.set(key.readUInt32BE(1), Buffer.from(value));
  }
  await store.close();
  return found;
}

/** As a crash of the process would leave it. */
function imageOf(path: string): string {
  const image = directory.fresh();
  cpSync(path, image, { recursive: true });
  return image;
}

test("small writes go into zeros that are there, and the file grows once for many of them", async () => {
  const path = directory.fresh();
  const store = await openStore(path, true);
  await put(store, 0, 1000);
  const first = newest(path);
  expect(first.bytes).toBeGreaterThanOrEqual(LOG_SPACE_BYTES);
  expect(first.used).toBeLessThan(1200);
  const sizes = new Set<number>();
  const writes = Math.floor(LOG_SPACE_BYTES / 1100);
  for (let number = 1; number < writes; number++) {
    await put(store, number, 1000);
    const { bytes, used } = newest(path);
    expect(used).toBeGreaterThan(number * 1000);
    sizes.add(bytes);
  }
  expect(sizes.size).toBeLessThanOrEqual(2);
  await store.close();
});

test("zeros that are left are used up before there are more", async () => {
  const path = directory.fresh();
  const store = await openStore(path, true);
  for (const bytes of [1, 100, 1000, 20_000]) {
    for (let sum = 0, number = 0; sum < 3 * LOG_SPACE_BYTES && number < 4000; number++) {
      await put(store, number, bytes);
      sum += bytes;
    }
    const { bytes: length, used } = newest(path);
    expect(length - used).toBeLessThanOrEqual(LOG_SPACE_BYTES * 1.02);
  }
  await store.close();
});

test("trap-27 a store that is closed writes no zeros: the log may be the next one's", async () => {
  const path = directory.fresh();
  const first = await openStore(path, true);
  await put(first, 0, 10);
  const closing = first.close();
  await expect(put(first, 1, LOG_SPACE_WRITE_BYTES_MAX)).rejects.toThrow(
    "a synced write to the log failed",
  );
  await closing;
  const second = await openStore(path, false);
  await put(second, 2, LOG_SPACE_WRITE_BYTES_MAX + 1);
  for (let number = 3; number < 9; number++) {
    const late = expect(put(first, number, LOG_SPACE_WRITE_BYTES_MAX)).rejects.toThrow();
    await put(second, number, LOG_SPACE_WRITE_BYTES_MAX + 1);
    await late;
  }
  const { bytes, used } = newest(path);
  expect(used).toBe(bytes);
  await second.close();
  expect([...(await valuesIn(path)).keys()]).toEqual([0, 2, 3, 4, 5, 6, 7, 8]);
});

test("nothing is written ahead of large writes", async () => {
  const path = directory.fresh();
  const store = await openStore(path, true);
  for (let number = 0; number < 4; number++)
    await put(store, number, LOG_SPACE_WRITE_BYTES_MAX + 1);
  const { bytes, used } = newest(path);
  expect(used).toBe(bytes);
  await store.close();
  expect((await valuesIn(path)).size).toBe(4);
});

test("trap-27 a log that LevelDB has left for the next one, zeros behind it, loses nothing", async () => {
  const path = directory.fresh();
  const store = await openStore(path, true);
  const bytes = 100_000;
  const writes = Math.ceil((WRITE_BUFFER_BYTES * 1.2) / bytes);
  const names = new Set<string>();
  for (let number = 0; number < writes; number++) {
    await put(store, number, bytes);
    names.add(newest(path).file);
  }
  expect(names.size).toBeGreaterThan(1);
  const image = imageOf(path);
  await store.close();
  for (const place of [image, path]) {
    const found = await valuesIn(place);
    expect(found.size).toBe(writes);
    for (const [number, value] of found) expect(value.equals(bytesFor(number, bytes))).toBe(true);
  }
});

test("trap-27 writes, deletions and compactions side by side lose nothing", async () => {
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("put" as const), bytes: fc.nat(9000) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("put" as const),
        bytes: fc.integer({ min: 60_000, max: 200_000 }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "clear" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "compact" as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: "wait" as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 60 }), async (operations) => {
      const path = directory.fresh();
      const store = await openStore(path, true);
      // Deleted ranges lie before what is written, so their order does not matter.
      const [from, to] = [keyOf(0), keyOf(1000)];
      const written = new Map<number, number>();
      const running: Promise<void>[] = [];
      for (const [at, each] of operations.entries()) {
        if (each.kind === "put") {
          const number = at % 3 === 0 ? at : 1000 + at;
          if (number >= 1000) written.set(number, each.bytes);
          running.push(put(store, number, each.bytes));
        } else if (each.kind === "clear") running.push(store.clear({ gte: from, lt: to }));
        else if (each.kind === "compact") running.push(store.compact({ gte: from, lt: to }));
        else await running.at(-1);
      }
      await Promise.all(running);
      const image = imageOf(path);
      await store.close();
      for (const place of [image, path]) {
        const found = await valuesIn(place);
        for (const [number, bytes] of written) {
          expect(found.get(number)?.equals(bytesFor(number, bytes))).toBe(true);
        }
        rmSync(place, { recursive: true });
      }
    }),
    { numRuns: 12, seed: 27, endOnFailure: true },
  );
});

describe("trap-27 power loss while a write is under way", () => {
  /** Some of the sectors that the last write has touched are as they were before it. */
  test("keeps all before it, and that one whole or not at all", async () => {
    const path = directory.fresh();
    const store = await openStore(path, true);
    const sizes = [20, 300, 5000, 70, 40_000, 1, 900, 66_000, 12, 3000];
    const images: string[] = [];
    for (const [number, bytes] of sizes.entries()) {
      images.push(imageOf(path));
      await put(store, number, bytes);
    }
    images.push(imageOf(path));
    await store.close();
    let [lost, kept] = [0, 0];
    for (const number of sizes.keys()) {
      for (let seed = 0; seed < 6; seed++) {
        const torn = tornBetween(images[number]!, images[number + 1]!, seed);
        const found = await valuesIn(torn);
        for (let before = 0; before < number; before++) {
          expect(found.get(before)?.equals(bytesFor(before, sizes[before]!))).toBe(true);
        }
        const last = found.get(number);
        if (last === undefined) lost += 1;
        else kept += 1;
        if (last !== undefined) expect(last.equals(bytesFor(number, sizes[number]!))).toBe(true);
        expect(found.size).toBe(number + (last === undefined ? 0 : 1));
        rmSync(torn, { recursive: true });
      }
    }
    expect(lost).toBeGreaterThan(0);
    expect(kept).toBeGreaterThan(0);
  });

  function tornBetween(before: string, after: string, seed: number): string {
    const torn = imageOf(after);
    const { file } = newest(torn);
    const [old, now] = [readFileSync(join(before, logsOf(before).at(-1)!)), readFileSync(file)];
    let state = seed + 1;
    for (let at = 0; at < now.length; at += SECTOR_BYTES) {
      const end = Math.min(at + SECTOR_BYTES, now.length);
      const earlier = Buffer.alloc(end - at);
      if (at < old.length) old.copy(earlier, 0, at, end);
      if (earlier.equals(now.subarray(at, end))) continue;
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      if (seed > 0 && state % 7 < seed) earlier.copy(now, at);
    }
    writeFileSync(file, now);
    return torn;
  }
});

test("a store without a log, or none at all, is left to LevelDB", () => {
  const path = directory.fresh();
  new LogSpace(path).reserve(10, true);
  new LogSpace(join(path, "missing")).reserve(10, true);
});

test("of logs the one with the highest number is written: LevelDB's numbers grow beyond six digits", () => {
  const store = directory.fresh();
  for (const name of ["999999.log", "1000000.log", "LOG", "000007.ldb"]) {
    cpSync(new URL(import.meta.url).pathname, join(store, name), { recursive: true });
  }
  const sizes = () => readdirSync(store).map((name) => [name, statSync(join(store, name)).size]);
  const before = new Map(sizes() as [string, number][]);
  new LogSpace(store).reserve(10, true);
  const grown = (sizes() as [string, number][]).filter(([name, size]) => size > before.get(name)!);
  expect(grown).toEqual([["1000000.log", before.get("1000000.log")! + LOG_SPACE_BYTES]]);
});
