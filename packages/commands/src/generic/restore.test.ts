import { crc64 } from "@redoubt/keyspace";
import { expect, test } from "vitest";
import { Harness } from "../testing/harness.js";

function payload(...body: number[]): string {
  const bytes = Buffer.concat([Buffer.from(body), Buffer.from([11, 0]), Buffer.alloc(8)]);
  const { low, high } = crc64(bytes, bytes.length - 8);
  bytes.writeUInt32LE(low, bytes.length - 8);
  bytes.writeUInt32LE(high, bytes.length - 4);
  return bytes.toString("latin1");
}

test("a set packed as 7.2 packs it is restored", () => {
  const redis = new Harness();
  const listpack = [11, 0, 0, 0, 2, 0, 0x81, 0x61, 2, 7, 1, 255];
  listpack[0] = listpack.length;
  expect(redis.run("RESTORE", "k", "0", payload(20, listpack.length, ...listpack))).toBe("+OK");
  expect(redis.runLines("SMEMBERS k").sort()).toEqual(["$1", "$1", "*2", "7", "a"]);
});

test("a deadline that has passed deletes what was there, and a damaged payload changes nothing", () => {
  const redis = new Harness();
  redis.run("SET k old");
  redis.effects();
  const good = payload(0, 1, 0x78);
  expect(redis.run("RESTORE", "k", "0", payload(2, 0), "REPLACE")).toBe("-ERR Bad data format");
  expect(redis.effects()).toEqual([]);
  expect(redis.run("RESTORE", "k", "1", good, "REPLACE", "ABSTTL")).toBe("+OK");
  expect(redis.effects()).toEqual(["DEL k"]);
  expect(redis.run("EXISTS k")).toBe(":0");
});
