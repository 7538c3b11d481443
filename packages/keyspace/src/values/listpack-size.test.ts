import { expect, test } from "vitest";
import { keptString } from "../value.js";
import { listpackEntryBytes } from "./listpack-size.js";

test.each([
  ["0", 2],
  ["127", 2],
  ["128", 3],
  ["-1", 3],
  ["4095", 3],
  ["-4096", 3],
  ["4096", 4],
  ["-4097", 4],
  ["32767", 4],
  ["-32768", 4],
  ["32768", 5],
  ["-32769", 5],
  ["8388607", 5],
  ["-8388608", 5],
  ["8388608", 6],
  ["-8388609", 6],
  ["2147483647", 6],
  ["-2147483648", 6],
  ["2147483648", 10],
  ["-2147483649", 10],
  ["9223372036854775807", 10],
  ["-9223372036854775808", 10],
])("the integer %s takes %i bytes", (text, bytes) => {
  expect(listpackEntryBytes(text)).toBe(bytes);
});

test.each([
  ["", 2],
  ["-", 3],
  ["-0", 4],
  ["00", 4],
  ["01", 4],
  ["+1", 4],
  ["1 ", 4],
  ["1.5", 5],
  ["1e3", 5],
  ["9223372036854775808", 21],
  ["-9223372036854775809", 22],
  ["18446744073709551615", 22],
  ["123456789012345678901", 23],
])("the text %j, which is no 64-bit integer, takes %i bytes", (text, bytes) => {
  expect(listpackEntryBytes(text)).toBe(bytes);
});

test.each([
  [63, 65],
  [64, 67],
  [125, 128],
  [126, 130],
  [1023, 1027],
  [4095, 4099],
  [4096, 4103],
  [16_377, 16_384],
  [16_378, 16_386],
])("a text of %i bytes takes %i bytes", (length, bytes) => {
  expect(listpackEntryBytes(keptString("x".repeat(length)))).toBe(bytes);
});
