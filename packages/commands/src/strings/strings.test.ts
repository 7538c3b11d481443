import { beforeEach, describe, expect, test } from "vitest";
import { Harness, someTimeMs } from "../testing/harness.js";

let db: Harness;

beforeEach(() => {
  db = new Harness();
});

describe("SET", () => {
  test("sets, replaces and drops the old deadline", () => {
    expect(db.run("SET k v EX 100")).toBe("+OK");
    expect(db.run("SET k w")).toBe("+OK");
    expect(db.run("GET k")).toBe("$1 w");
    expect(db.run("TTL k")).toBe(":-1");
  });

  test("conditions decide whether the value goes in", () => {
    expect(db.run("SET k v XX")).toBe("$-1");
    expect(db.run("SET k v NX")).toBe("+OK");
    expect(db.run("SET k w nx")).toBe("$-1");
    expect(db.run("SET k w xx")).toBe("+OK");
    expect(db.run("GET k")).toBe("$1 w");
    expect(db.run("SET k v NX XX")).toBe("-ERR syntax error");
  });

  test("GET answers with the old value, also when the condition refuses", () => {
    expect(db.run("SET k v GET")).toBe("$-1");
    expect(db.run("SET k w GET")).toBe("$1 v");
    expect(db.run("SET k x NX GET")).toBe("$1 w");
    expect(db.run("GET k")).toBe("$1 w");
  });

  test("KEEPTTL keeps the deadline; two kinds of expiry contradict each other", () => {
    db.run("SET k v EX 100");
    expect(db.run("SET k w KEEPTTL")).toBe("+OK");
    expect(db.run("TTL k")).toBe(":100");
    expect(db.run("SET k v EX 1 PX 1")).toBe("-ERR syntax error");
    expect(db.run("SET k v EX 1 KEEPTTL")).toBe("-ERR syntax error");
    expect(db.run("SET k v EX 1 EX 2")).toBe("+OK");
    expect(db.run("TTL k")).toBe(":2");
    expect(db.run("SET k v EX")).toBe("-ERR syntax error");
  });

  test("an expire time is a positive integer that fits", () => {
    const invalid = "-ERR invalid expire time in 'set' command";
    expect(db.run("SET k v EX 0")).toBe(invalid);
    expect(db.run("SET k v PX -1")).toBe(invalid);
    expect(db.run("SET k v EX 9223372036854775807")).toBe(invalid);
    expect(db.run("SET k v PX 9223372036854775807")).toBe(invalid);
    expect(db.run("SET k v EX 1.5")).toBe("-ERR value is not an integer or out of range");
    expect(db.run("SETEX k 0 v")).toBe("-ERR invalid expire time in 'setex' command");
    expect(db.run("PSETEX k 0 v")).toBe("-ERR invalid expire time in 'psetex' command");
    expect(db.run("GET k")).toBe("$-1");
    expect(db.effects()).toEqual([]);
  });
});

describe("effects", () => {
  test("trap-31 what is relative or computed leaves as an absolute put", () => {
    db.run("SET a v EX 10");
    db.run("SET b v PX 10");
    db.run("GETEX b EX 5");
    db.run("SET f 0.1");
    db.run("INCRBYFLOAT f 0.2");
    db.run("INCR n");
    db.run("EXPIRE a 20");
    expect(db.effects()).toEqual([
      `SET a v PXAT ${someTimeMs + 10_000}`,
      `SET b v PXAT ${someTimeMs + 10}`,
      `PEXPIREAT b ${someTimeMs + 5_000}`,
      "SET f 0.1",
      "SET f 0.3",
      "SET n 1",
      `PEXPIREAT a ${someTimeMs + 20_000}`,
    ]);
  });

  test("what changes nothing replicates nothing", () => {
    db.run("SET k v");
    db.effects();
    db.run("SET k w NX");
    db.run("MSETNX j 1 k 2");
    db.run("GETEX k");
    db.run("GETEX k PERSIST");
    db.run("PERSIST k");
    db.run("APPEND", "k", "");
    db.run("SETRANGE", "k", "5", "");
    db.run("DEL j");
    db.run("RENAME k k");
    expect(db.effects()).toEqual([]);
  });

  test("trap-34 reading an expired key replicates its deletion, a follower only hides it", () => {
    db.run("SET k v PX 10");
    db.effects();
    db.nowMs += 10;
    expect(db.run("GET k")).toBe("$1 v");
    db.nowMs += 1;
    expect(db.observe("GET k")).toBe("$-1");
    expect(db.effects()).toEqual([]);
    expect(db.run("EXISTS k")).toBe(":0");
    expect(db.effects()).toEqual(["DEL k"]);
  });
});

describe("reading", () => {
  test("GETDEL takes the key away, GETSET its deadline", () => {
    db.run("SET k v EX 10");
    expect(db.run("GETSET k w")).toBe("$1 v");
    expect(db.run("TTL k")).toBe(":-1");
    expect(db.run("GETDEL k")).toBe("$1 w");
    expect(db.run("GETDEL k")).toBe("$-1");
    expect(db.run("GETSET k v")).toBe("$-1");
  });

  test("GETEX sets, keeps and removes the deadline; a past one deletes", () => {
    db.run("SET k v");
    expect(db.run("GETEX k EX 10")).toBe("$1 v");
    expect(db.run("GETEX k")).toBe("$1 v");
    expect(db.run("TTL k")).toBe(":10");
    expect(db.run("GETEX k PERSIST")).toBe("$1 v");
    expect(db.run("TTL k")).toBe(":-1");
    expect(db.run("GETEX k KEEPTTL")).toBe("-ERR syntax error");
    expect(db.run("GETEX k EX 0")).toBe("-ERR invalid expire time in 'getex' command");
    expect(db.run("GETEX k PXAT 1")).toBe("$1 v");
    expect(db.run("EXISTS k")).toBe(":0");
  });

  test("a null is RESP3's own", () => {
    db.protocol = 3;
    expect(db.run("GET k")).toBe("_");
    expect(db.run("MGET k k")).toBe("*2 _ _");
  });

  test("GETRANGE counts from both ends and clips", () => {
    db.run("SET", "k", "hello world");
    expect(db.run("GETRANGE k 0 4")).toBe("$5 hello");
    expect(db.run("GETRANGE k -5 -1")).toBe("$5 world");
    expect(db.run("GETRANGE k 6 1000")).toBe("$5 world");
    expect(db.run("GETRANGE k -1000 -11")).toBe("$1 h");
    expect(db.run("GETRANGE k 5 4")).toBe("$0");
    expect(db.run("GETRANGE k -1000 -2000")).toBe("$0");
    expect(db.run("GETRANGE none 0 -1")).toBe("$0");
  });

  test("GETRANGE of a large value is a part of its bytes", () => {
    db.run("SET", "k", "x".repeat(5_000));
    db.run("SETRANGE k 4998 yz");
    expect(db.run("GETRANGE k 4996 -1")).toBe("$4 xxyz");
    expect(db.run("STRLEN k")).toBe(":5000");
  });
});

describe("writing parts", () => {
  test("APPEND creates, extends and keeps the deadline", () => {
    expect(db.run("APPEND k ab")).toBe(":2");
    db.run("EXPIRE k 10");
    expect(db.run("APPEND k cd")).toBe(":4");
    expect(db.run("GET k")).toBe("$4 abcd");
    expect(db.run("TTL k")).toBe(":10");
  });

  test("SETRANGE pads with zero bytes and refuses what would be too long", () => {
    expect(db.run("SETRANGE k 2 ab")).toBe(":4");
    expect(db.run("GET k")).toBe("$4 \0\0ab");
    expect(db.run("SETRANGE k -1 ab")).toBe("-ERR offset is out of range");
    const tooLong = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    expect(db.run("SETRANGE k 67108863 ab")).toBe(tooLong);
    expect(db.run("SETRANGE k 536870911 x")).toBe(tooLong);
    expect(db.run("SETRANGE k 9223372036854775807 ab")).toBe(tooLong);
    expect(db.run("SETRANGE", "none", "5", "")).toBe(":0");
    expect(db.run("EXISTS none")).toBe(":0");
  });

  test("MSET is all pairs, MSETNX all or none", () => {
    expect(db.run("MSET a 1 b 2 a 3")).toBe("+OK");
    expect(db.run("MGET a b c")).toBe("*3 $1 3 $1 2 $-1");
    expect(db.run("MSETNX c 1 a 9")).toBe(":0");
    expect(db.run("MSETNX c 1 c 2")).toBe(":1");
    expect(db.run("GET c")).toBe("$1 2");
    expect(db.run("MSET a 1 b")).toBe("-ERR wrong number of arguments for 'mset' command");
  });
});

describe("counters", () => {
  test("are exact over the whole 64 bits and refuse to leave them", () => {
    db.run("SET n 9007199254740991");
    expect(db.run("INCR n")).toBe(":9007199254740992");
    expect(db.run("INCRBY n 9214364837600034815")).toBe(":9223372036854775807");
    expect(db.run("INCR n")).toBe("-ERR increment or decrement would overflow");
    expect(db.run("DECRBY n 1")).toBe(":9223372036854775806");
    expect(db.run("DECRBY n -9223372036854775808")).toBe("-ERR decrement would overflow");
    db.run("SET n -9223372036854775808");
    expect(db.run("DECR n")).toBe("-ERR increment or decrement would overflow");
    expect(db.run("GET n")).toBe("$20 -9223372036854775808");
  });

  test("keep the deadline and take only canonical integers", () => {
    db.run("SET n 1 EX 10");
    expect(db.run("INCR n")).toBe(":2");
    expect(db.run("TTL n")).toBe(":10");
    for (const text of ["", " 1", "01", "+1", "-0", "1.0", "9223372036854775808"]) {
      db.run("SET", "n", text);
      expect(db.run("INCR n"), text).toBe("-ERR value is not an integer or out of range");
    }
  });

  test("INCRBYFLOAT adds as a long double and never in exponents", () => {
    expect(db.run("INCRBYFLOAT f 10.50")).toBe("$4 10.5");
    expect(db.run("INCRBYFLOAT f 0.1")).toBe("$4 10.6");
    expect(db.run("INCRBYFLOAT f -5.0e3")).toBe("$23 -4989.39999999999999991");
    db.run("SET f 5.0e3");
    expect(db.run("INCRBYFLOAT f 2.0e2")).toBe("$4 5200");
    db.run("SET f 0");
    expect(db.run("INCRBYFLOAT f -1e-30")).toBe("$1 0");
    expect(db.run("INCRBYFLOAT f inf")).toBe("-ERR increment would produce NaN or Infinity");
    expect(db.run("INCRBYFLOAT f nan")).toBe("-ERR value is not a valid float");
    db.run("SET f x");
    expect(db.run("INCRBYFLOAT f 1")).toBe("-ERR value is not a valid float");
  });
});
