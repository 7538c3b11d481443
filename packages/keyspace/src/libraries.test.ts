/** Libraries of functions through all that keys go through: effects, undo, digests, files. */

import { describe, expect, test } from "vitest";
import { LIBRARY_LINE_BYTES_MAX } from "./constants.js";
import { auditDigest } from "./digest/audit-walk.js";
import { debugDigest } from "./digest/debug-digest.js";
import { stateDigest } from "./digest/state-digest.js";
import { applyBatch } from "./effects/apply-batch.js";
import { replaceState } from "./effects/replace-state.js";
import { toCommands } from "./effects/to-commands.js";
import { Keyspace } from "./keyspace.js";
import { LIBRARY_LINE_TOO_LONG, libraryName } from "./library-name.js";
import { dumpLibraries, readLibraries } from "./rdb/library-payload.js";
import { footerOk } from "./rdb/payload.js";
import { Leader, libraryCode } from "./testing/random-program.js";
import { fileOf, loaded, rdb, string } from "./testing/rdb-files.js";

const limits = { madeBytesMax: 1000, textBytesMax: 1000, librariesMax: 2 };

function leader(): Leader {
  const made = new Leader();
  made.txn.begin(made.nowMs, "lead");
  return made;
}

/** A library that is nothing but a first line of so many bytes. */
function lineOf(bytes: number): string {
  return `${"#!lua name=".padEnd(bytes, "a")}\n`;
}

function librariesOf({ libraries }: Keyspace): Record<string, string> {
  const found: Record<string, string> = {};
  libraries.forEach((name, code) => {
    found[name] = code;
  });
  return found;
}

describe("a library", () => {
  test("is put, replaced and deleted by effects, which are Redis's commands", () => {
    const { txn, batch, nowMs } = leader();
    txn.putLibrary("a", "x\xff");
    txn.putLibrary("a", "y");
    txn.deleteLibrary("a");
    const payload = batch.take(nowMs);
    expect(Buffer.from(payload.subarray(13)).toString("hex")).toBe(
      ["3f01610278ff", "3f01610179", "400161"].join(""),
    );
    const commands = toCommands(payload).map((argv) => argv.map((word) => word.toString("latin1")));
    expect(commands).toEqual([
      ["FUNCTION", "LOAD", "REPLACE", "x\xff"],
      ["FUNCTION", "LOAD", "REPLACE", "y"],
      ["FUNCTION", "DELETE", "a"],
    ]);
  });

  test("outlives FLUSHALL, and is no key", () => {
    const node = leader();
    node.txn.putLibrary("a", "code");
    node.txn.flushAll();
    node.seal();
    const follower = new Keyspace();
    for (const payload of node.payloads) applyBatch(follower, payload);
    expect(librariesOf(follower)).toEqual({ a: "code" });
    expect([follower.size, follower.memoryBytes > 0]).toEqual([0, true]);
    expect(stateDigest(follower)).toBe(stateDigest(node.keyspace));
  });

  test("trap-32 is what it was when what was executed is taken back", () => {
    const { txn, keyspace, journal } = leader();
    txn.putLibrary("kept", "1");
    txn.putLibrary("gone", "2");
    const before = { digest: stateDigest(keyspace), memoryBytes: keyspace.memoryBytes };
    const mark = txn.mark();
    txn.putLibrary("kept", "other");
    txn.deleteLibrary("gone");
    txn.putLibrary("new", "3");
    expect(journal.memoryBytes).toBeGreaterThan(0);
    txn.undoTo(mark);
    expect(librariesOf(keyspace)).toEqual({ kept: "1", gone: "2" });
    expect({ digest: stateDigest(keyspace), memoryBytes: keyspace.memoryBytes }).toEqual(before);
  });

  test("trap-22 gives way to those of a state that takes the place of the whole", () => {
    const [shown, loadedState] = [leader(), leader()];
    shown.txn.putLibrary("old", "1");
    loadedState.txn.putLibrary("new", "2");
    replaceState(shown.keyspace, loadedState.keyspace);
    expect(librariesOf(shown.keyspace)).toEqual({ new: "2" });
    expect(stateDigest(shown.keyspace)).toBe(stateDigest(loadedState.keyspace));
  });

  test("is in the digests that nodes compare, by name and code, and not in DEBUG DIGEST", () => {
    const digests = new Set<string>();
    const audits = new Set<string>();
    const cases = [[], [["a", "x"]], [["a", "y"]], [["b", "x"]], [["ax", ""]]] as const;
    for (const each of cases) {
      const { txn, keyspace } = leader();
      for (const [name, code] of each) txn.putLibrary(name, code);
      digests.add(stateDigest(keyspace));
      audits.add(auditDigest(keyspace, 7));
      expect(debugDigest(keyspace)).toBe("0".repeat(40));
    }
    expect([digests.size, audits.size]).toEqual([cases.length, cases.length]);
  });
});

describe("an RDB", () => {
  test("keeps libraries", () => {
    const { txn, keyspace } = leader();
    txn.putLibrary("a", libraryCode("a", 1));
    txn.putLibrary("b", libraryCode("b", 2));
    txn.putString("k", "v", 0);
    const again = loaded(fileOf(keyspace));
    expect(librariesOf(again)).toEqual(librariesOf(keyspace));
    expect(stateDigest(again)).toBe(stateDigest(keyspace));
  });

  test("with a library that has no name, or twice the same, is damaged", () => {
    const library = (code: string) => Buffer.concat([Buffer.of(245), string(code)]);
    expect(() => loaded(rdb(10, library("return 1")))).toThrow("Missing library metadata");
    const twice = Buffer.concat([library(libraryCode("a", 1)), library(libraryCode("a", 2))]);
    expect(() => loaded(rdb(10, twice))).toThrow("there twice");
  });

  test("with a library whose first line is too long holds what can't be kept, and is not damaged", () => {
    const library = Buffer.concat([Buffer.of(245), string(lineOf(LIBRARY_LINE_BYTES_MAX + 1))]);
    expect(() => loaded(rdb(10, library))).toThrow("can't be kept here");
  });
});

describe("a payload", () => {
  test("gives the libraries it was made of", () => {
    const codes = [libraryCode("a", 1), libraryCode("b", 2)];
    const payload = dumpLibraries(codes, 1000)!;
    expect(footerOk(payload)).toBe(true);
    const { libraries } = readLibraries(payload, limits);
    expect([...libraries!]).toEqual([
      ["a", codes[0]],
      ["b", codes[1]],
    ]);
    expect(dumpLibraries(codes, 20)).toBeNull();
  });

  test("of more libraries than are taken is refused before the next one is looked at", () => {
    const payload = dumpLibraries([...["a", "b"].map((name) => libraryCode(name, 1)), "x"], 1000)!;
    expect(readLibraries(payload, limits).fault).toBe("there are too many libraries");
  });
});

test("a first line is read up to its bound, and not at all beyond", () => {
  expect(libraryName(lineOf(LIBRARY_LINE_BYTES_MAX)).name).toHaveLength(
    LIBRARY_LINE_BYTES_MAX - "#!lua name=".length,
  );
  const tooLong = { name: null, fault: LIBRARY_LINE_TOO_LONG };
  expect(libraryName(lineOf(LIBRARY_LINE_BYTES_MAX + 1))).toEqual(tooLong);
  expect(libraryName(lineOf(2 ** 25))).toEqual(tooLong);
});

test.each([
  ["#!lua name=a\n", "a"],
  ["#!LUA NAME=a_1\n", "a_1"],
  ["#!lua 'name=a'\n", "a"],
  ['#!lua name="\\x61"\ncode', "a"],
])("the name in %j is %s", (code, name) => {
  expect(libraryName(code)).toEqual({ name, fault: null });
});
