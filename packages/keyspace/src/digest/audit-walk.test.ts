/** A walk that goes on beside any program gives the digest of where it began. */

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { AUDIT_BOUNDS } from "../constants.js";
import { applyBatch } from "../effects/apply-batch.js";
import { BatchWriter } from "../effects/batch-writer.js";
import { Keyspace } from "../keyspace.js";
import { Leader, type Operation, program } from "../testing/random-program.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";
import { streamId } from "../values/stream-id.js";
import { AuditWalk, auditDigest } from "./audit-walk.js";
import type { AuditBounds } from "./bounded-hash.js";
import { KeySum, stateDigest } from "./state-digest.js";

const CHECK = 17;
/** So small that the programs' values are large. */
const SMALL_BOUNDS: AuditBounds = {
  stringBytesMax: 300,
  windowBytes: 20,
  elementsMax: 12,
  windowElements: 5,
  elementBytesMax: 240,
  elementBytesMin: 16,
};

function untilOver(walk: AuditWalk): string | null {
  while (walk.underWay) walk.step(1);
  return walk.digest;
}

/** A step of the walk after so many of the program's; 0: none. */
const pace = fc.nat(3);

function walkBeside(
  leader: Leader,
  steps: readonly Operation[],
  every: number,
  bounds: AuditBounds,
): [string, string | null] {
  const expected = auditDigest(leader.keyspace, CHECK, bounds);
  const walk = new AuditWalk(leader.keyspace, CHECK, { bounds });
  let at = 0;
  for (const step of steps) {
    leader.run(step);
    if (every > 0 && ++at % every === 0 && walk.underWay) walk.step(1);
  }
  return [expected, untilOver(walk)];
}

describe("a walk beside any program", () => {
  test("trap-31 on a leader, gives the digest of where it began", () => {
    fc.assert(
      fc.property(program, program, pace, (before, after, every) => {
        const leader = new Leader();
        for (const step of before) leader.run(step);
        const whole = stateDigest(leader.keyspace);
        const [expected, digest] = walkBeside(leader, after, every, AUDIT_BOUNDS);
        expect(digest).toBe(expected);
        // Nothing in these programs is large.
        expect(digest).toBe(whole);
      }),
      { seed: 21, numRuns: 100 },
    );
  });

  test("also where values take part with windows", () => {
    fc.assert(
      fc.property(program, program, pace, (before, after, every) => {
        const leader = new Leader();
        for (const step of before) leader.run(step);
        const [expected, digest] = walkBeside(leader, after, every, SMALL_BOUNDS);
        expect(digest).toBe(expected);
      }),
      { seed: 22, numRuns: 100 },
    );
  });

  test("also while commands and the whole window are taken back", () => {
    fc.assert(
      fc.property(program, program, program, pace, (before, undone, after, every) => {
        const leader = new Leader();
        for (const step of before) leader.run(step);
        const end = leader.journal.position;
        const whole = stateDigest(leader.keyspace);
        const walk = new AuditWalk(leader.keyspace, CHECK);
        leader.txn.begin(leader.nowMs, "lead");
        const mark = leader.txn.mark();
        undone.forEach((step, i) => {
          leader.execute(step);
          if (i % 4 < every && walk.underWay) walk.step(1);
        });
        leader.txn.undoTo(mark);
        if (every === 1 && walk.underWay) walk.step(1);
        for (const step of after) leader.run(step);
        leader.journal.rollbackTo(end, leader.keyspace);
        expect(untilOver(walk)).toBe(whole);
      }),
      { seed: 23, numRuns: 100 },
    );
  });

  test("on a follower, gives what it gives on the leader", () => {
    fc.assert(
      fc.property(program, program, pace, fc.nat(3), (before, after, slow, fast) => {
        const leader = new Leader();
        const follower = new Keyspace();
        for (const step of before) leader.run(step);
        leader.seal();
        for (const payload of leader.payloads) applyBatch(follower, payload);
        const applied = leader.payloads.length;
        const walk = new AuditWalk(follower, CHECK);
        const [expected, digest] = walkBeside(leader, after, slow, AUDIT_BOUNDS);
        leader.seal();
        for (const payload of leader.payloads.slice(applied)) {
          for (let i = 0; i < fast && walk.underWay; i++) walk.step(1);
          applyBatch(follower, payload);
        }
        expect(digest).toBe(expected);
        expect(untilOver(walk)).toBe(expected);
      }),
      { seed: 24, numRuns: 100 },
    );
  });

  test("among many keys of one shard that come, go and move", () => {
    const step = fc.record({
      act: fc.constantFrom("put", "put", "delete", "delete", "rename", "walk", "walk", "flush"),
      key: fc.nat(39),
      other: fc.nat(39),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), fc.nat(40), (steps, filled) => {
        const { keyspace, txn, journal } = state(8);
        for (let i = 0; i < filled; i++) txn.putString(`{t}${i}`, `v${i}`, i % 3 === 0 ? 1e12 : 0);
        const before = stateDigest(keyspace);
        const position = journal.position;
        const walk = new AuditWalk(keyspace, CHECK);
        steps.forEach(({ act, key, other }, i) => {
          const [a, b] = [`{t}${key}`, `{t}${other}`];
          if (act === "put") txn.putString(a, `n${i}`, 0);
          else if (act === "delete") txn.delete(a);
          else if (act === "rename" && txn.has(a)) txn.rename(a, b);
          else if (act === "flush" && key === 0) txn.flushAll();
          else if (act === "flush" && key === 1) journal.rollbackTo(position, keyspace);
          else if (walk.underWay) walk.step(1);
        });
        expect(untilOver(walk)).toBe(before);
      }),
      { seed: 25, numRuns: 1000 },
    );
  });
});

function state(segmentEntriesMax?: number) {
  const keyspace = new Keyspace(segmentEntriesMax);
  const journal = new UndoJournal();
  const touch = { touched: () => {}, touchedAll: () => {} };
  const txn = new Txn(keyspace, journal, new BatchWriter(), touch);
  txn.begin(1000, "lead");
  return { keyspace, journal, txn };
}

describe("a large value", () => {
  const large = (change: (txn: Txn) => void, check = CHECK): string => {
    const { keyspace, txn } = state();
    txn.putString("s", Buffer.alloc(400, "abcdefg"), 0);
    txn.lists.push(
      "l",
      "tail",
      Array.from({ length: 30 }, (_, i) => `e${i}`),
    );
    txn.sortedSets.put(
      "z",
      Array.from({ length: 30 }, (_, i) => `m${i}`),
      [...Array(30).keys()],
    );
    txn.hashes.set("h", [..."abcdefghijklmnop"], [..."abcdefghijklmnop"]);
    for (let i = 1; i <= 30; i++) txn.streams.append("x", streamId(i, 0), ["f", "v"]);
    txn.streams.createGroup("x", "g", streamId(1, 0), 1);
    change(txn);
    return auditDigest(keyspace, check, SMALL_BOUNDS);
  };
  const same = large(() => {});
  const changes: Readonly<Record<string, (txn: Txn) => void>> = {
    "a string's head": (txn) => void txn.patchString("s", 0, Buffer.from("!")),
    "a string's end": (txn) => void txn.patchString("s", 399, Buffer.from("!")),
    "a string's length": (txn) => void txn.appendString("s", Buffer.from("a")),
    "a list's length": ({ lists }) => void lists.push("l", "tail", ["e"]),
    "a sorted set's size": ({ sortedSets }) => void sortedSets.put("z", ["m"], [1]),
    "a hash's size": ({ hashes }) => void hashes.set("h", ["q"], ["q"]),
    "a stream's last id": ({ streams }) => streams.setIds("x", streamId(99, 0), 30, streamId(0, 0)),
    "a stream's groups": ({ streams }) => void streams.createGroup("x", "h", streamId(1, 0), 1),
    "where a group is": ({ streams }) => streams.setGroupPosition("x", "g", streamId(2, 0), 2),
    "when it expires": (txn) => txn.setDeadline("l", 1e12),
    "its type": (txn) => {
      txn.delete("h");
      txn.sets.add("h", [..."abcdefghijklmnop"]);
    },
  };

  test.each(Object.keys(changes))("shows %s", (what) => {
    expect(large(changes[what]!)).not.toBe(same);
  });

  test.each(["a list's element", "a score", "an entry"])("shows %s at some check index", (what) => {
    const change = {
      "a list's element": ({ lists }: Txn) => lists.set("l", 11, "!"),
      "a score": ({ sortedSets }: Txn) => void sortedSets.put("z", ["m11"], [11.5]),
      "an entry": ({ streams }: Txn) => void streams.delete("x", [streamId(11, 0)]),
    }[what]!;
    const checks = Array.from({ length: 40 }, (_, i) => i);
    const shown = checks.filter((check) => large(change, check) !== large(() => {}, check));
    expect(shown.length).toBeGreaterThan(0);
    if (what !== "an entry") expect(shown.length).toBeLessThan(checks.length);
  });
});

test("a walk that may not note what changes is given up, and says so", () => {
  const { keyspace, txn } = state();
  for (let i = 0; i < 100; i++) txn.putString(`k${i}`, "v", 0);
  const walk = new AuditWalk(keyspace, CHECK, { bounds: AUDIT_BOUNDS, notedBytesMax: 1000 });
  for (let i = 0; i < 100; i++) txn.putString(`k${i}`, "w", 0);
  expect([walk.gaveUp, walk.underWay, walk.digest, walk.memoryBytes]).toEqual([
    true,
    false,
    null,
    0,
  ]);
  expect(untilOver(new AuditWalk(keyspace, CHECK))).toBe(stateDigest(keyspace));
});

test("a command that changes many large values does not wait until all are hashed", () => {
  const { keyspace, txn } = state();
  const members = Array.from({ length: AUDIT_BOUNDS.elementsMax / 8 }, (_, i) => `${i}`);
  for (let i = 0; i < 100; i++) txn.sets.add(`s${i}`, members);
  const hashed = vi.spyOn(KeySum.prototype, "addValue");
  const walk = new AuditWalk(keyspace, CHECK);
  for (let i = 0; i < 20; i++) txn.delete(`s${i}`);
  // What changes after a step is not what that step's commands waited for.
  expect(walk.step(1)).toBe(false);
  for (let i = 20; i < 40; i++) txn.delete(`s${i}`);
  expect(walk.gaveUp).toBe(false);
  for (let i = 40; i < 100; i++) txn.delete(`s${i}`);
  expect([walk.gaveUp, walk.underWay, keyspace.size]).toEqual([true, false, 0]);
  expect(hashed.mock.calls.length).toBeLessThan(20 + 1 + 64 + 1);
  hashed.mockRestore();
});

test("notes of what is walked are let go", () => {
  const { keyspace, txn } = state();
  for (let i = 0; i < 1000; i++) txn.putString(`k${i}`, "v", 0);
  const walk = new AuditWalk(keyspace, CHECK);
  for (let i = 0; i < 1000; i++) txn.putString(`k${i}`, "w", 0);
  const most = walk.memoryBytes;
  walk.step(500);
  expect(walk.memoryBytes).toBeLessThan(most * 0.6);
  for (let i = 0; i < 1000; i++) txn.putString(`k${i}`, "x", 0);
  untilOver(walk);
  expect([walk.memoryBytes, keyspace.size]).toEqual([0, 1000]);
});
