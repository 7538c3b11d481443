import { expect, test } from "vitest";
import { SHARD_COUNT, SHARD_SLOTS_MAX, SLOT_COUNT } from "./constants.js";
import { keyShard, keyShardOfBytes, keySlot, slotShard } from "./slot.js";

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

test("bytes are in the shard of their text, with a tag or without", () => {
  for (let i = 0; i < 500; i++) {
    for (const text of [`key:${i}`, `{${i}}a`, `b{${i}}c}`, `{}${i}`, `{${i}`, `\xff\0${i}`]) {
      const padded = Buffer.from(`{x}${text}}`, "latin1");
      expect(keyShardOfBytes(padded, 3, 3 + text.length)).toBe(keyShard(text));
    }
  }
});

function slotsOfShards(first: number, count: number): number[] {
  const slots = new Array<number>(SHARD_COUNT).fill(0);
  for (let slot = first; slot < first + count; slot++) slots[slotShard(slot)]!++;
  return slots;
}

test("shards have different shares of the slots, lest their Maps grow at once", () => {
  const slots = slotsOfShards(0, SLOT_COUNT);
  expect(Math.max(...slots)).toBe(SHARD_SLOTS_MAX);
  expect(Math.min(...slots)).toBeGreaterThan(SHARD_SLOTS_MAX / 2 - 1);
  const alike = new Map<number, number>();
  for (const each of slots) alike.set(each, (alike.get(each) ?? 0) + 1);
  expect(Math.max(...alike.values())).toBeLessThan(SHARD_COUNT / 20);
});

test("a third of the slots, in a row, is spread over all shards", () => {
  const slots = slotsOfShards(5461, 5461);
  expect(Math.min(...slots)).toBeGreaterThan(10);
  expect(Math.max(...slots)).toBeLessThan(40);
});
