/** The check of tables that a start begins before anything else: what it finds, and how far it is believed. */

import { cpSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginTableCheck, EarlyCheck } from "./early-check.js";
import { openLog } from "./open.js";
import { born, chain, persist, restart, storeFiles, TestDirectory } from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

let whole: string;
/** The same, but for one byte of a table that neither LevelDB nor a scan looks at. */
let changed: string;

beforeAll(async () => {
  whole = directory.fresh();
  const log = await born(whole, chain(["born"]));
  const entries = chain(["a".repeat(5000), "b"], 1, chain(["born"])[0]!);
  await persist(log, { entries, hardState: { term: 1, vote: 1 } });
  await log.close();
  // Opened once more, what was in LevelDB's log is in a table.
  await restart(whole);
  changed = directory.fresh();
  cpSync(whole, changed, { recursive: true });
  const bySize = storeFiles(changed, ".ldb").sort((a, b) => statSync(a).size - statSync(b).size);
  const table = bySize.at(-1)!;
  const bytes = readFileSync(table);
  // A CRC of the index block: of 4 bytes, before the footer of 48.
  bytes[bytes.length - 50]! ^= 1;
  writeFileSync(table, bytes);
});

function open(path: string, tableCheck: EarlyCheck | null) {
  const onFatal = (error: Error) => {
    throw error;
  };
  return openLog({ directory: path, nodeId: 1, clusterId: null, onFatal, tableCheck });
}

test("a thread finds the tables whole, or not", async () => {
  expect(await beginTableCheck(whole, 0)?.take(whole)).toBe(true);
  expect(await beginTableCheck(changed, 0)?.take(changed)).toBe(false);
});

test("nothing is begun where there is nothing to check, or little", () => {
  expect(beginTableCheck(join(whole, "none"), 0)).toBeNull();
  expect(beginTableCheck(whole)).toBeNull();
});

test("trap-26 what it found damaged is refused by who opens, and what it found whole is not checked twice", async () => {
  await expect(open(changed, beginTableCheck(changed, 0))).rejects.toMatchObject({
    code: "LOG_DAMAGED",
  });
  const log = await open(changed, new EarlyCheck(changed, Promise.resolve(true)));
  await log.close();
});

test("trap-26 it is believed once, and of its directory only: other tables may have come into their place", async () => {
  const place = directory.fresh();
  cpSync(whole, place, { recursive: true });
  const check = beginTableCheck(place, 0)!;
  const log = await open(place, check);
  await log.close();
  renameSync(join(place, "log"), join(place, "log.aside"));
  cpSync(join(changed, "log"), join(place, "log"), { recursive: true });
  await expect(open(place, check)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  const late = new EarlyCheck(whole, Promise.resolve(true));
  writeFileSync(join(whole, "log", "identity"), "");
  await expect(open(whole, late)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  renameSync(join(whole, "log"), join(whole, "log.aside"));
  cpSync(join(changed, "log"), join(whole, "log"), { recursive: true });
  await expect(open(whole, late)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  const other = new EarlyCheck(whole, Promise.resolve(true));
  await expect(open(place, other)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
});
