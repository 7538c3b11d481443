import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, EntryKind, entryChecksum } from "@redoubt/raft";
import { afterAll, expect, test } from "vitest";
import { EntryFileWriter, readEntryFile } from "./entry-file.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-entries-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const anchor = { index: 41, checksum: 7 };

function entries(count: number): Entry[] {
  let previous = anchor.checksum;
  return Array.from({ length: count }, (_, at) => {
    const index = anchor.index + 1 + at;
    const term = 3 + (at >> 2);
    const kind = at % 3 === 0 ? EntryKind.noop : EntryKind.batch;
    const payload = Buffer.alloc(kind === EntryKind.noop ? 0 : at * 8, at);
    previous = entryChecksum(index, term, kind, previous, payload);
    return { index, term, kind, checksum: previous, payload };
  });
}

function written(name: string, list: readonly Entry[]): string {
  const path = join(directory, name);
  const writer = new EntryFileWriter(path, anchor);
  for (const entry of list) writer.append(entry);
  const facts = writer.finish();
  expect(facts.bytes).toBe(readFileSync(path).length);
  return path;
}

const damaged = expect.objectContaining({ code: "DAMAGED" });

test("entries come back as they were written, none at all too", () => {
  const list = entries(20);
  expect([...readEntryFile(written("some", list), anchor)]).toEqual(list);
  expect([...readEntryFile(written("none", []), anchor)]).toEqual([]);
});

test("what is not chained is not written: a gap, another history, a changed payload", () => {
  const list = entries(3);
  const [first, second] = list as [Entry, Entry, Entry];
  for (const wrong of [
    [second],
    [first, first],
    [{ ...first, checksum: first.checksum ^ 1 }],
    [first, { ...second, payload: Buffer.alloc(second.payload.length, 9) }],
  ]) {
    const writer = new EntryFileWriter(join(directory, `wrong-${Math.random()}`), anchor);
    expect(() => {
      for (const entry of wrong) writer.append(entry);
    }).toThrow(damaged);
    writer.abandon();
  }
});

test("any changed byte, and any end but the one between two entries, is found", () => {
  const path = written("whole", entries(4));
  const whole = readFileSync(path);
  const other = join(directory, "other");
  const boundaries = new Set([9, whole.length]);
  let end = 9;
  for (const { payload } of entries(4)) {
    end += 25 + payload.length;
    boundaries.add(end);
  }
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 1 << (at % 8);
    writeFileSync(other, changed);
    expect(() => [...readEntryFile(other, anchor)]).toThrow(damaged);
    if (boundaries.has(at)) continue;
    writeFileSync(other, whole.subarray(0, at));
    expect(() => [...readEntryFile(other, anchor)]).toThrow(damaged);
  }
  expect(() => [...readEntryFile(path, { ...anchor, checksum: 8 })]).toThrow(damaged);
});
