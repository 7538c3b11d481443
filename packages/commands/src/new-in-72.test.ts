/** What Redis 7.2 changed for the commands that are here, by its documentation; the rest is in the families' tests. */

import { beforeEach, expect, test } from "vitest";
import { Harness, someTimeMs } from "./testing/harness.js";

let redis: Harness;

beforeEach(() => {
  redis = new Harness();
});

function encoding(key: string): string {
  return redis.run(`OBJECT ENCODING ${key}`).split(" ").at(-1)!;
}

function words(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`).join(" ");
}

test("a set of few short members is a listpack, not a hashtable", () => {
  redis.run(`SADD s ${words("m", 128)}`);
  expect(encoding("s")).toBe("listpack");
  redis.run("SADD s more");
  expect(encoding("s")).toBe("hashtable");
  redis.run(`SADD long ${"m".repeat(64)}`);
  expect(encoding("long")).toBe("listpack");
  redis.run(`SADD long ${"m".repeat(65)}`);
  expect(encoding("long")).toBe("hashtable");
});

test("an intset with another member is a listpack while it is small, and a large one never", () => {
  redis.run(`SADD few ${words("", 127)}`);
  expect(encoding("few")).toBe("intset");
  redis.run("SADD few word");
  expect(encoding("few")).toBe("listpack");
  redis.run(`SADD many ${words("", 512)}`);
  expect(encoding("many")).toBe("intset");
  redis.run("SADD many 512");
  expect(encoding("many")).toBe("hashtable");
  redis.run(`SADD mixed ${words("", 128)} word`);
  expect(encoding("mixed")).toBe("hashtable");
});

test("Differs from Redis: an encoding is raised by what is added, not by the number of arguments", () => {
  redis.run(`SADD s ${"m ".repeat(200).trim()}`);
  redis.run(`ZADD z ${"1 m ".repeat(200).trim()}`);
  expect([encoding("s"), encoding("z")]).toEqual(["listpack", "listpack"]);
});

test("a consumer is made by asking, with the time it was seen, and is active when it gets something", () => {
  redis.run("XADD s 1-1 f v");
  redis.run("XGROUP CREATE s g $");
  redis.run("XREADGROUP GROUP g reader STREAMS s >");
  redis.run("XCLAIM s g claimer 0 9-9");
  redis.run("XAUTOCLAIM s g automatic 0 0");
  const names = ["automatic", "claimer", "reader"];
  const times = (active: number) => `$9 seen-time :${someTimeMs} $11 active-time :${active}`;
  const full = redis.run("XINFO STREAM s FULL");
  for (const name of names) {
    expect(full).toContain(`$4 name $${name.length} ${name} ${times(-1)}`);
    expect(redis.run("XINFO CONSUMERS s g")).toMatch(new RegExp(`${name} .*?inactive :-1`));
  }
  redis.run("XADD s 2-1 f v");
  redis.run("XREADGROUP GROUP g reader STREAMS s >");
  expect(redis.run("XINFO STREAM s FULL")).toContain(`$6 reader ${times(someTimeMs)}`);
});

test("COMMAND GETKEYS takes a command without arguments", () => {
  expect(redis.run("COMMAND GETKEYS PING")).toBe("-ERR The command has no key arguments");
});

test("the lowest rank of LPOS is refused by its range", () => {
  redis.run("RPUSH l a");
  expect(redis.run("LPOS l a RANK -9223372036854775808")).toMatch(/^-ERR value is out of range/);
});
