import { beforeEach, describe, expect, test } from "vitest";
import { RANDOM_REPEATS_BYTES_MAX, RANDOM_REPEATS_MAX } from "../constants.js";
import { Harness, someTimeMs } from "../testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

describe("effects of hashes", () => {
  test("one command is one effect, and a number leaves as its result", () => {
    expect(redis.run("HSET h a 1 b 2 a 3")).toBe(":2");
    expect(redis.run("HINCRBY h a 4")).toBe(":7");
    expect(redis.run("HINCRBYFLOAT h b 0.1")).toBe("$3 2.1");
    expect(redis.run("HDEL h a nosuch a")).toBe(":1");
    expect(redis.effects()).toEqual([
      "HSET h a 1 b 2 a 3",
      "HSET h a 7",
      "HSET h b 2.1",
      "HDEL h a",
    ]);
  });

  test("the last field takes the key and its deadline with it", () => {
    redis.run("HSET h a 1 b 2");
    redis.run(`PEXPIREAT h ${someTimeMs + 1000}`);
    redis.effects();
    expect(redis.run("HDEL h b a")).toBe(":2");
    expect(redis.effects()).toEqual(["DEL h"]);
    expect(redis.run("HSET h c 3")).toBe(":1");
    expect(redis.run("TTL h")).toBe(":-1");
  });

  test("what changes nothing leaves no effect", () => {
    redis.run("HSET h a word");
    redis.effects();
    redis.run("HSETNX h a 2");
    redis.run("HDEL h nosuch");
    redis.run("HDEL nosuch a");
    redis.run("HINCRBY h a 1");
    redis.run("HINCRBYFLOAT h a 1");
    redis.run("HINCRBYFLOAT new a inf");
    redis.run("HINCRBY new a 9223372036854775808");
    expect(redis.effects()).toEqual([]);
    expect(redis.run("EXISTS new")).toBe(":0");
  });

  test("trap-34 a write to an expired hash deletes it and begins anew", () => {
    redis.run("HSET h a 1 b 2");
    redis.run(`PEXPIREAT h ${someTimeMs + 10}`);
    redis.effects();
    redis.nowMs += 11;
    expect(redis.observe("HGETALL h")).toBe("*0");
    expect(redis.run("HINCRBY h a 1")).toBe(":1");
    expect(redis.effects()).toEqual(["DEL h", "HSET h a 1"]);
  });
});

describe("HRANDFIELD", () => {
  test("Differs from Redis: more repetitions than anybody wants are out of range", () => {
    redis.run("HSET h a 1");
    const most = redis.runLines(`HRANDFIELD h -${RANDOM_REPEATS_MAX}`);
    expect(most).toHaveLength(1 + 2 * RANDOM_REPEATS_MAX);
    for (const count of [RANDOM_REPEATS_MAX + 1, 4e15, "9223372036854775807"]) {
      expect(redis.run(`HRANDFIELD h -${count}`)).toBe("-ERR value is out of range");
      expect(redis.run(`HRANDFIELD nosuch -${count}`)).toBe("*0");
    }
  });

  test("Differs from Redis: so are repetitions of more bytes than a reply should have", () => {
    const value = "v".repeat(1_000_000);
    redis.run("HSET", "h", "f", value);
    const count = Math.ceil(RANDOM_REPEATS_BYTES_MAX / value.length) + 1;
    expect(redis.run(`HRANDFIELD h -${count} WITHVALUES`)).toBe("-ERR value is out of range");
    expect(redis.runLines(`HRANDFIELD h -${count}`)).toHaveLength(1 + 2 * count);
  });

  test("values may follow their fields, in pairs of their own in RESP3", () => {
    redis.run("HSET h a 1");
    expect(redis.run("HRANDFIELD h -2 WITHVALUES")).toBe("*4 $1 a $1 1 $1 a $1 1");
    redis.protocol = 3;
    expect(redis.run("HRANDFIELD h -2 WITHVALUES")).toBe("*2 *2 $1 a $1 1 *2 $1 a $1 1");
    expect(redis.run("HRANDFIELD nosuch 1 WITHVALUES")).toBe("*0");
  });
});

describe("HSCAN", () => {
  test("a missing key ends the scan before its options are looked at", () => {
    expect(redis.run("HSCAN nosuch 0 nosuch option")).toBe("*2 $1 0 *0");
    expect(redis.run("HSCAN nosuch cursor")).toBe("-ERR invalid cursor");
  });

  test("any cursor up to 2^64 is taken by a table", () => {
    const pairs = Array.from({ length: 600 }, (_, i) => [`f${i}`, "v"]).flat();
    redis.run("HSET", "h", ...pairs);
    for (const cursor of ["1", "9007199254740993", "18446744073709551615", "-1"]) {
      expect(redis.run(`HSCAN h ${cursor} COUNT 9223372036854775807`), cursor).toMatch(/^\*2 \$/);
    }
  });
});
