/**
 * Snapshots of random logs beside a keyspace that applied everything: one after the other, each of the one before it
 * and of the entries since.
 */

import { crc32 } from "node:zlib";
import { applyBatch, crc64, Keyspace, RdbError, stateDigest } from "@redoubt/keyspace";
import {
  bootstrapEntries,
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
} from "@redoubt/raft";
import { type BuiltSnapshot, buildSnapshot, verifySnapshot } from "@redoubt/replica";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Leader,
  type Operation,
  program,
} from "../../packages/keyspace/src/testing/random-program.js";
import { loaded, MemorySink, MemorySource } from "../../packages/keyspace/src/testing/rdb-files.js";

const configuration: Configuration = {
  clusterId: "c",
  voters: [{ id: 1, incarnation: 1, peerAddress: "localhost:1" }],
  votersOutgoing: [],
  learners: [],
};

class Log {
  readonly entries: Entry[] = bootstrapEntries(configuration);

  get last(): Entry {
    return this.entries.at(-1)!;
  }

  append(kind: EntryKind, payload: Uint8Array): void {
    const { index, term, checksum } = this.last;
    const next = entryChecksum(index + 1, term, kind, checksum, payload);
    this.entries.push({ index: index + 1, term, kind, checksum: next, payload });
  }
}

interface Snapshot {
  readonly built: BuiltSnapshot;
  readonly file: Buffer;
}

function build(log: Log, to: number, previous: Snapshot | null): Snapshot {
  const sink = new MemorySink();
  const from = previous?.built.index ?? 0;
  const built = buildSnapshot(
    {
      previous:
        previous === null
          ? null
          : {
              snapshot: {
                ...previous.built,
                bytes: previous.file.length,
                digest: crc32(previous.file),
              },
              open: () => new MemorySource(previous.file, 1000),
            },
      entries: () => log.entries.slice(from, to),
      to,
    },
    sink,
  );
  return { built, file: sink.bytes() };
}

/** The state behind entry `to`. */
function applied(log: Log, to: number): Keyspace {
  const keyspace = new Keyspace();
  for (const { kind, payload } of log.entries.slice(0, to)) {
    if (kind === EntryKind.batch) applyBatch(keyspace, payload);
  }
  return keyspace;
}

function logOf(steps: readonly Operation[]): Log {
  const leader = new Leader();
  const log = new Log();
  let taken = 0;
  steps.forEach((step, i) => {
    leader.run(step);
    if (i % 5 === 4) leader.seal();
    for (; taken < leader.payloads.length; taken++) {
      log.append(EntryKind.batch, leader.payloads[taken]!);
    }
    if (i % 17 === 16) log.append(EntryKind.noop, new Uint8Array(0));
    if (i % 23 === 22) {
      const timing = { electionTimeoutMs: 1000 + i, clockDriftPercentMax: 1 };
      log.append(EntryKind.configuration, encodeConfiguration({ ...configuration, timing }));
    }
  });
  return log;
}

function configurationAt(log: Log, to: number): Entry {
  return log.entries.slice(0, to).findLast(({ kind }) => kind === EntryKind.configuration)!;
}

/** Text put in the place of other text, with a checksum that is right. */
function resummed(file: Buffer, at: number, text: string): Buffer {
  const changed = Buffer.from(file);
  changed.write(text, at, "latin1");
  const { low, high } = crc64(changed, changed.length - 8);
  changed.writeUInt32LE(low, changed.length - 8);
  changed.writeUInt32LE(high, changed.length - 4);
  return changed;
}

function unsummed(file: Buffer): Buffer {
  return Buffer.from(file).fill(0, file.length - 8);
}

describe("a chain of snapshots", () => {
  test("trap-23 trap-27 is what a keyspace is that applied everything, membership included", () => {
    let flushed = 0;
    let copied = 0;
    fc.assert(
      fc.property(program, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (steps, cuts) => {
        const log = logOf(steps);
        const last = log.entries.length;
        const indexes = [...new Set([...cuts.map((cut) => 1 + (cut % last)), last])];
        let snapshot: Snapshot | null = null;
        for (const to of indexes.sort((a, b) => a - b)) {
          const before: Snapshot | null = snapshot;
          snapshot = build(log, to, before);
          const state = applied(log, to);
          const { built, file } = snapshot;
          expect(built.stateDigest).toBe(stateDigest(state));
          expect(built.checksum).toBe(log.entries[to - 1]!.checksum);
          expect(built.configuration.index).toBe(configurationAt(log, to).index);
          expect(Buffer.from(encodeConfiguration(built.configuration.configuration))).toEqual(
            Buffer.from(configurationAt(log, to).payload),
          );
          const { bytes, keysTouched, keysCopied, ...facts } = built;
          expect(verifySnapshot(new MemorySource(file))).toEqual(facts);
          expect(bytes).toBe(file.length);
          const back = loaded(file);
          back.logTimeMs = state.logTimeMs;
          expect(stateDigest(back)).toBe(stateDigest(state));
          expect(keysTouched).toBeGreaterThanOrEqual(back.size - keysCopied);
          copied += keysCopied;
          if (before !== null && before.built.keys > 0 && keysCopied === 0) flushed++;
        }
      }),
      { seed: 30, numRuns: 120 },
    );
    // A property over chains that copy nothing, or never begin anew, would prove little.
    expect(copied).toBeGreaterThan(100);
    expect(flushed).toBeGreaterThan(10);
  });
});

describe("a snapshot", () => {
  const leader = new Leader();
  for (let i = 0; i < 20; i++) {
    leader.txn.begin(leader.nowMs, "lead");
    leader.txn.putString(`k${i}`, `v${i}`, i % 3 === 0 ? leader.nowMs + 1000 : 0);
    leader.txn.sets.add("set", [`m${i}`]);
  }
  leader.seal();
  const log = new Log();
  log.append(EntryKind.batch, leader.payloads[0]!);
  log.append(EntryKind.noop, new Uint8Array(0));
  const first = build(log, 2, null);

  test("with any one bit flipped, cut short or with bytes behind it never verifies", () => {
    const { file } = first;
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => verifySnapshot(new MemorySource(flipped)), `bit ${bit}`).toThrow(RdbError);
    }
    for (let bytes = 0; bytes < file.length; bytes++) {
      expect(() => verifySnapshot(new MemorySource(file.subarray(0, bytes)))).toThrow(RdbError);
    }
    const longer = Buffer.concat([file, Buffer.of(0)]);
    expect(() => verifySnapshot(new MemorySource(longer))).toThrow("bytes follow its end");
  });

  test("of another state than its digest says does not verify, though its checksum is right", () => {
    const { file } = first;
    const at = file.indexOf("v7");
    expect(() => verifySnapshot(new MemorySource(resummed(file, at, "v7")))).not.toThrow();
    const wrong = resummed(file, at, "w7");
    expect(() => verifySnapshot(new MemorySource(wrong))).toThrow("another digest");
    expect(() => verifySnapshot(new MemorySource(unsummed(file)))).toThrow("no checksum");
  });

  test("trap-50 that is not the one it is said to be is no base for the next one", () => {
    for (const change of [{ index: 1 }, { term: 7 }, { checksum: 1 }]) {
      const claimed = { ...first, built: { ...first.built, ...change } };
      expect(() => build(log, 3, claimed)).toThrow("another snapshot's");
    }
  });

  test("of a log with FLUSHALL in the middle of a batch keeps of what was before only libraries", () => {
    const next = new Leader();
    const { txn } = next;
    txn.begin(next.nowMs, "lead");
    txn.putString("before", "x", 0);
    txn.putLibrary("kept", "#!lua name=kept\n");
    txn.putLibrary("deleted", "#!lua name=deleted\n");
    txn.lists.push("list", "tail", ["gone"]);
    txn.flushAll();
    txn.deleteLibrary("deleted");
    txn.lists.push("list", "tail", ["first"]);
    txn.flushAll();
    txn.lists.push("list", "tail", ["kept"]);
    next.seal();
    txn.begin(next.nowMs, "lead");
    txn.lists.push("list", "tail", ["and this"]);
    next.seal();
    const longer = new Log();
    longer.entries.push(log.entries[1]!);
    for (const payload of next.payloads) longer.append(EntryKind.batch, payload);
    const { built, file } = build(longer, 4, first);
    expect([built.keys, built.keysCopied, built.keysTouched]).toEqual([1, 0, 1]);
    expect(built.stateDigest).toBe(stateDigest(next.keyspace));
    expect(verifySnapshot(new MemorySource(file)).stateDigest).toBe(built.stateDigest);
  });

  test("holds the keys that the log touched and no others", () => {
    const next = new Leader();
    next.txn.begin(leader.nowMs, "lead");
    next.txn.putString("k1", "changed", 0);
    next.txn.putString("new", "made", 0);
    next.seal();
    const longer = new Log();
    longer.entries.push(log.entries[1]!);
    longer.append(EntryKind.batch, next.payloads[0]!);
    const { built } = build(longer, 3, first);
    expect(built.keys).toBe(22);
    expect(built.keysTouched).toBe(2);
    expect(built.keysCopied).toBe(20);
  });
});
