import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HistoryEvent } from "./event.js";
import { JournalWriter, readJournal } from "./journal.js";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(directory, "history.jsonl");
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function event(type: "invoke" | "ok", time: number, value: string | null): HistoryEvent {
  return { process: 1, type, op: "read", key: "k", value, time, node: 1 };
}

async function write(...events: readonly HistoryEvent[]): Promise<void> {
  const writer = await JournalWriter.create(path);
  for (const each of events) writer.append(each);
  await writer.close();
}

test("what was written is read again", async () => {
  await write(event("invoke", 1, null), event("ok", 2, "ü\n7"), event("invoke", 3, null));
  const { history, torn } = await readJournal(path);
  expect(torn).toBeNull();
  expect(history.operations).toMatchObject([
    { outcome: "ok", output: "ü\n7", invokedAt: 1, completedAt: 2 },
    { outcome: "info", completedAt: Number.POSITIVE_INFINITY },
  ]);
});

test("a torn last line is left out and told", async () => {
  await write(event("invoke", 1, null), event("ok", 2, "7"));
  appendFileSync(path, '{"process":1,"type":"inv');
  const { history, torn } = await readJournal(path);
  expect(torn).toBe('{"process":1,"type":"inv');
  expect(history.operations).toHaveLength(1);
});

test("a last line that only lacks its end is whole", async () => {
  await write(event("invoke", 1, null), event("ok", 2, "7"));
  writeFileSync(path, readFileSync(path, "utf8").trimEnd());
  const { history, torn } = await readJournal(path);
  expect(torn).toBeNull();
  expect(history.operations[0]!.outcome).toBe("ok");
});

test("any other damaged line is no history", async () => {
  await write(event("invoke", 1, null), event("ok", 2, "7"));
  const lines = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [lines[0]!.slice(0, 9), lines[1], ""].join("\n"));
  await expect(readJournal(path)).rejects.toThrow("history.jsonl:1: no event");
  writeFileSync(path, '{"process":1}\n');
  await expect(readJournal(path)).rejects.toThrow("history.jsonl:1: no event");
});

test("a slow file makes the writer wait, and loses nothing", async () => {
  const writer = await JournalWriter.create(path);
  const value = "v".repeat(1_000);
  let waits = 0;
  for (let i = 0; i < 2_000; i++) {
    const isFree = writer.append(event(i % 2 === 0 ? "invoke" : "ok", i, value));
    if (isFree) continue;
    waits += 1;
    await writer.drained();
  }
  await writer.close();
  expect(waits).toBeGreaterThan(0);
  const { history } = await readJournal(path);
  expect(history.operations).toHaveLength(1_000);
  expect(history.operations.every(({ output }) => output === value)).toBe(true);
});

test("a journal does not overwrite another, and one that is not there is not empty", async () => {
  await write(event("invoke", 1, null));
  await expect(JournalWriter.create(path)).rejects.toThrow("EEXIST");
  await expect(readJournal(join(directory, "none"))).rejects.toThrow("ENOENT");
});
