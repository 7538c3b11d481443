import { beforeEach, describe, expect, test } from "vitest";
import { Harness, someTimeMs } from "../testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

describe("SORT", () => {
  test("STORE replaces what was there, with one list and no deadline", () => {
    redis.run("RPUSH l 3 1 2");
    redis.run(`SET d string PXAT ${someTimeMs + 1000}`);
    redis.effects();
    expect(redis.run("SORT l STORE d")).toBe(":3");
    expect(redis.effects()).toEqual(["DEL d", "RPUSH d 1 2 3"]);
    expect(redis.run("TTL d")).toBe(":-1");
    expect(redis.run("SORT l LIMIT 9 9 STORE d")).toBe(":0");
    expect(redis.effects()).toEqual(["DEL d"]);
    expect(redis.run("SORT nosuch STORE nosuch")).toBe(":0");
    expect(redis.effects()).toEqual([]);
  });

  test("the list may be stored in its own place, and missing GETs as empty strings", () => {
    redis.run("RPUSH l 3 1 2");
    redis.run("SET w2 two");
    expect(redis.run("SORT l GET # GET w* STORE l")).toBe(":6");
    expect(redis.run("LRANGE l 0 -1")).toBe("*6 $1 1 $0  $1 2 $3 two $1 3 $0");
  });

  test("a set that is not sorted is stored in the order of its bytes", () => {
    redis.run("SADD s c a b 10 9");
    expect(redis.run("SORT s BY nosort STORE d")).toBe(":5");
    expect(redis.run("LRANGE d 0 -1")).toBe("*5 $2 10 $1 9 $1 a $1 b $1 c");
    redis.run("SORT s BY nosort DESC LIMIT 0 2 STORE d");
    expect(redis.run("LRANGE d 0 -1")).toBe("*2 $1 c $1 b");
  });

  test("a weight or value that is expired is missing, and the leader deletes it", () => {
    redis.run("RPUSH l 1 2");
    redis.run(`SET w1 9 PXAT ${someTimeMs + 10}`);
    redis.run("SET w2 5");
    redis.effects();
    expect(redis.run("SORT l BY w* GET w*")).toBe("*2 $1 5 $1 9");
    redis.nowMs += 11;
    expect(redis.observe("SORT l BY w* GET w*")).toBe("*2 $-1 $1 5");
    expect(redis.effects()).toEqual([]);
    expect(redis.run("SORT_RO l BY w* GET w*")).toBe("*2 $-1 $1 5");
    expect(redis.effects()).toEqual(["DEL w1"]);
  });

  test("ALPHA compares bytes, a NUL and what is behind it too", () => {
    redis.run("RPUSH", "l", "\xe9", "e", "a\0b", "a\0a", "a");
    expect(redis.run("SORT l ALPHA")).toBe("*5 $1 a $3 a\0a $3 a\0b $1 e $1 \xe9");
  });

  test("large elements are sorted and stored like small ones", () => {
    const large = "x".repeat(2000);
    redis.run("RPUSH", "l", `${large}b`, "y", `${large}a`);
    expect(redis.run("SORT l ALPHA STORE d")).toBe(":3");
    expect(redis.run("LINDEX d 0")).toBe(`$2001 ${large}a`);
    expect(redis.run("LINDEX d 2")).toBe("$1 y");
  });

  test("GETs that give more than a node can hold are refused, and nothing is changed", () => {
    redis.run("RPUSH l 1 2");
    redis.run("SETRANGE w1 67108863 x");
    redis.effects();
    const gets = (count: number) => Array.from({ length: count }, () => "GET w*").join(" ");
    expect(redis.run(`SORT l ${gets(4)} STORE d`)).toMatch(
      /^-ERR the values that BY and GET ask for/,
    );
    expect(redis.run(`SORT_RO l BY nosort ${gets(4)}`)).toMatch(/^-ERR the values/);
    expect(redis.effects()).toEqual([]);
    redis.run("RPUSH same 1 1 1 1 1");
    expect(redis.run("SORT same BY w* ALPHA")).toMatch(/^-ERR the values/);
    expect(redis.run(`SORT l DESC LIMIT 0 1 ${gets(4)}`)).toBe("*4 $-1 $-1 $-1 $-1");
  });

  test("COMMAND GETKEYS finds the key of STORE among the options", () => {
    const keys = (line: string) => redis.run(`COMMAND GETKEYS ${line}`);
    expect(keys("SORT l")).toBe("*1 $1 l");
    expect(keys("SORT l BY store GET store LIMIT store store ALPHA store d")).toBe("*2 $1 l $1 d");
    expect(keys("SORT l STORE a STORE b")).toBe("*2 $1 l $1 b");
    expect(keys("SORT l STORE")).toBe("*1 $1 l");
    expect(keys("SORT_RO l STORE d")).toBe("*1 $1 l");
    expect(redis.run("COMMAND GETKEYSANDFLAGS SORT l STORE d")).toBe(
      "*2 *2 $1 l *2 +RO +access *2 $1 d *2 +OW +update",
    );
  });
});
