import { beforeEach, describe, expect, test } from "vitest";
import { Harness, someTimeMs } from "../testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

describe("effects of lists", () => {
  test("a command is the smallest change that has its result", () => {
    redis.run("RPUSH l a b c a d");
    redis.run("LPUSH l y x");
    redis.run("LPOP l 2");
    redis.run("RPOP l");
    redis.run("LSET l -1 z");
    redis.run("LINSERT l AFTER b n");
    redis.run("LREM l -5 a");
    redis.run("LTRIM l -3 -2");
    redis.run("LMPOP 2 nosuch l RIGHT COUNT 1");
    expect(redis.effects()).toEqual([
      "RPUSH l a b c a d",
      "LPUSH l y x",
      "LPOP l 2",
      "RPOP l 1",
      "LSET l 3 z",
      "LINSERT l AFTER b n",
      "LREM l -1 a",
      "LTRIM l 1 2",
      "RPOP l 1",
    ]);
    expect(redis.run("LRANGE l 0 -1")).toBe("*1 $1 n");
  });

  test("the last element takes the key and its deadline with it", () => {
    for (const line of ["LPOP l", "RPOP l 9", "LREM l 0 a", "LTRIM l 5 9", "LMOVE l m LEFT LEFT"]) {
      redis.run("RPUSH l a");
      redis.run(`PEXPIREAT l ${someTimeMs + 1000}`);
      redis.effects();
      redis.run(line);
      expect(redis.effects()[0], line).toBe("DEL l");
      redis.run("RPUSH l b");
      expect(redis.run("TTL l"), line).toBe(":-1");
      redis.run("DEL l m");
    }
  });

  test("an element moved to where it was leaves no effect, and its list keeps its deadline", () => {
    redis.run("RPUSH one a");
    redis.run(`PEXPIREAT one ${someTimeMs + 1000}`);
    redis.run("RPUSH two a b");
    redis.effects();
    expect(redis.run("RPOPLPUSH one one")).toBe("$1 a");
    expect(redis.run("LMOVE one one LEFT RIGHT")).toBe("$1 a");
    expect(redis.run("LMOVE two two LEFT LEFT")).toBe("$1 a");
    expect(redis.effects()).toEqual([]);
    expect(redis.run("PTTL one")).toBe(":1000");
    expect(redis.run("LMOVE two two LEFT RIGHT")).toBe("$1 a");
    expect(redis.effects()).toEqual(["LPOP two 1", "RPUSH two a"]);
  });

  test("who watches a list sees it written, though it is what it was", () => {
    for (const [key, line] of [
      ["one", "LMOVE one one LEFT RIGHT"],
      ["one", "RPOPLPUSH one one"],
      ["two", "LMOVE two two LEFT LEFT"],
      ["two", "LTRIM two 0 -1"],
    ] as const) {
      redis.run("DEL one two");
      redis.run("RPUSH one a");
      redis.run("RPUSH two a b");
      redis.effects();
      const version = redis.keyspace.watch(key);
      redis.run(line);
      expect(redis.keyspace.version(key)).toBeGreaterThan(version);
      expect(redis.effects()).toEqual([]);
      redis.keyspace.unwatch(key);
    }
  });

  test("what changes nothing leaves no effect", () => {
    redis.run("RPUSH l a b");
    redis.run("SET s string");
    redis.effects();
    for (const line of [
      "LPUSHX nosuch a",
      "LPOP nosuch",
      "LPOP l 0",
      "LREM l 0 nosuch",
      "LINSERT l BEFORE nosuch x",
      "LSET l 2 x",
      "LTRIM l 0 -1",
      "LTRIM nosuch 1 0",
      "LMPOP 1 nosuch LEFT",
      "LMOVE nosuch l LEFT LEFT",
      "LMOVE l s LEFT LEFT",
      "RPUSH s a",
    ]) {
      redis.run(line);
    }
    expect(redis.effects()).toEqual([]);
  });
});

test("a missing source of LMOVE is answered before a destination of another type is seen", () => {
  redis.run("SET s string");
  expect(redis.run("LMOVE nosuch s LEFT LEFT")).toBe("$-1");
  redis.run("RPUSH l a");
  expect(redis.run("LMOVE l s LEFT LEFT")).toMatch(/^-WRONGTYPE/);
});

test("LMPOP stops at a key of another type, even when a later one holds a list", () => {
  redis.run("SET s string");
  redis.run("RPUSH l a");
  expect(redis.run("LMPOP 3 nosuch s l LEFT")).toMatch(/^-WRONGTYPE/);
  expect(redis.run("LMPOP 3 nosuch l s LEFT")).toBe("*2 $1 l *1 $1 a");
});

test("LPOS refuses the rank that has no opposite", () => {
  redis.run("RPUSH l a");
  expect(redis.run("LPOS l a RANK -9223372036854775807")).toBe("$-1");
  expect(redis.run("LPOS l a RANK -9223372036854775808")).toBe(
    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
  );
});
