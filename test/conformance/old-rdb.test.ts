/**
 * RDB files in forms that today's servers read and no longer write, or that only later ones write, made by hand of the
 * published format. What a stock redis-server 7.0 can load it loads, too: both see the same dataset.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asHash, asSet, asStream, debugDigest, type Keyspace, RdbError } from "@redoubt/keyspace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loaded, rdb, record } from "../../packages/keyspace/src/testing/rdb-files.js";
import {
  hasRedis,
  RedisServer,
  realRedis,
  words,
} from "../../packages/keyspace/src/testing/redis-server.js";
import { length, string, textScore, ziplist, zipmap } from "./support/payloads.js";

const long = "long ".repeat(100);
const integers = [0n, 12n, 13n, -1n, 127n, -129n, 40_000n, -8_388_608n, 2n ** 40n, -(2n ** 62n)];

/** Back length: 7 bits a byte, most significant first, all but the first marked. */
function withBackLength(entry: Buffer): Buffer {
  const { length: size } = entry;
  const back = size < 128 ? Buffer.of(size) : Buffer.of(size >> 7, (size & 0x7f) | 0x80);
  return Buffer.concat([entry, back]);
}

/** All kinds of entries of up to 4095 bytes; numbers are kept as narrow integers. */
function listpack(elements: readonly (string | number)[]): Buffer {
  const entries = elements.map((element) => {
    if (typeof element === "string") {
      const text = Buffer.from(element, "latin1");
      const head =
        text.length < 64
          ? Buffer.of(0x80 | text.length)
          : Buffer.of(0xe0 | (text.length >> 8), text.length & 0xff);
      return withBackLength(Buffer.concat([head, text]));
    }
    if (element >= 0 && element < 128) return withBackLength(Buffer.of(element));
    if (element >= -4096 && element < 4096) {
      const bits = element & 0x1fff;
      return withBackLength(Buffer.of(0xc0 | (bits >> 8), bits & 0xff));
    }
    const bytes = Buffer.alloc(5);
    bytes[0] = 0xf3;
    bytes.writeInt32LE(element, 1);
    return withBackLength(bytes);
  });
  const bytes = Buffer.concat([Buffer.alloc(6), ...entries, Buffer.of(255)]);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(elements.length, 4);
  return bytes;
}

function id(ms: number, seq: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms), 0);
  bytes.writeBigUInt64BE(BigInt(seq), 8);
  return bytes;
}

function time(ms: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(ms));
  return bytes;
}

/** LZF that packs nothing: runs of up to 32 literal bytes. */
function lzf(text: string): Buffer {
  const runs = text.match(/[\s\S]{1,32}/g)!;
  const packed = Buffer.concat(
    runs.map((run) => Buffer.concat([Buffer.of(run.length - 1), Buffer.from(run, "latin1")])),
  );
  return Buffer.concat([Buffer.of(0xc3), length(packed.length), length(text.length), packed]);
}

/** One node of three entries, the second deleted, the third with names of its own. */
function nodes(): Buffer {
  const master = [2, 1, 1, "f", 0];
  const entries = [2, 0, 0, "v0", 4, 3, 1, 0, "gone", 4, 0, 5, 7, 2, "f", "v2", "g", 300, 8];
  return Buffer.concat([length(1), string(id(1000, 1)), string(listpack([...master, ...entries]))]);
}

/** Two consumers; what is pending for them is in the group first. */
function groups(version: 1 | 2 | 3): Buffer {
  const seen = (ms: number, activeMs: number) =>
    version > 2 ? Buffer.concat([time(ms), time(activeMs)]) : time(ms);
  return Buffer.concat([
    length(1),
    string("group"),
    ...[length(1005), length(8)],
    ...(version > 1 ? [length(2)] : []),
    ...[length(2), id(1000, 1), time(5000), length(1), id(1005, 8), time(6000), length(3)],
    length(2),
    ...[string("alice"), seen(7000, 6000), length(2), id(1000, 1), id(1005, 8)],
    ...[string("bob"), seen(8000, -1), length(0)],
  ]);
}

function stream(version: 1 | 2 | 3): Buffer {
  const counters = [length(1000), length(1), length(1001), length(1), length(3)];
  return Buffer.concat([
    nodes(),
    ...[length(2), length(1005), length(8)],
    ...(version > 1 ? counters : []),
    groups(version),
  ]);
}

/** Of `type`, each under a key of its own. */
const old: readonly (readonly [name: string, type: number, value: Buffer])[] = [
  ["list", 1, Buffer.concat([length(3), string("a"), lzf(long), Buffer.of(0xc1, 0x70, 0x11)])],
  ["ziplist", 10, string(ziplist(["a", long, "x".repeat(300), ...integers]))],
  ["quicklist", 14, Buffer.concat([length(2), string(ziplist(["a"])), string(ziplist([1n, "b"]))])],
  ["zipmap", 9, string(zipmap(["f", "v", "long", "x".repeat(300)], 3))],
  ["hash", 13, string(ziplist(["f", "v", "g", 7n]))],
  ["zset", 12, string(ziplist(["a", 1n, "b", "2.5", "c", "inf"]))],
  [
    "scores",
    3,
    Buffer.concat([
      length(4),
      ...[string("a"), textScore("1.5"), string("b"), textScore("inf")],
      ...[string("c"), textScore("-inf"), string("d"), textScore("-3e-5")],
    ]),
  ],
  ["stream 1", 15, stream(1)],
  ["stream 2", 19, stream(2)],
  ["hash listpack", 16, string(listpack(["f", "v", "g", -4096, "h", 70_000]))],
];

const body = Buffer.concat(old.map(([name, type, value]) => record(type, name, value)));

function groupOf(keyspace: Keyspace, key: string) {
  return asStream(keyspace.peek(key)!)!.group("group")!;
}

test("every old form is read", () => {
  for (const [name, type, value] of old) {
    const keyspace = loaded(rdb(9, record(type, name, value)));
    expect([name, keyspace.size]).toEqual([name, 1]);
  }
  const keyspace = loaded(rdb(6, body));
  expect(asHash(keyspace.peek("zipmap")!)!.get("long")).toBe("x".repeat(300));
  const made = asStream(keyspace.peek("stream 1")!)!;
  expect([made.length, made.entriesAdded, made.maxDeletedId]).toEqual([2, 2, "\0".repeat(16)]);
  // 7.0 counts what a group of before has read by where it stands.
  expect(groupOf(keyspace, "stream 1").entriesRead).toBe(2);
  expect(groupOf(keyspace, "stream 2").consumer("alice")!.activeMs).toBe(7000);
});

test("so are those of 7.2: sets in listpacks, times at which consumers got entries", () => {
  const members = record(20, "set", string(listpack(["a", 1, -5000, "x".repeat(100)])));
  const keyspace = loaded(rdb(11, Buffer.concat([members, record(21, "stream", stream(3))])));
  const found: string[] = [];
  asSet(keyspace.peek("set")!)!.forEach((member) => {
    found.push(member);
  });
  expect(found.sort()).toEqual(["-5000", "1", "a", "x".repeat(100)]);
  const group = groupOf(keyspace, "stream");
  expect(["alice", "bob"].map((name) => group.consumer(name)!.activeMs)).toEqual([6000, -1]);
  expect(group.pendingCount).toBe(2);
  expect(asStream(keyspace.peek("stream")!)!.entriesAdded).toBe(3);
});

test("none of them is read when a byte of it is missing or too much", () => {
  for (const [name, type, value] of old) {
    for (const changed of [value.subarray(0, -1), Buffer.concat([value, Buffer.of(0)])]) {
      expect(() => loaded(rdb(9, record(type, name, changed))), name).toThrow(RdbError);
    }
  }
});

describe.skipIf(!hasRedis)(realRedis, () => {
  const redis = new RedisServer();
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());

  test("reads the same dataset", async () => {
    for (const version of [6, 9, 10]) {
      writeFileSync(join(redis.folder, "dump.rdb"), rdb(version, body));
      const commands = [words("DEBUG", "RELOAD", "NOSAVE"), words("DEBUG", "DIGEST")];
      const keyspace = loaded(rdb(version, body));
      expect(await redis.run(commands)).toEqual(["+OK", `+${debugDigest(keyspace)}`]);
      expect(keyspace.size).toBe(old.length);
    }
  });
});
