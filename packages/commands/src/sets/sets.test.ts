import { beforeEach, describe, expect, test } from "vitest";
import { RANDOM_REPEATS_MAX } from "../constants.js";
import { Harness, someTimeMs } from "../testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

describe("effects of sets", () => {
  test("only members that come or go are told", () => {
    expect(redis.run("SADD s a b a")).toBe(":2");
    expect(redis.run("SADD s b c")).toBe(":1");
    expect(redis.run("SREM s nosuch a a")).toBe(":1");
    expect(redis.effects()).toEqual(["SADD s a b", "SADD s c", "SREM s a"]);
  });

  test("the last member takes the key with it", () => {
    redis.run("SADD s a b");
    redis.run("SADD t c");
    redis.effects();
    redis.run("SREM s b a");
    redis.run("SMOVE t s c");
    redis.run("SPOP s 5");
    expect(redis.effects()).toEqual(["DEL s", "DEL t", "SADD s c", "DEL s"]);
  });

  test("a popped member was chosen here: followers only remove it", () => {
    redis.run("SADD s a b c");
    redis.effects();
    const member = redis.runLines("SPOP s")[1];
    expect(redis.effects()).toEqual([`SREM s ${member}`]);
    const others = redis.runLines("SPOP s 1").slice(2);
    expect(redis.effects()).toEqual([`SREM s ${others.join(" ")}`]);
  });

  test("what changes nothing leaves no effect", () => {
    redis.run("SADD s a");
    redis.run("SET string v");
    redis.effects();
    redis.run("SADD s a");
    redis.run("SREM s nosuch");
    redis.run("SREM nosuch a");
    redis.run("SPOP s 0");
    redis.run("SPOP nosuch");
    redis.run("SMOVE s s a");
    redis.run("SMOVE s string a");
    redis.run("SMOVE s other nosuch");
    redis.run("SINTERSTORE dest s nosuch");
    redis.run("SUNIONSTORE dest s string");
    expect(redis.effects()).toEqual([]);
  });

  test("SMOVE to where the member is already only removes it", () => {
    redis.run("SADD s a b");
    redis.run("SADD t a");
    redis.effects();
    expect(redis.run("SMOVE s t a")).toBe(":1");
    expect(redis.effects()).toEqual(["SREM s a"]);
  });

  test("trap-34 SMOVE deletes an expired destination, also when there is nothing to move", () => {
    redis.run("SADD t a");
    redis.run(`PEXPIREAT t ${someTimeMs + 10}`);
    redis.effects();
    redis.nowMs += 11;
    expect(redis.run("SMOVE nosuch t a")).toBe(":0");
    expect(redis.effects()).toEqual(["DEL t"]);
  });
});

describe("SINTERSTORE, SUNIONSTORE, SDIFFSTORE", () => {
  test("replace whatever the destination was, its deadline too", () => {
    redis.run("SADD s a b");
    redis.run(`SET dest v PXAT ${someTimeMs + 1000}`);
    redis.effects();
    expect(redis.run("SUNIONSTORE dest s")).toBe(":2");
    expect(redis.run("TTL dest")).toBe(":-1");
    expect(redis.effects()).toEqual(["DEL dest", "SADD dest a b"]);
    expect(redis.run("SDIFFSTORE dest s s")).toBe(":0");
    expect(redis.effects()).toEqual(["DEL dest"]);
  });

  test("the destination may be among the sources", () => {
    redis.run("SADD s a b");
    redis.run("SADD t b c");
    expect(redis.run("SDIFFSTORE s s t")).toBe(":1");
    expect(redis.run("SMEMBERS s")).toBe("*1 $1 a");
    expect(redis.run("SUNIONSTORE t s t s")).toBe(":3");
    expect(redis.run("SINTERSTORE t t t s")).toBe(":1");
    expect(redis.run("SMEMBERS t")).toBe("*1 $1 a");
  });
});

describe("SRANDMEMBER", () => {
  test("Differs from Redis: more repetitions than anybody wants are out of range", () => {
    redis.run("SADD s a");
    const most = redis.runLines(`SRANDMEMBER s -${RANDOM_REPEATS_MAX}`);
    expect(most).toHaveLength(1 + 2 * RANDOM_REPEATS_MAX);
    for (const count of [RANDOM_REPEATS_MAX + 1, 4e15, "9223372036854775807"]) {
      expect(redis.run(`SRANDMEMBER s -${count}`)).toBe("-ERR value is out of range");
      expect(redis.run(`SRANDMEMBER nosuch -${count}`)).toBe("*0");
    }
  });
});
