import { describe, expect, test } from "vitest";
import { BatchWriter } from "../effects/batch-writer.js";
import { Keyspace, STORE } from "../keyspace.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";
import { appendedString, keptString } from "../value.js";
import { debugDigest } from "./debug-digest.js";
import { stateDigest } from "./state-digest.js";

function build(entries: [string, string | Buffer, number][], logTimeMs = 0): Keyspace {
  const keyspace = new Keyspace();
  const txn = new Txn(keyspace, new UndoJournal(), new BatchWriter(), {
    touched: () => {},
    touchedAll: () => {},
  });
  txn.begin(0, "lead");
  for (const [key, value, deadlineMs] of entries) {
    txn.putString(key, value, deadlineMs);
  }
  keyspace.logTimeMs = logTimeMs;
  return keyspace;
}

describe("state digest", () => {
  test("every field shows: key, value, deadline, log time, and what belongs to what", () => {
    const states = [
      build([]),
      build([], 1),
      build([], 2 ** 40),
      build([["a", "1", 0]]),
      build([["a", "1", 0]], 1),
      build([["b", "1", 0]]),
      build([["a", "2", 0]]),
      build([["a", "1", 1]]),
      build([["a", "1", 2]]),
      build([["a", "1", 1 + 2 ** 40]]),
      build([["a1", "", 0]]),
      build([["", "a1", 0]]),
      build([["a", "", 0]]),
      build([["a", "\0", 0]]),
      build([
        ["a", "1", 5],
        ["b", "2", 0],
      ]),
      build([
        ["a", "1", 0],
        ["b", "2", 5],
      ]),
      build([
        ["a", "2", 0],
        ["b", "1", 5],
      ]),
    ];
    expect(new Set(states.map((state) => stateDigest(state))).size).toBe(states.length);
    for (const state of states) {
      expect(stateDigest(state)).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  test("a single changed bit of a large value shows", () => {
    const value = Buffer.alloc(5000, 7);
    const digests = new Set([stateDigest(build([["a", value, 0]]))]);
    for (let i = 0; i < 5000; i += 97) {
      const changed = Buffer.from(value);
      changed[i]! ^= 1 << (i % 8);
      digests.add(stateDigest(build([["a", changed, 0]])));
    }
    expect(digests.size).toBe(1 + Math.ceil(5000 / 97));
  });

  test("insertion order, earlier keys and the form of a value do not show", () => {
    const one = build([
      ["a", "1", 0],
      ["b", "2", 7],
    ]);
    const other = build([
      ["b", "x", 0],
      ["c", "3", 9],
      ["b", "2", 7],
      ["a", "1", 0],
    ]);
    other[STORE].remove("c");
    expect(stateDigest(other)).toBe(stateDigest(one));
    expect(debugDigest(other)).toBe(debugDigest(one));

    const text = "v".repeat(2000);
    const asBlob = build([["a", text, 0]]);
    const asString = build([]);
    asString[STORE].put("a", text, 0);
    const appended = build([]);
    appended[STORE].put("a", appendedString(keptString("v".repeat(1999)), Buffer.from("v")), 0);
    expect(stateDigest(asString)).toBe(stateDigest(asBlob));
    expect(stateDigest(appended)).toBe(stateDigest(asBlob));
    expect(debugDigest(asString)).toBe(debugDigest(asBlob));
  });

  test("many similar small states have different digests", () => {
    const digests = new Set<string>();
    const keyspace = build([]);
    for (let i = 0; i < 20_000; i++) {
      keyspace[STORE].put(`k${i % 100}`, `${Math.floor(i / 100)}`, 0);
      digests.add(stateDigest(keyspace));
      keyspace[STORE].remove(`k${i % 100}`);
    }
    expect(digests.size).toBe(20_000);
  });
});
