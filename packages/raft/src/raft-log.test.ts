import { describe, expect, test } from "vitest";
import { SimulatedDisk } from "../testing/simulated-node.js";
import { AssertionError } from "./assert.js";
import { entryChecksum } from "./checksum.js";
import { entryOverheadBytes } from "./constants.js";
import { RaftLog } from "./raft-log.js";
import { type Entry, EntryKind, type Index, type Term } from "./types.js";

const emptyState = new SimulatedDisk([]).initialState();

function entry(index: Index, term: Term, bytes = 1): Entry {
  const payload = new Uint8Array(bytes).fill(index);
  const checksum = entryChecksum(index, term, EntryKind.batch, 0, payload);
  return { index, term, kind: EntryKind.batch, checksum, payload };
}

/** A log with a disk behind it that is written when `flush` is called. */
function logWithDisk() {
  const disk = new SimulatedDisk([]);
  const log = new RaftLog(emptyState, disk);
  let sequence = 0;
  const submit = () => {
    sequence += 1;
    const change = log.submit(sequence);
    return { sequence, hardState: null, ...change };
  };
  const flush = () => {
    const persist = submit();
    disk.write(persist);
    log.persisted(persist.sequence);
  };
  return { disk, log, submit, flush };
}

describe("completion of Persists", () => {
  test("trap-03: an old Persist proves nothing about entries rewritten since (ABA)", () => {
    const { log, submit, disk } = logWithDisk();
    for (const index of [1, 2, 3]) log.append(entry(index, 1));
    const first = submit();
    log.truncateFrom(2);
    for (const index of [2, 3]) log.append(entry(index, 2));
    const second = submit();
    expect(second.truncateFrom).toBe(2);
    // Cut and written once more: index 3 has been in all three, each time another entry.
    log.truncateFrom(3);
    log.append(entry(3, 3));
    const third = submit();
    log.persisted(first.sequence);
    expect(log.flushed).toBe(1);
    log.persisted(second.sequence);
    expect(log.flushed).toBe(2);
    log.persisted(third.sequence);
    expect(log.flushed).toBe(3);
    for (const persist of [first, second, third]) disk.write(persist);
    expect(disk.entries.map(({ term }) => term)).toEqual([1, 2, 3]);
  });

  test("a Persist completed with a later one counts once", () => {
    const { log, submit } = logWithDisk();
    log.append(entry(1, 1));
    submit();
    log.append(entry(2, 1));
    const second = submit();
    log.persisted(second.sequence);
    log.persisted(second.sequence);
    expect(log.flushed).toBe(2);
  });

  test("what storage was never given is not cut there", () => {
    const { log, submit } = logWithDisk();
    log.append(entry(1, 1));
    log.append(entry(2, 1));
    log.truncateFrom(2);
    log.append(entry(2, 2));
    expect(submit()).toMatchObject({ truncateFrom: 0, entries: [{ term: 1 }, { term: 2 }] });
  });

  test("two cuts between two Persists are one, at the lower index", () => {
    const { log, submit } = logWithDisk();
    for (const index of [1, 2, 3, 4]) log.append(entry(index, 1));
    submit();
    log.truncateFrom(4);
    log.append(entry(4, 2));
    log.truncateFrom(2);
    log.append(entry(2, 3));
    log.append(entry(3, 3));
    log.truncateFrom(3);
    expect(submit()).toMatchObject({ truncateFrom: 2, entries: [{ index: 2, term: 3 }] });
  });
});

describe("memory", () => {
  test("holds a window; older entries come from the reader, page by page", () => {
    const { disk, log, flush } = logWithDisk();
    for (let index = 1; index <= 20; index += 1) log.append(entry(index, index <= 10 ? 1 : 2, 10));
    flush();
    expect(log.memoryBytes).toBe(20 * (10 + entryOverheadBytes));
    log.compact(15, 20, 0, 0);
    expect(log.memoryFirst).toBe(16);
    expect(log.memoryBytes).toBe(5 * (10 + entryOverheadBytes));
    expect(log.slice(3, 20, 35).map(({ index }) => index)).toEqual([3, 4, 5]);
    expect(log.slice(14, 20, 1000).map(({ index }) => index)).toEqual([14, 15]);
    expect(log.slice(16, 20, 35).map(({ index }) => index)).toEqual([16, 17, 18]);
    expect(log.slice(16, 20, 1)).toHaveLength(1);
    expect(log.termAt(10)).toBe(1);
    expect(log.termAt(11)).toBe(2);
    const reads = disk.reads;
    expect(log.checksumAt(15)).toBe(entry(15, 2, 10).checksum);
    expect(disk.reads).toBe(reads);
    expect(log.checksumAt(7)).toBe(entry(7, 1, 10).checksum);
  });

  test("keeps what is not flushed, not applied, recent, or lacking on a peer within its bound", () => {
    const { log, flush } = logWithDisk();
    const each = 100 + entryOverheadBytes;
    for (let index = 1; index <= 6; index += 1) log.append(entry(index, 1, 100));
    log.compact(6, 6, 0, 0);
    expect(log.memoryFirst).toBe(1);
    flush();
    log.compact(0, 6, 0, 0);
    expect(log.memoryFirst).toBe(1);
    log.compact(6, 6, 5 * each, 5 * each);
    expect(log.memoryFirst).toBe(2);
    log.compact(6, 2, 0, 4 * each);
    expect(log.memoryFirst).toBe(3);
    log.compact(6, 2, 0, 3 * each);
    expect(log.memoryFirst).toBe(4);
  });

  test("trap-20: a long run keeps no emptied positions", () => {
    const { log, flush } = logWithDisk();
    for (let index = 1; index <= 10_000; index += 1) {
      log.append(entry(index, 1));
      if (index % 100 !== 0) continue;
      flush();
      log.compact(index, index, 0, 0);
      expect(log.memoryBytes).toBe(0);
    }
    expect(log.memoryFirst).toBe(10_001);
    expect(log.slice(9_999, 10_000, 10)).toHaveLength(2);
  });

  test("a cut below the window empties it and goes on from the durable log", () => {
    const { log, flush, disk } = logWithDisk();
    for (let index = 1; index <= 9; index += 1) log.append(entry(index, 1));
    flush();
    log.compact(9, 9, 0, 0);
    log.truncateFrom(4);
    expect(log.last).toBe(3);
    expect(log.checksumAt(3)).toBe(entry(3, 1).checksum);
    log.append(entry(4, 2));
    expect(log.slice(2, 4, 100).map(({ index }) => index)).toEqual([2, 3]);
    flush();
    expect(disk.entries.map(({ term }) => term)).toEqual([1, 1, 1, 2]);
  });
});

test("a gap and a falling term are broken invariants", () => {
  const { log } = logWithDisk();
  log.append(entry(1, 2));
  expect(() => log.append(entry(3, 2))).toThrow(AssertionError);
  expect(() => log.append(entry(2, 1))).toThrow(AssertionError);
});

test("a reader that gives other entries than asked for stops the process", () => {
  const { disk, log, flush } = logWithDisk();
  for (const index of [1, 2, 3]) log.append(entry(index, 1));
  flush();
  log.compact(3, 3, 0, 0);
  disk.entries[1] = entry(2, 7);
  expect(() => log.slice(1, 3, 100)).toThrow("another term");
  disk.entries[1] = entry(3, 1);
  expect(() => log.slice(1, 3, 100)).toThrow("contiguous");
});

test("conflict search finds the largest index with a term at most the given one", () => {
  const { log } = logWithDisk();
  [1, 1, 3, 3, 3, 6].forEach((term, at) => {
    log.append(entry(at + 1, term));
  });
  const found = (index: Index, term: Term) => log.lastIndexWithTermAtMost(index, term);
  expect(found(6, 6)).toBe(6);
  expect(found(6, 5)).toBe(5);
  expect(found(4, 5)).toBe(4);
  expect(found(5, 2)).toBe(2);
  expect(found(5, 0)).toBe(0);
  expect(found(0, 3)).toBe(0);
});
