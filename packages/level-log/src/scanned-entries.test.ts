import { afterAll, describe, expect, test } from "vitest";
import { SCANNED_BYTES_MAX } from "./constants.js";
import { LevelLog } from "./level-log.js";
import { ScannedEntries } from "./scanned-entries.js";
import type { Store } from "./store.js";
import {
  adopt,
  born,
  chain,
  openOrThrow,
  openParts,
  persist,
  TestDirectory,
} from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

/** Opened, with the keys that are looked up from now on. */
async function opened(path: string): Promise<{ log: LevelLog; lookups: () => number }> {
  const parts = await openParts(path, (error) => {
    throw error;
  });
  let count = 0;
  const store = new Proxy(parts.store, {
    get(target, name) {
      if (name === "get") count += 1;
      const member = target[name as keyof Store];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { log: new LevelLog({ ...parts, store }), lookups: () => count };
}

describe("what the opening scan has proved", () => {
  test("is applied without being read again, and then let go", async () => {
    const path = directory.fresh();
    const entries = chain(Array.from({ length: 20 }, String));
    await (await born(path, entries)).close();
    const { log, lookups } = await opened(path);
    expect(log.readEntries(1, 20, 1e6)).toEqual(entries);
    expect(lookups()).toBe(0);
    expect(log.readEntries(15, 20, 1e6)).toEqual(entries.slice(14));
    expect(lookups()).toBe(0);
    expect(log.readEntries(1, 20, 1e6)).toEqual(entries);
    expect(lookups()).toBe(14);
    await log.close();
  });

  test("is only what lies behind the snapshot", async () => {
    const path = directory.fresh();
    const entries = chain(Array.from({ length: 20 }, String));
    const log = await born(path, entries);
    await adopt(log, entries[11]!, Buffer.from("state"));
    await log.close();
    const { log: again, lookups } = await opened(path);
    expect(again.readEntries(13, 20, 1e6)).toEqual(entries.slice(12));
    expect(lookups()).toBe(0);
    expect(again.readEntries(12, 20, 1e6)).toEqual(entries.slice(11));
    expect(lookups()).toBe(1);
    await again.close();
  });

  test("trap-27 gives way to what is written in its place", async () => {
    const path = directory.fresh();
    const entries = chain(Array.from({ length: 20 }, String));
    await (await born(path, entries)).close();
    const log = await openOrThrow(path);
    const other = chain(["x", "y"], 2, entries[9]!);
    await persist(log, { truncateFrom: 11, entries: other });
    expect(log.readEntries(1, 12, 1e6)).toEqual([...entries.slice(0, 10), ...other]);
    await log.close();
  });

  test("is bounded by bytes, and a page by what was asked for", () => {
    const kept = new ScannedEntries(0);
    const payload = new Uint8Array(SCANNED_BYTES_MAX / 4);
    for (const entry of chain([payload, payload, payload, payload, "small"])) kept.add(entry);
    expect([1, 2, 3, 4, 5].map((index) => kept.at(index) !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test("is forgotten from the front, and cut at the end", () => {
    const kept = new ScannedEntries(5);
    const entries = chain(Array.from({ length: 12 }, String));
    for (const entry of entries) kept.add(entry);
    const held = () =>
      entries.filter(({ index }) => kept.at(index) !== undefined).map((e) => e.index);
    expect(held()).toEqual([6, 7, 8, 9, 10, 11, 12]);
    kept.forgetBefore(3);
    kept.truncateTo(12);
    expect(held()).toEqual([6, 7, 8, 9, 10, 11, 12]);
    kept.forgetBefore(8);
    kept.truncateTo(10);
    expect(held()).toEqual([8, 9, 10]);
    kept.truncateTo(6);
    expect(held()).toEqual([]);
    kept.forgetBefore(100);
    expect(held()).toEqual([]);
  });
});
