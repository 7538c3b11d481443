/** The trimmer beside a log that goes on: what it is told while it is busy is not forgotten. */

import { afterAll, expect, test } from "vitest";
import { COMPACT_BYTES_MIN } from "./constants.js";
import { decodeEntryKey, ENTRY_KEYS_END, ENTRY_KEYS_FIRST, entryKey } from "./records.js";
import { openStore, type Store } from "./store.js";
import { TestDirectory } from "./test-support.js";
import { Trimmer } from "./trimmer.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

async function storedIndexes(store: Store): Promise<number[]> {
  const found: number[] = [];
  for await (const records of store.scan({ gte: ENTRY_KEYS_FIRST, lt: ENTRY_KEYS_END })) {
    for (const [key] of records) found.push(decodeEntryKey(key)!.index);
  }
  return found;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** One entry each, of which `tableBytes` says that they have so many bytes. */
async function storeOf(
  indexes: readonly number[],
  entryBytes: number,
  onCompact: (first: number, end: number) => Promise<void> | void,
): Promise<Store> {
  const store = await openStore(directory.fresh(), true);
  const value = Buffer.from("entry");
  await store.write(indexes.map((index) => ({ type: "put", key: entryKey(index, 0), value })));
  const indexAt = (key: Uint8Array) => decodeEntryKey(Buffer.from(key))?.index ?? 0;
  return {
    path: store.path,
    write: (operations) => store.write(operations),
    get: (key) => store.get(key),
    scan: (range) => store.scan(range),
    firstKey: (range) => store.firstKey(range),
    clear: (range) => store.clear(range),
    tableBytes: async ({ gte, lt }) =>
      (indexAt(lt) - Math.max(indexAt(gte), indexes[0]!)) * entryBytes,
    compact: async (range) => {
      await store.compact(range);
      await onCompact(indexAt(range.gte), indexAt(range.lt));
    },
    close: () => store.close(),
  };
}

test("an anchor that moves while LevelDB compacts is trimmed to, too", async () => {
  let compactions = 0;
  let goOn = (): void => {};
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const store = await storeOf([1, 2, 3, 4, 5, 6], COMPACT_BYTES_MIN / 2, async () => {
    compactions += 1;
    await told;
  });
  const trimmer = new Trimmer(store, (error) => {
    throw error;
  });
  trimmer.trimTo(2);
  await until(() => compactions === 1);
  trimmer.trimTo(4);
  goOn();
  await until(() => trimmer.idle);
  expect(await storedIndexes(store)).toEqual([5, 6]);
  expect(compactions).toBe(2);
  await trimmer.stop();
  await store.close();
});

test("trap-38 much that is trimmed at once is compacted in portions, large entries one by one", async () => {
  const indexes = Array.from({ length: 40 }, (_, at) => at + 1);
  const portionsOf = async (entryBytes: number): Promise<[number, number][]> => {
    const portions: [number, number][] = [];
    const store = await storeOf(indexes, entryBytes, (first, end) => {
      portions.push([first, end]);
    });
    const trimmer = new Trimmer(store, (error) => {
      throw error;
    });
    trimmer.trimTo(32);
    await until(() => trimmer.idle);
    expect(await storedIndexes(store)).toEqual(indexes.slice(32));
    await trimmer.stop();
    await store.close();
    return portions;
  };
  const several = await portionsOf(COMPACT_BYTES_MIN / 8);
  expect(several.length).toBeGreaterThan(2);
  for (const [at, [first, end]] of several.entries()) {
    expect(first).toBe(at === 0 ? 0 : several[at - 1]![1]);
    const entries = end - Math.max(first, 1);
    expect(entries).toBeGreaterThanOrEqual(8);
    expect(entries).toBeLessThan(16);
  }
  expect((await portionsOf(COMPACT_BYTES_MIN * 2)).map(([, end]) => end)).toEqual(
    indexes.slice(1, 33),
  );
  expect(await portionsOf(COMPACT_BYTES_MIN / 64)).toEqual([]);
});
