import { beforeEach, describe, expect, test } from "vitest";
import { Harness } from "../testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

function encoding(key: string): string {
  return redis.run(`OBJECT ENCODING ${key}`).replace(/^\$\d+ /, "");
}

describe("OBJECT ENCODING", () => {
  test("of a string is told by its bytes", () => {
    const expected = new Map([
      ["0", "int"],
      ["-9223372036854775808", "int"],
      ["9223372036854775807", "int"],
      ["9223372036854775808", "embstr"],
      ["007", "embstr"],
      ["", "embstr"],
      ["x".repeat(44), "embstr"],
      ["x".repeat(45), "raw"],
      ["x".repeat(5000), "raw"],
    ]);
    for (const [value, name] of expected) {
      redis.run("SET", "k", value);
      expect(encoding("k"), value).toBe(name);
    }
  });

  test("of a list is listpack up to 8192 bytes of it, as in 7.2", () => {
    // An entry of 64 to 4095 bytes has two bytes before it and two behind, a shorter one less.
    redis.run("RPUSH", "l", ...Array.from({ length: 8 }, () => "x".repeat(996)));
    redis.run("RPUSH", "l", "x".repeat(8192 - 7 - 8000 - 4));
    expect(encoding("l")).toBe("listpack");
    redis.run("LSET", "l", "-1", "x".repeat(8192 - 7 - 8000 - 3));
    expect(encoding("l")).toBe("quicklist");
    redis.run("COPY l copy");
    expect(encoding("copy")).toBe("quicklist");
  });

  test("of a list is listpack again at half of that, as in 7.2", () => {
    redis.run("RPUSH", "l", ...Array.from({ length: 9 }, () => "x".repeat(996)));
    expect(encoding("l")).toBe("quicklist");
    redis.run("LTRIM l 0 3");
    // 4007 bytes, and what fills it up.
    expect(encoding("l")).toBe("listpack");
    redis.run("RPUSH", "l", ...Array.from({ length: 5 }, () => "x".repeat(996)));
    expect(encoding("l")).toBe("quicklist");
    redis.run("LPOP l 4");
    expect(encoding("l")).toBe("quicklist");
    redis.run("LSET", "l", "0", "x".repeat(4096 - 7 - 4000 - 4 + 1000));
    redis.run("LPOP l");
    expect(encoding("l")).toBe("listpack");
  });

  test("of other collections is what they are kept in", () => {
    redis.run("HSET h f v");
    redis.run("SADD ints 1 2");
    redis.run("SADD words a b");
    redis.run("ZADD z 1 a");
    redis.run("XADD stream 1-1 f v");
    expect(encoding("h")).toBe("listpack");
    expect(encoding("ints")).toBe("intset");
    expect(encoding("words")).toBe("listpack");
    expect(encoding("z")).toBe("listpack");
    expect(encoding("stream")).toBe("stream");
    redis.run("HSET", "h", "f", "v".repeat(65));
    redis.run("SADD", "words", "m".repeat(65));
    redis.run("ZADD", "z", "1", "m".repeat(65));
    expect(encoding("h")).toBe("hashtable");
    expect(encoding("words")).toBe("hashtable");
    expect(encoding("z")).toBe("skiplist");
  });
});

test("OBJECT REFCOUNT knows Redis's shared integers", () => {
  for (const [value, count] of [
    ["0", 2147483647],
    ["9999", 2147483647],
    ["10000", 1],
    ["-1", 1],
    ["word", 1],
  ] as const) {
    redis.run("SET", "k", value);
    expect(redis.run("OBJECT REFCOUNT k"), value).toBe(`:${count}`);
  }
});

test("nothing is idle, and frequencies are not kept", () => {
  redis.run("SET k v");
  redis.nowMs += 60_000;
  expect(redis.run("OBJECT IDLETIME k")).toBe(":0");
  expect(redis.run("OBJECT FREQ k")).toMatch(/^-ERR An LFU maxmemory policy is not selected/);
  for (const name of ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]) {
    expect(redis.run(`OBJECT ${name} nosuch`)).toBe("$-1");
  }
});

test("MEMORY USAGE grows with the value, of every type", () => {
  const usage = (key: string) => Number(redis.run(`MEMORY USAGE ${key} SAMPLES 0`).slice(1));
  const large = "x".repeat(2000);
  const grow: readonly (readonly string[])[] = [
    ["SET", "string", large],
    ["RPUSH", "list", large],
    ["HSET", "hash", "f", large],
    ["SADD", "set", large],
    ["ZADD", "zset", "1", large],
    ["XADD", "stream", "2-2", "f", large],
  ];
  redis.run("SET string v");
  redis.run("RPUSH list a");
  redis.run("HSET hash f v");
  redis.run("SADD set a");
  redis.run("ZADD zset 1 a");
  redis.run("XADD stream 1-1 f v");
  for (const argv of grow) {
    const before = usage(argv[1]!);
    expect(before, argv[1]).toBeGreaterThan(50);
    expect(before, argv[1]).toBeLessThan(1000);
    redis.run(...argv);
    expect(usage(argv[1]!) - before, argv[1]).toBeGreaterThan(1900);
  }
  expect(redis.run("MEMORY USAGE nosuch")).toBe("$-1");
  expect(redis.run("MEMORY USAGE nosuch SAMPLES -1")).toBe("-ERR syntax error");
});

test("HELP lists the subcommands", () => {
  expect(redis.run("OBJECT HELP")).toContain("+ENCODING key");
  expect(redis.run("MEMORY HELP")).toContain("+USAGE key [SAMPLES count]");
});
