import { footerOk, Keyspace, RdbReader, type RdbSink, RdbWriter } from "@redoubt/keyspace";
import { expect, test } from "vitest";
import { readerOfRecords, recordOf } from "./memory-source.js";
import { dumpOf, recordParts } from "./record.js";

class Collected implements RdbSink {
  readonly parts: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.parts.push(bytes);
  }
}

function recordOfKey(key: string, value: string, deadlineMs: number): Buffer {
  const sink = new Collected();
  const writer = new RdbWriter(sink);
  writer.key(key, value, deadlineMs);
  writer.finish();
  let rest = Buffer.concat(sink.parts);
  const reader = new RdbReader({
    read: (target) => {
      const bytes = rest.copy(target);
      rest = rest.subarray(bytes);
      return bytes;
    },
  });
  expect(reader.next()).toBe("key");
  return Buffer.from(reader.record());
}

test("behind the key's name stands what RESTORE takes, whatever is in front of it", () => {
  for (const key of ["k", "", "12345", "x".repeat(100), "y".repeat(20_000), "z".repeat(70_000)]) {
    for (const deadlineMs of [0, 1_800_000_000_000]) {
      const dump = dumpOf(recordParts(recordOfKey(key, "a value", deadlineMs)));
      expect(footerOk(dump)).toBe(true);
      const body = dump.subarray(0, -10);
      const reader = readerOfRecords(11, [recordOf(Buffer.from(key, "latin1"), body)]);
      expect([reader.next(), reader.key, reader.value()]).toEqual(["key", key, "a value"]);
      expect(reader.next()).toBe("end");
    }
  }
});

test("times of use and other fields are passed over, a name in any form too", () => {
  const names: [string, Buffer][] = [
    ["-1", Buffer.from([0xc0, 0xff])],
    ["1000", Buffer.from([0xc1, 0xe8, 0x03])],
    ["aaaaaaaaaaaa", Buffer.from([0xc3, 5, 12, 0, 0x61, 0xe0, 2, 0])],
  ];
  for (const [name, bytes] of names) {
    const record = Buffer.concat([
      Buffer.from([0xfd, 0, 0, 0, 0x7f, 0xf8, 0x40, 0x41, 0xf9, 7, 0]),
      bytes,
      Buffer.from([1, 0x76]),
    ]);
    const parts = recordParts(record);
    expect(parts).toEqual({ type: 0, value: Buffer.from([1, 0x76]) });
    const reader = readerOfRecords(10, [record]);
    expect(reader.next()).toBe("key");
    const keyspace = new Keyspace();
    reader.loadInto(keyspace);
    expect(keyspace.peek(name)).toBe("v");
  }
});

test("a record that ends too early is damaged, wherever it ends", () => {
  const record = recordOfKey("key", "v", 1);
  for (let at = 0; at < record.length - 2; at++) {
    expect(() => recordParts(record.subarray(0, at))).toThrow(
      expect.objectContaining({ code: "DAMAGED" }),
    );
  }
});
