import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Blob } from "../blob.js";
import { RDB_READ_BYTES } from "../constants.js";
import { stateDigest } from "../digest/state-digest.js";
import { RdbError } from "../errors.js";
import { Keyspace } from "../keyspace.js";
import { Leader, program } from "../testing/random-program.js";
import {
  fileOf,
  length,
  loaded,
  MemorySink,
  MemorySource,
  rdb,
  record,
  string,
} from "../testing/rdb-files.js";
import { asStream } from "../views.js";
import { RdbReader } from "./rdb-reader.js";
import { RdbWriter } from "./rdb-writer.js";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const value = record(0, "k", string("v"));

/** What is said of a file with this between header and end. */
function refusal(...parts: Uint8Array[]): string {
  try {
    loaded(rdb(12, Buffer.concat(parts)));
  } catch (error) {
    if (error instanceof RdbError) return `${error.code}: ${error.what}`;
    throw error;
  }
  return "none";
}

describe("a file", () => {
  test("of any version up to 12 is read, with what stands beside its keys", () => {
    const beside = [
      hex("fe 00"), // database 0
      hex("fb 80 00000002 01"), // sizes
      hex("f4 05 01 00"), // a slot
      hex("f8 41 00 f9 07"), // idle, frequency
      hex("fd 00f15365"), // expires in seconds
    ];
    const keyspace = loaded(rdb(12, Buffer.concat([...beside, value])));
    expect(keyspace.peek("k")).toBe("v");
    expect(keyspace.deadlineOf("k")).toBe(0x6553f100 * 1000);
    for (const version of [1, 4, 5, 9, 12]) {
      expect(loaded(rdb(version, value)).peek("k")).toBe("v");
    }
    // Before version 5 there was no checksum.
    expect(loaded(rdb(4, value).subarray(0, -8)).size).toBe(1);
    expect(() => loaded(rdb(13, value))).toThrow("RDB version 13");
    expect(() => loaded(rdb(0, value))).toThrow("RDB version 0");
    expect(() => loaded(Buffer.from("REDIX0010"))).toThrow("does not begin as an RDB");
    expect(() => loaded(Buffer.alloc(0))).toThrow("ends too early");
  });

  test("from a source that proves its bytes itself is not summed a second time, and has its end", () => {
    const file = rdb(12, value);
    file[file.length - 1]! ^= 1;
    const read = (bytes: Buffer, isProved: boolean) => {
      const keyspace = new Keyspace();
      const reader = new RdbReader(new MemorySource(bytes, 5), 0, isProved);
      while (reader.next() === "key") reader.loadInto(keyspace);
      return [keyspace.peek("k"), reader.isChecked, reader.isAtEnd];
    };
    expect(() => read(file, false)).toThrow("checksum");
    expect(read(file, true)).toEqual(["v", false, true]);
    expect(() => read(file.subarray(0, -1), true)).toThrow("ends too early");
    expect(read(Buffer.concat([file, Buffer.from("x")]), true)).toEqual(["v", false, false]);
  });

  test("tells the deadline -1 as none, and one before the epoch as one that has passed", () => {
    const at = (time: string) => loaded(rdb(10, Buffer.concat([hex(time), value]))).deadlineOf("k");
    expect(at("fc ffffffffffffffff")).toBe(0);
    expect(at("fd ffffffff")).toBe(0);
    expect(at("fc 0000000000000000")).toBe(1);
    expect(at("fc 00ffffffffffffff")).toBe(1);
    expect(at("fc 0100000000000000")).toBe(1);
    expect(refusal(hex("fc ffffffffffffff7f"), value)).toContain("RDB_UNSUPPORTED: a deadline");
  });

  test("with what has no home here is refused by name", () => {
    const moduleType = hex("81 8138c4a6ba61c001"); // a name of nine letters, a version
    expect(refusal(hex("fe 03"), value)).toBe('RDB_UNSUPPORTED: key "k" of database 3');
    for (const type of [22, 23, 24, 25]) {
      expect(refusal(record(type, "k", hex("01")))).toBe(
        'RDB_UNSUPPORTED: hash field expiry of key "k"',
      );
    }
    expect(refusal(record(7, "k", moduleType))).toBe(
      'RDB_UNSUPPORTED: module type gTjEprphw of key "k"',
    );
    expect(refusal(record(6, "k", moduleType))).toContain("before Redis 4.0");
    expect(refusal(hex("f7"), moduleType)).toBe("RDB_UNSUPPORTED: data of module type gTjEprphw");
    expect(refusal(hex("f6"), string("code"))).toContain("release candidate");
    expect(refusal(record(8, "k", hex("01")))).toBe('RDB_DAMAGED: type 8 of key "k" is not known');
    expect(refusal(record(26, "x".repeat(100), hex("01")))).toBe(
      `RDB_DAMAGED: type 26 of key "${"x".repeat(64)}"... is not known`,
    );
    expect(refusal(record(0, "k", hex("80 20000001")))).toBe(
      "RDB_UNSUPPORTED: a text of more than 536870912 bytes",
    );
    expect(refusal(value, value)).toBe('RDB_DAMAGED: key "k" is there twice');
    expect(refusal(hex("fc 0100000000000000 fe 00"), value)).toContain("without a key");
  });

  test("of another database is looked through all the same, and its keys are named", () => {
    const reader = new RdbReader(new MemorySource(rdb(10, Buffer.concat([hex("fe 03"), value]))));
    expect([reader.next(), reader.key, reader.database]).toEqual(["key", "k", 3]);
    expect(reader.next()).toBe("end");
  });

  test("with elements twice, or with times of consumers that are not there, is damaged", () => {
    const twice = Buffer.concat([length(2), string("m"), string("m")]);
    expect(refusal(record(2, "k", twice))).toBe('RDB_DAMAGED: the value of key "k"');
    const pairs = Buffer.concat([length(2), string("m"), string(""), string("m"), string("")]);
    expect(refusal(record(4, "k", pairs))).toContain("the value of");
    const nan = Buffer.concat([length(1), string("m"), hex("000000000000f87f")]);
    expect(refusal(record(5, "k", nan))).toContain("the value of");
    for (const type of [1, 2, 4, 5]) {
      expect(refusal(record(type, "k", length(0)))).toBe('RDB_DAMAGED: the value of key "k"');
    }
    const times = Buffer.concat([hex("fa"), string("redoubt-active-times"), string("1")]);
    expect(refusal(times, value)).toContain("times of consumers that");
    expect(refusal(times, hex("ff"))).toContain("without a key");
    const reader = new RdbReader(new MemorySource(rdb(10, record(2, "k", twice))));
    reader.next();
    expect(() => reader.restored()).toThrow("the value of key");
  });
});

test("a large value is read through the window, and the next small one too", () => {
  const leader = new Leader();
  leader.txn.begin(leader.nowMs, "lead");
  const { txn } = leader;
  txn.putString("blob", Buffer.alloc(9_000_000, "blob"), 5);
  for (let i = 0; i < 400; i++) txn.lists.push("list", "tail", ["x".repeat(1000), `${i}`]);
  txn.sets.add("set", ["y".repeat(300_000), "z"]);
  txn.putString("small", "value", 0);
  leader.seal();
  const file = fileOf(leader.keyspace);
  for (const stepBytes of [100_000, 70_001]) {
    const back = loaded(file, stepBytes);
    back.logTimeMs = leader.keyspace.logTimeMs;
    expect(stateDigest(back)).toBe(stateDigest(leader.keyspace));
    expect((back.peek("blob") as Blob).length).toBe(9_000_000);
  }
  const reader = new RdbReader(new MemorySource(file));
  let bytes = 0;
  while (reader.next() !== "end") if (reader.key === "blob") bytes = reader.record().length;
  expect(bytes).toBeGreaterThan(9_000_000);
});

test("a record of any length is copied through the window, which does not grow for it", () => {
  const leader = new Leader();
  leader.txn.begin(leader.nowMs, "lead");
  const { txn } = leader;
  txn.putString("blob", Buffer.alloc(3_000_000, "blob"), 5);
  for (let i = 0; i < 3000; i++) txn.lists.push("list", "tail", ["x".repeat(1000), `${i}`]);
  txn.putString("small", "value", 0);
  leader.seal();
  const file = fileOf(leader.keyspace);
  let askedMax = 0;
  const whole = new MemorySource(file);
  const source = {
    read: (target: Buffer) => {
      askedMax = Math.max(askedMax, target.length);
      return whole.read(target);
    },
  };
  const sink = new MemorySink();
  const writer = new RdbWriter(sink);
  const reader = new RdbReader(source);
  for (let part = reader.next(); part !== "end"; part = reader.next()) {
    if (part === "aux") writer.aux(reader.auxName, reader.auxValue);
    else reader.copyTo(writer);
  }
  writer.finish();
  expect(sink.bytes().equals(file)).toBe(true);
  expect(askedMax).toBe(RDB_READ_BYTES);
});

test("a consumer keeps the time at which it got its last entry", () => {
  const leader = new Leader();
  const { streams } = leader.txn;
  leader.txn.begin(leader.nowMs, "lead");
  streams.createGroup("s", "g", "\0".repeat(16), -1);
  for (const name of ["a", "b", "c"]) streams.createConsumer("s", "g", name, 7);
  streams.setConsumerTimes("s", "g", "b", 9, 8);
  streams.setConsumerTimes("s", "g", "c", 9, 9);
  const times: number[] = [];
  const back = loaded(fileOf(leader.keyspace));
  asStream(back.peek("s")!)!
    .group("g")!
    .forEachConsumer(({ activeMs }) => times.push(activeMs));
  expect(times).toEqual([-1, 8, 9]);
});

describe("bytes that mean harm", () => {
  /** All there is in it: nothing but RdbError is thrown. */
  function survives(file: Buffer): "read" | "refused" {
    for (const way of ["restored", "loadInto", "record", "next"] as const) {
      const reader = open(file);
      if (reader === null) return "refused";
      try {
        const keyspace = new Keyspace();
        for (let part = reader.next(); part !== "end"; part = reader.next()) {
          if (part !== "key") continue;
          if (way === "loadInto") reader.loadInto(keyspace);
          else if (way !== "next") reader[way]();
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RdbError);
        return "refused";
      }
    }
    return "read";
  }

  function open(file: Buffer): RdbReader | null {
    try {
      return new RdbReader(new MemorySource(file));
    } catch (error) {
      expect(error).toBeInstanceOf(RdbError);
      return null;
    }
  }

  const anyFile = program.map((steps) => {
    const leader = new Leader();
    for (const step of steps) leader.run(step);
    return fileOf(leader.keyspace);
  });

  test("in a file cut anywhere are refused", () => {
    fc.assert(
      fc.property(anyFile, fc.nat(), (file, cut) => {
        expect(survives(file.subarray(0, cut % file.length))).toBe("refused");
      }),
      { seed: 40, numRuns: 150 },
    );
    const small = rdb(
      10,
      Buffer.concat([value, record(2, "s", Buffer.concat([length(1), value]))]),
    );
    for (let bytes = 0; bytes < small.length; bytes++) {
      expect(survives(small.subarray(0, bytes))).toBe("refused");
    }
  });

  test("in a file without checksum are refused or read as something else", () => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        anyFile,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }),
        (file, changes) => {
          file.fill(0, file.length - 8);
          for (const [at, byte] of changes) file[9 + (at % (file.length - 17))] = byte;
          outcomes[survives(file)]++;
        },
      ),
      { seed: 41, numRuns: 500 },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(20);
  });

  test("claim no memory that the file does not fill", () => {
    const before = process.memoryUsage().arrayBuffers;
    const huge = hex("80 1fffffff");
    for (const type of [0, 1, 2, 4, 5, 11, 16, 18, 19]) {
      expect(refusal(record(type, "k", huge))).toContain("RDB_DAMAGED");
      expect(refusal(record(type, "k", Buffer.concat([length(1), huge])))).toContain("RDB_");
      expect(refusal(record(type, "k", hex("81 00ffffffffffffff")))).toContain("RDB_");
    }
    // Packed: 20 bytes that claim half a gigabyte.
    const packed = Buffer.concat([hex("c3 14"), huge, Buffer.alloc(20)]);
    expect(refusal(record(0, "k", packed))).toContain("does not unpack");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});
