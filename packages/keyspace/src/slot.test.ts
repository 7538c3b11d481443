import { expect, test } from "vitest";
import { keyShard, keySlot, slotShard } from "./slot.js";

test("a slot is CRC16 XMODEM of the key modulo 16384", () => {
  expect(keySlot("123456789")).toBe(0x31c3);
  expect(keySlot("foo")).toBe(12182);
  expect(keySlot("somekey")).toBe(11058);
  expect(keySlot("")).toBe(0);
});

test("only the first non-empty hash tag counts", () => {
  expect(keySlot("{user1000}.following")).toBe(keySlot("user1000"));
  expect(keySlot("foo{bar}{zap}")).toBe(keySlot("bar"));
  expect(keySlot("foo{{bar}}zap")).toBe(keySlot("{bar"));
  // An empty or unclosed tag: the whole key. Values of `CLUSTER KEYSLOT`, Redis 7.0.
  expect(keySlot("foo{}{bar}")).toBe(8363);
  expect(keySlot("foo{bar")).toBe(15278);
});

test("a key's shard is the shard of its slot", () => {
  for (let i = 0; i < 1000; i++) {
    expect(keyShard(`key:${i}`)).toBe(slotShard(keySlot(`key:${i}`)));
  }
});
