/** Every byte of the tables and of their list counts, though LevelDB looks at none of the checksums. */

import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkTables } from "./table-check.js";
import { checkTable, FormatError, liveTables } from "./table-format.js";
import { born, chain, persist, restart, storeFiles, TestDirectory } from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

let path: string;
let table: string;
let manifest: string;

beforeAll(async () => {
  path = directory.fresh();
  const log = await born(path, chain(["born"]));
  let last = chain(["born"])[0]!;
  for (let term = 1; term <= 30; term++) {
    const entries = chain(["a".repeat(3000), "b"], term, last);
    await persist(log, { entries, hardState: { term, vote: 1 } });
    last = entries[1]!;
  }
  await log.close();
  // Opened once more, what was in LevelDB's log is in a table.
  await restart(path);
  const bySize = storeFiles(path, ".ldb").sort((a, b) => statSync(b).size - statSync(a).size);
  table = bySize[0]!;
  manifest = storeFiles(path, "").find((name) => name.includes("MANIFEST"))!;
});

describe("the tables of a stopped store", () => {
  test("are whole as LevelDB wrote them, and listed with their sizes", async () => {
    await expect(checkTables(join(path, "log", "store"))).resolves.toBeUndefined();
    const listed = liveTables(readFileSync(manifest));
    expect(listed.map(({ bytes }) => bytes)).toContain(statSync(table).size);
  });

  test("trap-26 no byte of a table can change unseen: index, filter, restarts, checksums, footer", () => {
    const bytes = readFileSync(table);
    checkTable(bytes);
    const last = bytes.length - 1;
    for (let at = 0; at <= last; at += at > last - 4000 || at < 4000 ? 1 : 37) {
      const mask = 1 << (at % 8);
      bytes[at] = bytes[at]! ^ mask;
      expect(() => checkTable(bytes), `byte ${at}`).toThrow(FormatError);
      bytes[at] = bytes[at]! ^ mask;
    }
    checkTable(bytes);
  });

  test("trap-26 no byte of the manifest's records can change unseen, but for what is torn at its end", () => {
    const bytes = readFileSync(manifest);
    const whole = JSON.stringify(liveTables(bytes));
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = bytes[at]! ^ 4;
      let listed: string | null = null;
      try {
        listed = JSON.stringify(liveTables(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
      // A longer length makes the last record look torn: less is listed, and LevelDB reads it so, too.
      if (listed !== null) expect(whole.length).toBeGreaterThanOrEqual(listed.length);
      bytes[at] = bytes[at]! ^ 4;
    }
    expect(JSON.stringify(liveTables(bytes))).toBe(whole);
  });

  test("trap-25 zeros at the manifest's end, which power loss leaves where a size was kept and data was not, are no damage", async () => {
    const [copy, other] = [directory.fresh(), directory.fresh()];
    for (const to of [copy, other]) cpSync(path, to, { recursive: true });
    const listed = liveTables(readFileSync(manifest));
    const bytes = Buffer.concat([readFileSync(manifest), Buffer.alloc(70_000)]);
    expect(liveTables(bytes)).toEqual(listed);
    writeFileSync(manifest.replace(path, copy), bytes);
    expect(await restart(copy)).toEqual(await restart(other));
    // Something follows them: they were not its end.
    bytes[bytes.length - 1] = 1;
    expect(() => liveTables(bytes)).toThrow(FormatError);
  });

  test("hostile bytes are refused, whatever they are", () => {
    for (const length of [0, 1, 47, 48, 49, 4096]) {
      expect(() => checkTable(Buffer.alloc(length, 0xff))).toThrow(FormatError);
      expect(() => checkTable(Buffer.alloc(length))).toThrow(FormatError);
    }
  });

  test.each([
    ["a table cut short", (file: string) => truncateSync(file, statSync(file).size - 1)],
    ["a changed table", (file: string) => writeFileSync(file, readFileSync(file).reverse())],
  ])("trap-26 %s is damage before LevelDB sees it", async (_, change) => {
    const copy = directory.fresh();
    cpSync(path, copy, { recursive: true });
    change(table.replace(path, copy));
    await expect(checkTables(join(copy, "log", "store"))).rejects.toMatchObject({
      code: "LOG_DAMAGED",
      what: expect.stringContaining(".ldb"),
    });
    expect(await restart(copy)).toBe("LOG_DAMAGED");
  });
});
