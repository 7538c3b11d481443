import { describe, expect, test } from "vitest";
import { KeyspaceAssertionError } from "./assert.js";
import { stateDigest } from "./digest/state-digest.js";
import { applyBatch } from "./effects/apply-batch.js";
import { BatchWriter } from "./effects/batch-writer.js";
import { toCommands } from "./effects/to-commands.js";
import { Keyspace } from "./keyspace.js";
import { Txn } from "./txn.js";
import { UndoJournal } from "./undo-journal.js";
import { isStringValue, stringToLatin1 } from "./value.js";

function node() {
  const keyspace = new Keyspace();
  const journal = new UndoJournal();
  const batch = new BatchWriter();
  const touched: string[] = [];
  const txn = new Txn(keyspace, journal, batch, {
    touched: (key) => touched.push(key),
    touchedAll: () => touched.push("*"),
  });
  txn.begin(1000, "lead");
  const text = (key: string) => {
    const value = txn.get(key);
    return value === undefined || !isStringValue(value) ? null : stringToLatin1(value);
  };
  const commands = () =>
    toCommands(batch.take(txn.nowMs)).map((argv) => argv.map((word) => word.toString("latin1")));
  return { keyspace, journal, batch, touched, txn, text, commands };
}

describe("txn", () => {
  test("every effect tells every key it touches", () => {
    const { txn, touched } = node();
    txn.putString("a", "1", 0);
    txn.appendString("a", Buffer.from("2"));
    txn.patchString("a", 1, Buffer.from("3"));
    txn.setDeadline("a", 5000);
    expect(touched.splice(0)).toEqual(["a", "a", "a", "a"]);
    txn.copy("a", "b");
    expect(touched.splice(0)).toEqual(["b"]);
    txn.rename("a", "c");
    expect(touched.splice(0)).toEqual(["a", "c"]);
    txn.delete("c");
    expect(touched.splice(0)).toEqual(["c"]);
    txn.flushAll();
    expect(touched.splice(0)).toEqual(["*"]);
    expect(txn.effectCount).toBe(8);
  });

  test("what changes nothing emits nothing", () => {
    const { txn, batch, journal, touched } = node();
    expect(txn.delete("missing")).toBe(false);
    expect(txn.patchString("missing", 10, Buffer.alloc(0))).toBe(0);
    txn.putString("a", "1", 0);
    txn.rename("a", "a");
    expect([batch.effects, journal.length, touched.length]).toEqual([1, 1, 1]);
  });

  test("values and deadlines follow Redis: SET replaces both, APPEND and SETRANGE keep the deadline", () => {
    const { txn, text, keyspace } = node();
    txn.putString("a", "x", 5000);
    expect(txn.appendString("a", Buffer.from("yz"))).toBe(3);
    expect(txn.patchString("a", 5, Buffer.from("!"))).toBe(6);
    expect(text("a")).toBe("xyz\0\0!");
    expect(txn.deadline("a")).toBe(5000);
    txn.copy("a", "b");
    txn.putString("a", "z", 0);
    expect([txn.deadline("a"), txn.deadline("b")]).toEqual([0, 5000]);
    txn.rename("a", "b");
    expect([text("b"), txn.deadline("b"), keyspace.size]).toEqual(["z", 0, 1]);
    txn.setDeadline("b", 7000);
    expect(keyspace.volatileSize).toBe(1);
    txn.setDeadline("b", 0);
    expect(keyspace.volatileSize).toBe(0);
    expect(txn.patchString("new", 2, Buffer.from("p"))).toBe(3);
    expect(text("new")).toBe("\0\0p");
  });

  test("trap-34 an expired key that the leader looks at is deleted by an effect", () => {
    const { txn, touched, commands, keyspace } = node();
    txn.putString("a", "1", 2000);
    txn.begin(2000, "lead");
    expect(txn.has("a")).toBe(true);
    txn.begin(2001, "lead");
    touched.length = 0;
    expect(txn.get("a")).toBeUndefined();
    expect([txn.effectCount, touched, keyspace.size]).toEqual([1, ["a"], 0]);
    expect(commands()).toEqual([
      ["SET", "a", "1", "PXAT", "2000"],
      ["DEL", "a"],
    ]);
  });

  test("trap-34 every mutator treats an expired key as missing, deletion first", () => {
    const { txn, commands } = node();
    txn.putString("a", "1", 2000);
    txn.putString("b", "1", 2000);
    txn.begin(3000, "lead");
    expect(txn.delete("a")).toBe(false);
    expect(txn.patchString("b", 1, Buffer.from("x"))).toBe(2);
    expect(txn.deadline("b")).toBe(0);
    expect(commands().slice(2)).toEqual([
      ["DEL", "a"],
      ["DEL", "b"],
      ["SETRANGE", "b", "1", "x"],
    ]);
  });

  test("trap-31 trap-55 an observer judges expiry by the time it is given and changes nothing", () => {
    const { txn, keyspace, batch } = node();
    txn.putString("a", "1", 2000);
    batch.take(1000);
    txn.begin(2001, "observe");
    expect([txn.has("a"), txn.get("a"), txn.deadline("a")]).toEqual([false, undefined, 0]);
    expect([keyspace.size, batch.effects, txn.effectCount]).toEqual([1, 0, 0]);
    expect(() => txn.putString("a", "2", 0)).toThrow(KeyspaceAssertionError);
    expect(() => txn.delete("a")).toThrow(KeyspaceAssertionError);
    txn.begin(2000, "observe");
    expect([txn.has("a"), txn.deadline("a")]).toEqual([true, 2000]);
  });

  test("a handler that fails is undone to its mark, and its bytes are cut", () => {
    const { txn, batch, journal, keyspace, commands } = node();
    txn.putString("a", "1", 9000);
    const bytes = batch.bytes;
    const digest = stateDigest(keyspace);
    txn.begin(1500, "lead");
    const outer = txn.mark();
    txn.putString("b", "2", 0);
    const afterB = stateDigest(keyspace);
    const inner = txn.mark();
    txn.rename("a", "c");
    txn.flushAll();
    txn.putString("d", "3", 0);
    expect(txn.bytesSinceMark).toBeGreaterThan(0);
    txn.undoTo(inner);
    expect([stateDigest(keyspace), txn.effectCount, txn.bytesSinceMark]).toEqual([afterB, 1, 0]);
    txn.undoTo(outer);
    txn.undoTo(outer);
    expect([stateDigest(keyspace), txn.effectCount, batch.bytes]).toEqual([digest, 0, bytes]);
    expect([batch.effects, journal.length, txn.bytesSinceBegin]).toEqual([1, 1, 0]);
    expect(commands()).toEqual([["SET", "a", "1", "PXAT", "9000"]]);
  });

  test("a command with more effects than the journal's first columns is undone as a whole", () => {
    const { txn, batch, keyspace, journal } = node();
    txn.putString("first", "1", 0);
    const before = [stateDigest(keyspace), batch.bytes, batch.effects, journal.memoryBytes];
    txn.begin(1000, "lead");
    const mark = txn.mark();
    for (let i = 0; i < 3000; i++) {
      txn.putString(`k${i % 500}`, `v${i}`, 0);
      txn.rename(`k${i % 500}`, `r${i % 500}`);
    }
    expect(txn.effectCount).toBe(6000);
    txn.undoTo(mark);
    expect([stateDigest(keyspace), batch.bytes, batch.effects, journal.memoryBytes]).toEqual(
      before,
    );
    expect(txn.effectCount).toBe(0);
  });

  test("trap-44 FLUSHALL that is not committed gives every key and deadline back", () => {
    const { txn, keyspace, journal } = node();
    for (let i = 0; i < 100; i++) {
      txn.putString(`k${i}`, `v${i}`, i % 2 ? 5000 : 0);
    }
    const digest = stateDigest(keyspace);
    const memory = keyspace.memoryBytes;
    const mark = journal.position;
    txn.flushAll();
    expect([keyspace.size, keyspace.volatileSize, keyspace.memoryBytes]).toEqual([0, 0, 0]);
    txn.putString("k1", "other", 0);
    journal.rollbackTo(mark, keyspace);
    expect([stateDigest(keyspace), keyspace.memoryBytes]).toEqual([digest, memory]);
  });

  test("undo memory counts what is kept alive, and nothing once it is committed", () => {
    const { txn, journal, keyspace } = node();
    txn.putString("a", Buffer.alloc(100_000, 1), 0);
    const small = journal.memoryBytes;
    expect(small).toBeLessThan(200);
    for (let i = 0; i < 100; i++) {
      txn.appendString("a", Buffer.from("x"));
    }
    expect(journal.memoryBytes).toBeLessThan(200_000);
    txn.putString("a", "short", 0);
    expect(journal.memoryBytes).toBeGreaterThan(200_000);
    const dropped: (string | null)[] = [];
    txn.flushAll();
    journal.commitTo(journal.position, (key) => dropped.push(key));
    expect(dropped.length).toBe(103);
    expect([dropped[0], dropped.at(-1)]).toEqual(["a", null]);
    expect([journal.memoryBytes, journal.length, keyspace.memoryBytes]).toEqual([0, 0, 0]);
  });

  test("trap-35 a broken handler is caught before anything is emitted", () => {
    const { txn, batch, journal } = node();
    expect(() => txn.putString("a", "1", -1)).toThrow(KeyspaceAssertionError);
    expect(() => txn.putString("a", "1", 1.5)).toThrow(KeyspaceAssertionError);
    expect(() => txn.appendString("missing", Buffer.from("x"))).toThrow(KeyspaceAssertionError);
    expect(() => txn.rename("missing", "b")).toThrow(KeyspaceAssertionError);
    expect(() => txn.setDeadline("missing", 1)).toThrow(KeyspaceAssertionError);
    expect(() => txn.patchString("a", 2 ** 30, Buffer.from("x"))).toThrow(KeyspaceAssertionError);
    expect([batch.bytes, batch.effects, journal.length]).toEqual([0, 0, 0]);
  });
});

describe("watch", () => {
  test("trap-52 a version that was left never comes back, whoever changes the key", () => {
    const { txn, keyspace, journal, batch } = node();
    const seen = new Set([keyspace.watch("a")]);
    const raised = (change: () => void) => {
      const before = keyspace.version("a");
      change();
      expect(keyspace.version("a")).toBeGreaterThan(before);
      expect(seen.has(keyspace.version("a"))).toBe(false);
      seen.add(keyspace.version("a"));
    };
    const start = journal.position;
    raised(() => txn.putString("a", "1", 0));
    raised(() => txn.appendString("a", Buffer.from("2")));
    raised(() => txn.setDeadline("a", 2000));
    raised(() => txn.rename("a", "b"));
    raised(() => txn.copy("b", "a"));
    raised(() => txn.flushAll());
    raised(() => journal.rollbackTo(start, keyspace));
    batch.truncate(0, batch.effects);
    raised(() => txn.putString("a", "1", 2000));
    txn.begin(2001, "lead");
    raised(() => txn.get("a"));
    const other = node();
    other.txn.putString("a", "2", 0);
    raised(() => applyBatch(keyspace, other.batch.take(1)));
  });

  test("trap-52 FLUSHALL and its undo raise the version, too", () => {
    const { txn, keyspace } = node();
    txn.putString("a", "1", 0);
    const before = keyspace.watch("a");
    const mark = txn.mark();
    txn.flushAll();
    const flushed = keyspace.version("a");
    txn.undoTo(mark);
    expect(flushed).toBeGreaterThan(before);
    expect(keyspace.version("a")).toBeGreaterThan(flushed);
  });

  test("only real changes of the watched key raise its version", () => {
    const { txn, keyspace } = node();
    txn.putString("a", "1", 0);
    const version = keyspace.watch("a");
    const missing = keyspace.watch("missing");
    txn.putString("b", "1", 0);
    txn.get("a");
    txn.delete("missing");
    expect(keyspace.version("a")).toBe(version);
    txn.flushAll();
    expect(keyspace.version("missing")).toBe(missing);
    expect(keyspace.version("a")).toBeGreaterThan(version);
  });

  test("watches are counted; a key nobody watches any more is forgotten", () => {
    const { keyspace } = node();
    const version = keyspace.watch("a");
    expect(keyspace.watch("a")).toBe(version);
    keyspace.unwatch("a");
    expect(keyspace.version("a")).toBe(version);
    keyspace.unwatch("a");
    expect([keyspace.version("a"), keyspace.watchedSize]).toEqual([0, 0]);
    expect(() => keyspace.unwatch("a")).toThrow(KeyspaceAssertionError);
    expect(keyspace.watch("a")).toBeGreaterThan(version);
  });
});

describe("keyspace", () => {
  test("keys of a slot are counted and listed", () => {
    const { txn, keyspace } = node();
    for (let i = 0; i < 2000; i++) {
      txn.putString(`k${i}`, "v", 0);
    }
    for (let i = 0; i < 5; i++) {
      txn.putString(`{foo}${i}`, "v", 0);
    }
    expect(keyspace.countKeysInSlot(12182)).toBeGreaterThanOrEqual(5);
    const keys = keyspace.keysInSlot(12182, 100);
    expect(keys.length).toBe(keyspace.countKeysInSlot(12182));
    expect(keys).toEqual(expect.arrayContaining(["{foo}0", "{foo}4"]));
    expect(keyspace.keysInSlot(12182, 3).length).toBe(3);
    expect(keyspace.keysInSlot(12182, 0)).toEqual([]);
    let total = 0;
    for (let slot = 0; slot < 16384; slot++) {
      total += keyspace.countKeysInSlot(slot);
    }
    expect(total).toBe(2005);
  });

  test("random keys come from all keys or from those with a deadline", () => {
    const { txn, keyspace } = node();
    expect(keyspace.randomKey(() => 0)).toBeUndefined();
    txn.putString("a", "1", 0);
    expect(keyspace.randomVolatileKey(() => 0)).toBeUndefined();
    txn.putString("b", "1", 2000);
    expect(keyspace.randomVolatileKey(() => 0.99)).toBe("b");
    expect(new Set([0, 0.6].map((x) => keyspace.randomKey(() => x)))).toEqual(new Set(["a", "b"]));
  });
});
