import { RdbReader, RdbWriter } from "@redoubt/keyspace";
import { encodeRequest } from "@redoubt/resp";
import { expect, test } from "vitest";
import { pieceBytesMax, wholeRecordBytesMax } from "./constants.js";
import { keyBytes, requestsOf, restoreRequest } from "./key-requests.js";

function readerOf(write: (writer: RdbWriter) => void): RdbReader {
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (bytes) => parts.push(bytes) });
  write(writer);
  writer.finish();
  return readerAtKey(Buffer.concat(parts));
}

function readerAtKey(file: Buffer): RdbReader {
  let rest = file;
  const reader = new RdbReader({
    read: (target) => {
      const bytes = rest.copy(target);
      rest = rest.subarray(bytes);
      return bytes;
    },
  });
  expect(reader.next()).toBe("key");
  return reader;
}

test("a small key is one RESTORE, with its deadline and any bytes in its name", () => {
  const key = "k\0\r\n\xff";
  for (const [deadlineMs, replaces] of [
    [0, false],
    [1_800_000_000_000, true],
  ] as const) {
    const requests = requestsOf(readerOf((writer) => writer.key(key, "value", deadlineMs)));
    const argv = ["RESTORE", keyBytes(key), String(deadlineMs), requests.payload!, "ABSTTL"];
    expect(restoreRequest(requests, replaces)).toEqual(
      encodeRequest(replaces ? [...argv, "REPLACE"] : argv),
    );
  }
});

test("a string of several pieces is SET and APPEND, and gets its deadline when it is whole", () => {
  const value = Buffer.alloc(2 * pieceBytesMax + 1, "x").toString("latin1");
  expect(value.length).toBeGreaterThan(wholeRecordBytesMax);
  const requests = requestsOf(readerOf((writer) => writer.key("k", value, 7)));
  expect(requests.payload).toBe(null);
  const pieces = [...requests.pieces].map((bytes) => bytes.toString("latin1"));
  expect(pieces.map((text) => text.split("\r\n")[2])).toEqual([
    "SET",
    "APPEND",
    "APPEND",
    "PEXPIREAT",
  ]);
  expect(
    pieces
      .slice(0, 3)
      .map((text) => text.split("\r\n")[6])
      .join(""),
  ).toBe(value);
});

test("elements that are large make more pieces of fewer elements", () => {
  const element = "y".repeat(300_000);
  // A list in RDB's oldest form: every element for itself.
  const length = Buffer.from([0x80, 0, 0x04, 0x93, 0xe0]);
  const list = Buffer.concat([
    Buffer.from("REDIS0010\x01\x01l\x08", "latin1"),
    ...Array.from({ length: 8 }, () => Buffer.concat([length, Buffer.from(element)])),
    Buffer.from([0xff]),
    Buffer.alloc(8),
  ]);
  const pieces = [...requestsOf(readerAtKey(list)).pieces];
  expect(pieces).toHaveLength(3);
  for (const piece of pieces) expect(piece.length).toBeLessThan(pieceBytesMax + 1_000);
});
