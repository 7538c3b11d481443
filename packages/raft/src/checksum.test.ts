import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c, entryChecksum } from "./checksum.js";
import { EntryKind } from "./types.js";

const ascii = (text: string) => new TextEncoder().encode(text);

/** The definition, bit by bit. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("crc32c", () => {
  test("gives the published check values", () => {
    expect(crc32c(ascii("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
    // RFC 3720, appendix B.4.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => 31 - at))).toBe(0x113fdb5c);
  });

  test("agrees with the definition, in one piece and in two", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      expect(crc32c(bytes)).toBe(slowCrc32c(bytes));
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    });
    fc.assert(property, { seed: 1 });
  });
});

test("reads words and bytes to the same sum, wherever the bytes lie in their buffer", () => {
  const property = fc.property(
    // Below and above the length from which on words are read.
    fc.oneof(
      fc.uint8Array({ minLength: 0, maxLength: 80 }),
      fc.uint8Array({ minLength: 240, maxLength: 400 }),
      // And around one and two pairs of runs.
      fc.uint8Array({ minLength: 1010, maxLength: 1050 }),
      fc.uint8Array({ minLength: 2030, maxLength: 2080 }),
    ),
    fc.nat(9),
    (bytes, offset) => {
      const buffer = new Uint8Array(offset + bytes.length + 3);
      buffer.set(bytes, offset);
      expect(crc32c(buffer.subarray(offset, offset + bytes.length))).toBe(slowCrc32c(bytes));
    },
  );
  fc.assert(property, { seed: 2 });
});

describe("entryChecksum", () => {
  const payload = ascii("payload");

  test("is frozen: the numbers are in every log on disk", () => {
    expect(entryChecksum(1, 1, EntryKind.configuration, 0, payload)).toBe(0x4fa1109d);
    expect(entryChecksum(2 ** 40 + 7, 2 ** 33 + 5, EntryKind.batch, 0xffffffff, payload)).toBe(
      0xc27cc7a0,
    );
  });

  test("depends on everything it covers", () => {
    const base = entryChecksum(5, 3, EntryKind.batch, 17, payload);
    expect(entryChecksum(6, 3, EntryKind.batch, 17, payload)).not.toBe(base);
    expect(entryChecksum(5 + 2 ** 32, 3, EntryKind.batch, 17, payload)).not.toBe(base);
    expect(entryChecksum(5, 4, EntryKind.batch, 17, payload)).not.toBe(base);
    expect(entryChecksum(5, 3 + 2 ** 32, EntryKind.batch, 17, payload)).not.toBe(base);
    expect(entryChecksum(5, 3, EntryKind.noop, 17, payload)).not.toBe(base);
    expect(entryChecksum(5, 3, EntryKind.batch, 18, payload)).not.toBe(base);
    expect(entryChecksum(5, 3, EntryKind.batch, 17, ascii("payloae"))).not.toBe(base);
  });
});
