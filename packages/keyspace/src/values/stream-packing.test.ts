import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamId } from "./stream-id.js";
import {
  idAt,
  idHead,
  idWidth,
  isBelow,
  isTextAt,
  lengthAt,
  lengthWidth,
  lengthWidthAt,
  sharedMsBytes,
  textAt,
  textBytes,
  textEnd,
  writeId,
  writeLength,
  writeText,
} from "./stream-packing.js";

const byte = fc.constantFrom(0, 0, 0, 1, 2, 127, 128, 255);
const anyId = fc
  .array(byte, { minLength: 16, maxLength: 16 })
  .map((bytes) => String.fromCharCode(...bytes));

describe("packing", () => {
  test("a length is read back, and takes 1, 3 or 5 bytes", () => {
    const bytes = Buffer.alloc(8, 0xaa);
    for (const length of [0, 1, 253, 254, 255, 256, 65_535, 65_536, 2 ** 30, 2 ** 32 - 1]) {
      const width = length < 254 ? 1 : length < 65_536 ? 3 : 5;
      expect(lengthWidth(length)).toBe(width);
      expect(writeLength(bytes, 2, length)).toBe(2 + width);
      expect(lengthWidthAt(bytes, 2)).toBe(width);
      expect(lengthAt(bytes, 2)).toBe(length);
    }
  });

  test("a text is read back, and is known without being read", () => {
    const length = fc.oneof(
      fc.nat(40),
      fc.constantFrom(253, 254, 255, 300, 65_535, 65_536, 70_000),
    );
    fc.assert(
      fc.property(length, fc.nat(255), fc.nat(5), (size, fill, from) => {
        const text = String.fromCharCode(fill).repeat(size);
        const bytes = Buffer.alloc(from + textBytes(text));
        expect(writeText(bytes, from, text)).toBe(bytes.length);
        expect(textEnd(bytes, from)).toBe(bytes.length);
        expect(textAt(bytes, from)).toBe(text);
        expect(isTextAt(bytes, from, text)).toBe(true);
        expect(isTextAt(bytes, from, `${text}x`)).toBe(false);
        if (size > 0) {
          const other = String.fromCharCode((fill + 1) % 256);
          expect(isTextAt(bytes, from, text.slice(1) + other)).toBe(false);
        }
      }),
    );
  });

  test("an id is read back and compared against its base", () => {
    fc.assert(
      fc.property(fc.array(anyId, { minLength: 3, maxLength: 3 }), (ids) => {
        const [base, one, other] = ids.sort() as [StreamId, StreamId, StreamId];
        for (const [packed, wanted] of [
          [one, other],
          [other, one],
          [one, one],
          [base, one],
          [one, base],
        ] as const) {
          const bytes = Buffer.alloc(20, 0xee);
          const end = writeId(bytes, 1, base, packed);
          expect(end).toBe(1 + idWidth(idHead(base, packed)));
          expect(idAt(bytes, 1, base)).toBe(packed);
          expect(isBelow(bytes, 1, wanted, sharedMsBytes(base, wanted))).toBe(packed < wanted);
        }
      }),
      { seed: 41, numRuns: 2000 },
    );
  });
});
