/** A store that is in use is never taken for damaged, whatever its files look like meanwhile. */

import { once } from "node:events";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStoppedLog } from "./stopped-log.js";
import { born, chain, openOrThrow, restart, storeFiles, TestDirectory } from "./test-support.js";
import { holdOpen } from "./testing/hold-open.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

/** A log whose entry is in a table. */
async function tabled(): Promise<string> {
  const path = directory.fresh();
  await (await born(path, chain(["a"]))).close();
  expect(await restart(path)).toMatchObject({ entries: [{}] });
  return path;
}

/** As tables that were listed, and are gone when they are looked at. */
function hideTables(path: string): void {
  const tables = storeFiles(path, ".ldb");
  expect(tables.length).toBeGreaterThan(0);
  for (const table of tables) renameSync(table, `${table}.gone`);
}

const locked = { code: "STORE_LOCKED", message: expect.stringContaining("log/store is in use") };

test("trap-26 what looks like damage is the work of the process that runs, and damage when none does", async () => {
  const path = await tabled();
  const holder = await holdOpen(join(path, "log", "store"));
  hideTables(path);
  try {
    await expect(openOrThrow(path)).rejects.toMatchObject(locked);
    await expect(openStoppedLog(path)).rejects.toMatchObject(locked);
  } finally {
    holder.kill("SIGKILL");
    await once(holder, "exit");
  }
  expect(await restart(path)).toBe("LOG_DAMAGED");
  await expect(openStoppedLog(path)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  expect(readdirSync(path)).toEqual(["log"]);
});

test("within one process, too, and the lock of who has it is not lost by looking", async () => {
  const path = await tabled();
  const log = await openOrThrow(path);
  hideTables(path);
  await expect(openOrThrow(path)).rejects.toMatchObject(locked);
  await expect(holdOpen(join(path, "log", "store"))).rejects.toThrow("LEVEL_LOCKED");
  await log.close();
});
