import { expect, test } from "vitest";
import { crc64 } from "./crc64.js";
import { unpackLzf } from "./lzf.js";

test("the checksum is Jones's CRC-64", () => {
  const { low, high } = crc64(Buffer.from("123456789"), 9);
  expect([high, low]).toEqual([0xe9c6d914, 0xc4b8d9ca]);
});

test("LZF copies overlap what they make, and make neither more nor less than was said", () => {
  const packed = Buffer.of(0, 0x61, 0xe0, 0, 0);
  expect(unpackLzf(packed, 10)?.toString()).toBe("a".repeat(10));
  expect(unpackLzf(packed, 9)).toBeNull();
  expect(unpackLzf(packed, 11)).toBeNull();
  expect(unpackLzf(packed, 2 ** 40)).toBeNull();
});
