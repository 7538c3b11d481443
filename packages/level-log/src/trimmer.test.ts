/** The trimmer beside a log that goes on: what it is told while it is busy is not forgotten. */

import { afterAll, expect, test } from "vitest";
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

test("an anchor that moves while LevelDB compacts is trimmed to, too", async () => {
  const store = await openStore(directory.fresh(), true);
  const value = Buffer.from("entry");
  const indexes = [1, 2, 3, 4, 5, 6];
  await store.write(indexes.map((index) => ({ type: "put", key: entryKey(index, 0), value })));
  let compactions = 0;
  let goOn = (): void => {};
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const slow: Store = {
    path: store.path,
    write: (operations) => store.write(operations),
    get: (key) => store.get(key),
    scan: (range) => store.scan(range),
    firstKey: (range) => store.firstKey(range),
    clear: (range) => store.clear(range),
    // As if it were worth it.
    tableBytes: async () => Number.MAX_SAFE_INTEGER,
    compact: async (range) => {
      compactions += 1;
      await store.compact(range);
      await told;
    },
    close: () => store.close(),
  };
  const trimmer = new Trimmer(slow, (error) => {
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
