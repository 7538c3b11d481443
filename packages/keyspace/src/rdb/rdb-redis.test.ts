/** What stock redis-server writes is read here, what is written here it loads, and redis-check-rdb agrees. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { debugDigest } from "../digest/debug-digest.js";
import type { Keyspace } from "../keyspace.js";
import { Leader, program } from "../testing/random-program.js";
import { fileOf, loaded, MemorySource } from "../testing/rdb-files.js";
import { hasRedis, RedisServer, realRedis, words } from "../testing/redis-server.js";
import { RdbReader } from "./rdb-reader.js";
import { opcode, rdbType } from "./types.js";

/** Beyond every clock here. */
const FAR_MS = "5000000000123";
const CHECK = "/usr/bin/redis-check-rdb";

const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const long = "long ".repeat(300);

/** Keys of all types, small and large; large ones are packed or not as the settings say. */
const commands: string[][] = [
  ["SET", "string", "value"],
  ["SET", "empty", ""],
  ["SET", "\x00\xff\r\n", "\xff\x00"],
  ["SET", "long", long],
  ["SET", "longer", "x".repeat(100_000)],
  ...["0", "-1", "127", "-129", "40000", "-3000000", "2147483648", "-0", "007"].map((text) => {
    return ["SET", `integer ${text}`, text];
  }),
  ["SET", "expires", "x", "PXAT", FAR_MS],
  ["RPUSH", "list", "a", "-1", "70000", "", long, "9".repeat(18)],
  ["RPUSH", "long list", ...range(700).map((i) => `${i} ${i % 9 ? "" : long}`)],
  ["SADD", "integers", "1", "-40000", "9223372036854775807", "3000000000"],
  ["SADD", "small integers", "1", "-2"],
  ["SADD", "words", "a", "b", "\xff", long],
  ["SADD", "many", ...range(600).map((i) => `m${i}`)],
  ["SADD", "many integers", ...range(600).map((i) => `${i * 7}`)],
  ["HSET", "hash", "a", "1", "b", "", "c", "-70000", "d", "x".repeat(60)],
  ["HSET", "long hash", "a", long, ...range(600).flatMap((i) => [`f${i}`, `v${i}`])],
  ["ZADD", "scores", "1", "a", "-inf", "b", "inf", "c", "0.1", "d", "1e300", "e", "0", "f"],
  ["ZADD", "many scores", ...range(300).flatMap((i) => [String(i / 3), `m${i}`])],
  ["PEXPIREAT", "many scores", FAR_MS],
  ...range(250).map((i) => {
    const other = i % 7 === 0 ? ["g", `${i}`] : [];
    return ["XADD", "stream", `${1000 + i}-${i % 3}`, "f", `${i}`, "name", "value", ...other];
  }),
  ["XDEL", "stream", "1003-0", "1100-1"],
  ["XTRIM", "stream", "MAXLEN", "200"],
  ["XGROUP", "CREATE", "stream", "group", "1060-0"],
  ["XGROUP", "CREATE", "stream", "other", "$", "ENTRIESREAD", "3"],
  ["XGROUP", "CREATECONSUMER", "stream", "group", "idle"],
  ["XREADGROUP", "GROUP", "group", "alice", "COUNT", "20", "STREAMS", "stream", ">"],
  ["XREADGROUP", "GROUP", "group", "bob", "COUNT", "10", "STREAMS", "stream", ">"],
  ["XACK", "stream", "group", "1070-2"],
  ["XDEL", "stream", "1071-0"],
  ["XGROUP", "CREATE", "empty stream", "group", "$", "MKSTREAM"],
  ["XADD", "huge ids", "18446744073709551615-18446744073709551614", "a", "b"],
];

const settings: Record<string, string[]> = {
  packed: [
    "hash-max-listpack-entries 128",
    "hash-max-listpack-value 64",
    "zset-max-listpack-entries 128",
    "zset-max-listpack-value 64",
    "set-max-intset-entries 512",
    "list-max-listpack-size -2",
    "list-compress-depth 0",
    "stream-node-max-entries 100",
    "rdbcompression yes",
  ],
  "not packed": [
    "hash-max-listpack-entries 0",
    "zset-max-listpack-entries 0",
    "set-max-intset-entries 0",
    "list-max-listpack-size 1",
    "stream-node-max-entries 1",
    "rdbcompression no",
  ],
  "packed in large pieces": [
    "hash-max-listpack-entries 10000",
    "hash-max-listpack-value 10000",
    "zset-max-listpack-entries 10000",
    "zset-max-listpack-value 10000",
    "set-max-intset-entries 10000",
    "list-max-listpack-size -5",
    "list-compress-depth 1",
    "stream-node-max-entries 0",
    "rdbcompression yes",
  ],
};

/** Types of the keys in a file. */
function typesIn(file: Buffer): Set<number> {
  const found = new Set<number>();
  const reader = new RdbReader(new MemorySource(file));
  for (let part = reader.next(); part !== "end"; part = reader.next()) {
    if (part !== "key") continue;
    const record = reader.record();
    found.add(record[0] === opcode.deadlineMs ? record[9]! : record[0]!);
  }
  return found;
}

describe.skipIf(!hasRedis)(realRedis, () => {
  const redis = new RedisServer();
  const file = join(redis.folder, "dump.rdb");
  const types = new Set<number>();
  beforeAll(() => redis.start());
  afterAll(() => redis.stop());

  const run = (...argv: string[]) => redis.run([words(...argv)]).then(([reply]) => reply!);
  /** Without how the server arranges it. */
  const streamOf = async () => {
    const reply = await run("XINFO", "STREAM", "stream", "FULL", "COUNT", "0");
    return reply.replace(/radix-tree-(keys|nodes)\r\n:\d+/g, "");
  };

  async function reload(bytes: Buffer): Promise<void> {
    writeFileSync(file, bytes);
    expect(await run("DEBUG", "RELOAD", "NOSAVE")).toBe("+OK");
  }

  async function expectSame(keyspace: Keyspace): Promise<void> {
    expect(await run("DEBUG", "DIGEST")).toBe(`+${debugDigest(keyspace)}`);
    expect(await run("DBSIZE")).toBe(`:${keyspace.size}`);
  }

  test.each(Object.keys(settings))(
    "writes files, %s, that are read and written again",
    async (name) => {
      await run("FLUSHALL");
      for (const setting of settings[name]!) {
        expect(await run("CONFIG", "SET", ...setting.split(" "))).toBe("+OK");
      }
      const replies = await redis.run(commands.map((command) => words(...command)));
      expect(replies.filter((reply) => reply.startsWith("-"))).toEqual([]);
      await run("SAVE");
      const written = readFileSync(file);
      for (const type of typesIn(written)) types.add(type);
      const keyspace = loaded(written);
      await expectSame(keyspace);
      expect(keyspace.deadlineOf("expires")).toBe(Number(FAR_MS));
      expect(keyspace.volatileSize).toBe(2);
      const stream = await streamOf();
      await reload(fileOf(keyspace));
      await expectSame(keyspace);
      expect(await streamOf()).toBe(stream);
    },
  );

  test("has written all types that it has by then", () => {
    const all = [
      rdbType.string,
      rdbType.set,
      rdbType.hash,
      rdbType.sortedSet2,
      rdbType.setIntset,
      rdbType.hashListpack,
      rdbType.sortedSetListpack,
      rdbType.listQuicklist2,
      rdbType.streamListpacks2,
    ];
    expect([...types].sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
  });

  test("loads what any program leaves, and redis-check-rdb finds it good", async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const leader = new Leader();
        for (const step of steps) leader.run(step);
        leader.seal();
        const bytes = fileOf(leader.keyspace);
        await reload(bytes);
        await expectSame(leader.keyspace);
        if (checked++ % 5 === 0) {
          expect(execFileSync(CHECK, [file], { encoding: "utf8" })).toContain("Checksum OK");
        }
        await run("SAVE");
        const back = loaded(readFileSync(file));
        expect(debugDigest(back)).toBe(debugDigest(leader.keyspace));
      }),
      { seed: 23, numRuns: 60 },
    );
  });

  test("writes files without a checksum if it is told to", async () => {
    const other = new RedisServer();
    try {
      await other.start("--rdbchecksum", "no");
      await other.run([words("SET", "key", "value"), words("SAVE")]);
      const bytes = readFileSync(join(other.folder, "dump.rdb"));
      const reader = new RdbReader(new MemorySource(bytes));
      while (reader.next() !== "end");
      expect(reader.isChecked).toBe(false);
      expect(loaded(bytes).peek("key")).toBe("value");
    } finally {
      await other.stop();
    }
  });

  test("keeps functions, which are read beside the keys", async () => {
    await run("FLUSHALL");
    const code = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
    await run("FUNCTION", "LOAD", code);
    await run("SAVE");
    const reader = new RdbReader(new MemorySource(readFileSync(file)));
    const found: string[] = [];
    for (let part = reader.next(); part !== "end"; part = reader.next()) {
      if (part === "function") found.push(reader.functionCode);
    }
    expect(found).toEqual([code]);
    await run("FUNCTION", "FLUSH");
  });
});
