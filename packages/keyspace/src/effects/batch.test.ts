import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyspaceAssertionError } from "../assert.js";
import { Blob } from "../blob.js";
import { BATCH_CAPACITY_BYTES_MIN, BATCH_HANDOVER_BYTES_MIN } from "../constants.js";
import { Keyspace } from "../keyspace.js";
import { applyBatch } from "./apply-batch.js";
import { BatchReader, batchLogTimeMs } from "./batch-reader.js";
import { BatchWriter } from "./batch-writer.js";
import * as kind from "./kinds.js";
import { toCommands } from "./to-commands.js";

const text = fc
  .array(fc.nat(255), { maxLength: 60 })
  .map((codes) => Buffer.from(codes).toString("latin1"));
const integer = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat());
const effect = fc.record({
  kind: fc.integer({ min: kind.PUT_STRING, max: kind.FLUSH_ALL }),
  key: text,
  other: text,
  integer,
});
type Effect = typeof effect extends fc.Arbitrary<infer T> ? T : never;

function write(writer: BatchWriter, { kind: number, key, other, integer }: Effect): void {
  const bytes = Buffer.from(other, "latin1");
  switch (number) {
    case kind.PUT_STRING:
      writer.putString(key, integer % 2 ? other : bytes, integer);
      return;
    case kind.DELETE_KEY:
      writer.deleteKey(key);
      return;
    case kind.SET_DEADLINE:
      writer.setDeadline(key, integer);
      return;
    case kind.APPEND_STRING:
      writer.appendString(key, bytes);
      return;
    case kind.PATCH_STRING:
      writer.patchString(key, integer, bytes);
      return;
    case kind.RENAME:
      writer.rename(key, other);
      return;
    case kind.COPY:
      writer.copy(key, other);
      return;
    default:
      writer.flushAll();
  }
}

function read(reader: BatchReader, written: Effect): Effect {
  const bytes = reader.bytes.toString("latin1");
  const base = { ...written, kind: reader.kind, key: reader.key };
  switch (reader.kind) {
    case kind.PUT_STRING:
      return { ...base, other: bytes, integer: reader.deadlineMs };
    case kind.SET_DEADLINE:
      return { ...base, integer: reader.deadlineMs };
    case kind.APPEND_STRING:
      return { ...base, other: bytes };
    case kind.PATCH_STRING:
      return { ...base, other: bytes, integer: reader.offset };
    case kind.RENAME:
    case kind.COPY:
      return { ...base, other: reader.destination };
    case kind.FLUSH_ALL:
      return { ...base, key: written.key };
    default:
      return base;
  }
}

function oneOfEach(): BatchWriter {
  const writer = new BatchWriter();
  writer.putString("k", "v\xff", 0);
  writer.putString("k", Buffer.from("w"), 1_800_000_000_000);
  writer.deleteKey("k");
  writer.setDeadline("k", 300);
  writer.setDeadline("k", 0);
  writer.appendString("k", Buffer.from("s"));
  writer.patchString("k", 200, Buffer.from("p"));
  writer.rename("a", "b");
  writer.copy("a", "b");
  writer.flushAll();
  writer.audit();
  return writer;
}

describe("batch", () => {
  test("persisted bytes are frozen", () => {
    expect(Buffer.from(oneOfEach().take(1_763_683_200_000)).toString("hex")).toBe(
      [
        "01", // version
        "4279aa3b5ec00000", // log time
        "0000000b", // effects
        "01016b0276ff00",
        "01016b017780a0f1c2b134",
        "02016b",
        "03016bac02",
        "03016b00",
        "04016b0173",
        "05016bc8010170",
        "0601610162",
        "0701610162",
        "08",
        "3e",
      ].join(""),
    );
  });

  test("every kind has one canonical Redis command, but for the one that changes nothing", () => {
    const commands = toCommands(oneOfEach().take(0));
    expect(commands.map((argv) => argv.map((word) => word.toString("latin1")))).toEqual([
      ["SET", "k", "v\xff"],
      ["SET", "k", "w", "PXAT", "1800000000000"],
      ["DEL", "k"],
      ["PEXPIREAT", "k", "300"],
      ["PERSIST", "k"],
      ["APPEND", "k", "s"],
      ["SETRANGE", "k", "200", "p"],
      ["RENAME", "a", "b"],
      ["COPY", "a", "b", "REPLACE"],
      ["FLUSHALL"],
    ]);
  });

  test("decoding gives what was encoded", () => {
    fc.assert(
      fc.property(fc.array(effect, { minLength: 1, maxLength: 50 }), integer, (effects, time) => {
        const writer = new BatchWriter();
        for (const each of effects) {
          write(writer, each);
        }
        expect(writer.effects).toBe(effects.length);
        const payload = writer.take(time);
        expect([writer.bytes, writer.effects]).toEqual([0, 0]);
        expect(batchLogTimeMs(payload)).toBe(time);
        const reader = new BatchReader(payload);
        for (const each of effects) {
          expect(reader.next()).toBe(true);
          expect(read(reader, each)).toEqual(each);
        }
        expect(reader.next()).toBe(false);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  test("a payload is not written to again, copied out or handed over", () => {
    for (const size of [10, BATCH_CAPACITY_BYTES_MIN * 2, BATCH_HANDOVER_BYTES_MIN * 2]) {
      const writer = new BatchWriter();
      writer.putString("k", Blob.copyOf(Buffer.alloc(size, 1)), 0);
      const payload = writer.take(1);
      const before = Buffer.from(payload);
      for (let i = 0; i < 10; i++) {
        writer.putString("other", Buffer.alloc(size, 2), 0);
      }
      expect(before.equals(payload)).toBe(true);
    }
  });

  test("cut, torn, unknown or damaged payloads are refused by an assertion, never read past the end", () => {
    const payload = Buffer.from(oneOfEach().take(1000));
    for (let length = 0; length < payload.length; length++) {
      expect(() => toCommands(payload.subarray(0, length))).toThrow(KeyspaceAssertionError);
    }
    expect(() => toCommands(Buffer.concat([payload, Buffer.from([0])]))).toThrow(
      KeyspaceAssertionError,
    );
    expect(() => toCommands(payload.map((byte, i) => (i === 0 ? 2 : byte)))).toThrow("format");
    expect(() => toCommands(payload.map((byte, i) => (i === 13 ? 99 : byte)))).toThrow("kind");
  });

  test("trap-30 a batch that was applied already is an assertion where that shows, and log time never goes back", () => {
    const writer = new BatchWriter();
    writer.putString("k", "v", 0);
    const put = writer.take(10);
    writer.deleteKey("k");
    const removal = writer.take(20);
    const keyspace = new Keyspace();
    expect(applyBatch(keyspace, put)).toBe(1);
    expect(applyBatch(keyspace, removal)).toBe(1);
    expect(keyspace.logTimeMs).toBe(20);
    expect(() => applyBatch(keyspace, removal)).toThrow(KeyspaceAssertionError);
    expect(() => applyBatch(keyspace, put)).toThrow("log time does not go back");
  });

  test("a check index is told when its batch is applied, log time included; only a batch's end is one", () => {
    const writer = new BatchWriter();
    writer.putString("k", "v", 0);
    writer.audit();
    const payload = writer.take(10);
    const keyspace = new Keyspace();
    const told: unknown[] = [];
    const audited = () => told.push([keyspace.logTimeMs, keyspace.size]);
    expect(applyBatch(keyspace, payload, undefined, audited)).toBe(2);
    writer.deleteKey("k");
    applyBatch(keyspace, writer.take(11), undefined, audited);
    expect(told).toEqual([[10, 1]]);
    writer.audit();
    writer.deleteKey("k");
    expect(() => applyBatch(keyspace, writer.take(12))).toThrow("whole batch");
  });
});
