import { beforeEach, describe, expect, test } from "vitest";
import { Harness, someTimeMs } from "../testing/harness.js";

let db: Harness;

beforeEach(() => {
  db = new Harness();
});

describe("keys", () => {
  test("DEL counts what it deleted, EXISTS counts a key named twice twice", () => {
    db.run("MSET a 1 b 2");
    expect(db.run("EXISTS a a b c")).toBe(":3");
    expect(db.run("TOUCH a c")).toBe(":1");
    expect(db.run("DEL a a c")).toBe(":1");
    expect(db.run("UNLINK b")).toBe(":1");
    expect(db.run("DBSIZE")).toBe(":0");
  });

  test("TYPE names the type", () => {
    db.run("SET a 1");
    expect(db.run("TYPE a")).toBe("+string");
    expect(db.run("TYPE b")).toBe("+none");
  });

  test("RENAME replaces and takes the deadline along", () => {
    db.run("SET a 1 EX 10");
    db.run("SET b 2");
    expect(db.run("RENAME a b")).toBe("+OK");
    expect(db.run("MGET a b")).toBe("*2 $-1 $1 1");
    expect(db.run("TTL b")).toBe(":10");
    expect(db.run("RENAME a b")).toBe("-ERR no such key");
    expect(db.run("RENAME b b")).toBe("+OK");
  });

  test("RENAMENX gives way to a destination that exists, but not to an expired one", () => {
    db.run("MSET a 1 b 2");
    expect(db.run("RENAMENX a b")).toBe(":0");
    expect(db.run("RENAMENX a a")).toBe(":0");
    db.run("PEXPIRE b 1");
    db.nowMs += 2;
    expect(db.run("RENAMENX a b")).toBe(":1");
    expect(db.run("RENAMENX a b")).toBe("-ERR no such key");
  });

  test("COPY copies the deadline and replaces only when told", () => {
    db.run("SET a 1 EX 10");
    expect(db.run("COPY a b")).toBe(":1");
    expect(db.run("TTL b")).toBe(":10");
    db.run("SET a 2");
    expect(db.run("COPY a b")).toBe(":0");
    expect(db.run("COPY a b DB 0 REPLACE")).toBe(":1");
    expect(db.run("GET b")).toBe("$1 2");
    expect(db.run("COPY none b REPLACE")).toBe(":0");
    expect(db.run("COPY a a")).toBe("-ERR source and destination objects are the same");
    expect(db.run("COPY a b DB 1")).toBe(
      "-ERR Copying to another database is not allowed in cluster mode",
    );
    expect(db.run("COPY a b DB 16")).toBe("-ERR DB index is out of range");
    expect(db.run("COPY a b DB")).toBe("-ERR syntax error");
  });
});

describe("expiry", () => {
  test("a deadline can be given in four ways and read in four", () => {
    db.run("SET k v");
    for (const [command, time] of [
      ["EXPIRE", "100"],
      ["PEXPIRE", "100000"],
      ["EXPIREAT", String(someTimeMs / 1000 + 100)],
      ["PEXPIREAT", String(someTimeMs + 100_000)],
    ] as const) {
      db.run("PERSIST k");
      expect(db.run(command, "k", time)).toBe(":1");
      expect(db.run("TTL k")).toBe(":100");
      expect(db.run("PTTL k")).toBe(":100000");
      expect(db.run("EXPIRETIME k")).toBe(`:${someTimeMs / 1000 + 100}`);
      expect(db.run("PEXPIRETIME k")).toBe(`:${someTimeMs + 100_000}`);
    }
  });

  test("TTL rounds half up and tells a missing key from an immortal one", () => {
    db.run("SET k v PX 1500");
    expect(db.run("TTL k")).toBe(":2");
    db.nowMs += 1;
    expect(db.run("TTL k")).toBe(":1");
    db.run("SET k v");
    expect(db.run("TTL k")).toBe(":-1");
    expect(db.run("PEXPIRETIME none")).toBe(":-2");
  });

  test("conditions compare with the deadline the key has", () => {
    db.run("SET k v");
    expect(db.run("EXPIRE k 10 XX")).toBe(":0");
    expect(db.run("EXPIRE k 10 GT")).toBe(":0");
    expect(db.run("EXPIRE k 10 LT")).toBe(":1");
    expect(db.run("EXPIRE k 20 LT")).toBe(":0");
    expect(db.run("EXPIRE k 10 GT")).toBe(":0");
    expect(db.run("EXPIRE k 20 gt xx")).toBe(":1");
    expect(db.run("EXPIRE k 5 NX")).toBe(":0");
    expect(db.run("TTL k")).toBe(":20");
  });

  test("contradicting and unknown conditions have Redis's words", () => {
    const nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
    expect(db.run("EXPIRE k 10 NX GT")).toBe(nx);
    expect(db.run("EXPIRE k 10 GT LT")).toBe(
      "-ERR GT and LT options at the same time are not compatible",
    );
    expect(db.run("EXPIRE k 10 x")).toBe("-ERR Unsupported option x");
  });

  test("a time that has passed deletes, one that does not fit is refused", () => {
    db.run("MSET a 1 b 2");
    db.effects();
    expect(db.run("EXPIRE a -1")).toBe(":1");
    expect(db.run("PEXPIREAT b -9223372036854775808")).toBe(":1");
    expect(db.effects()).toEqual(["DEL a", "DEL b"]);
    expect(db.run("EXPIRE a 10")).toBe(":0");
    const invalid = "-ERR invalid expire time in 'expire' command";
    expect(db.run("EXPIRE a 9223372036854775807")).toBe(invalid);
    expect(db.run("EXPIRE a -9223372036854775808")).toBe(invalid);
  });

  test("PERSIST says whether there was a deadline", () => {
    db.run("SET k v EX 10");
    expect(db.run("PERSIST k")).toBe(":1");
    expect(db.run("PERSIST k")).toBe(":0");
    expect(db.run("PERSIST none")).toBe(":0");
  });
});

describe("the whole keyspace", () => {
  test("KEYS and SCAN pass over expired keys and delete none", () => {
    db.run("SET old v PX 1");
    db.run("SET new v");
    db.effects();
    db.nowMs += 2;
    expect(db.run("KEYS *")).toBe("*1 $3 new");
    expect(db.run("SCAN 0 COUNT 100")).toBe("*2 $1 0 *1 $3 new");
    expect(db.observe("RANDOMKEY")).toMatch(/^\$3 new$|^\$-1$/);
    expect(db.effects()).toEqual([]);
    expect(db.run("DBSIZE")).toBe(":2");
  });

  test("a cursor nobody was given ends the scan", () => {
    db.run("SET k v");
    expect(db.run("SCAN 18446744073709551615")).toBe("*2 $1 0 *0");
    expect(db.run("SCAN 18446744073709551616")).toBe("-ERR invalid cursor");
  });

  test("FLUSHALL empties once and replicates nothing when there is nothing", () => {
    db.run("SET k v");
    db.effects();
    expect(db.run("FLUSHALL SYNC")).toBe("+OK");
    expect(db.run("FLUSHDB async")).toBe("+OK");
    expect(db.effects()).toEqual(["FLUSHALL"]);
    expect(db.run("FLUSHALL x")).toBe("-ERR syntax error");
  });
});

describe("without keys", () => {
  test("PING, ECHO, TIME, SELECT", () => {
    db.nowMs = 1_234_567;
    expect(db.run("PING")).toBe("+PONG");
    expect(db.run("PING hi")).toBe("$2 hi");
    expect(db.run("PING a b")).toBe("-ERR wrong number of arguments for 'ping' command");
    expect(db.run("ECHO hi")).toBe("$2 hi");
    expect(db.run("TIME")).toBe("*2 $4 1234 $6 567000");
    expect(db.run("SELECT 0")).toBe("+OK");
    expect(db.run("SELECT 1")).toBe("-ERR SELECT is not allowed in cluster mode");
  });
});
