import { EntryKind } from "@redoubt/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PIECE_BYTES, WATERMARK_SLOT_BYTES } from "./constants.js";
import {
  decodeEntry,
  decodeEntryKey,
  decodeHardState,
  decodeMeta,
  encodeEntry,
  encodeHardState,
  encodeMeta,
  entryKey,
  HEADER_BYTES,
  payloadPiece,
  pieceCount,
} from "./records.js";
import { decodeSlot, encodeSlot } from "./watermark.js";

const natural = fc.maxSafeNat();
const word = fc.nat({ max: 0xffffffff });
const hardStates = fc.record({ sequence: natural, term: natural, vote: word });
const metas = fc.record({
  format: fc.constantFrom(1, 2),
  identityStamp: word,
  anchorIndex: natural,
  anchorTerm: natural,
  anchorChecksum: word,
  epoch: natural,
  epochLastIndex: natural,
  epochLastChecksum: word,
  revision: word,
});
const marks = fc.record({
  lastIndex: natural,
  lastChecksum: word,
  hardStateSequence: natural,
  term: natural,
  vote: word,
  epoch: natural,
  revision: natural,
});

describe("records", () => {
  test("what is on disk is frozen: format 1", () => {
    const kind = EntryKind.batch;
    const payload = Buffer.from("abc");
    const entry = { index: 7, term: 2 ** 33 + 5, kind, checksum: 0xdeadbeef, payload };
    const hex = {
      key: entryKey(2 ** 40 + 1, 2).toString("hex"),
      entry: encodeEntry(entry, 9).toString("hex"),
      hardState: encodeHardState({ sequence: 3, term: 4, vote: 5 }).toString("hex"),
      meta: encodeMeta({
        format: 1,
        identityStamp: 1,
        anchorIndex: 2,
        anchorTerm: 3,
        anchorChecksum: 4,
        epoch: 5,
        epochLastIndex: 6,
        epochLastChecksum: 7,
        revision: 8,
      }).toString("hex"),
      slot: encodeSlot(
        {
          lastIndex: 1,
          lastChecksum: 2,
          hardStateSequence: 3,
          term: 4,
          vote: 5,
          epoch: 6,
          revision: 8,
        },
        7,
      ).toString("hex"),
    };
    expect(hex).toMatchInlineSnapshot(`
      {
        "entry": "0100000002000000050000000000000009deadbeef000000033c002398616263",
        "hardState": "00000000000000030000000000000004000000053807b43d",
        "key": "65000001000000000100000002",
        "meta": "00000001000000010000000000000002000000000000000300000004000000000000000500000000000000060000000700000008a86f152d",
        "slot": "52574d31000000000000000700000000000000010000000200000000000000030000000000000004000000050000000000000006000000000000000850698712",
      }
    `);
  });

  test("a decoded record is what was encoded", () => {
    fc.assert(
      fc.property(hardStates, metas, marks, natural, (hardState, meta, mark, count) => {
        expect(decodeHardState(encodeHardState(hardState))).toEqual(hardState);
        expect(decodeMeta(encodeMeta(meta))).toEqual(meta);
        expect(decodeSlot(encodeSlot(mark, count))).toEqual({ mark, count });
        const used = Buffer.alloc(WATERMARK_SLOT_BYTES, 0xff);
        expect(encodeSlot(mark, count, used)).toEqual(encodeSlot(mark, count));
      }),
    );
  });

  test("trap-26 a record with any bit flipped is refused", () => {
    fc.assert(
      fc.property(hardStates, metas, marks, natural, fc.nat(), (hardState, meta, mark, n, bit) => {
        expect(decodeHardState(flipped(encodeHardState(hardState), bit))).toBeNull();
        expect(decodeMeta(flipped(encodeMeta(meta), bit))).toBeNull();
        expect(decodeSlot(flipped(encodeSlot(mark, n), bit))).toBeNull();
        const entry = { index: 1, term: n, kind: EntryKind.batch, checksum: 1, payload: flat(0) };
        expect(decodeEntry(flipped(encodeEntry(entry, n), bit))).toBeNull();
      }),
    );
  });

  test("an entry's record says its header and holds a short payload", () => {
    const payload = Buffer.from("payload");
    const entry = { index: 3, term: 4, kind: EntryKind.noop, checksum: 5, payload };
    const record = encodeEntry(entry, 6);
    expect(decodeEntry(record)).toEqual({
      kind: 0,
      term: 4,
      epoch: 6,
      checksum: 5,
      payloadBytes: 7,
    });
    expect(record.subarray(HEADER_BYTES)).toEqual(payload);
    expect(decodeEntry(record.subarray(0, record.length - 1))).toBeNull();
  });

  test("a long payload is in pieces that add up", () => {
    expect(pieceCount(PIECE_BYTES)).toBe(0);
    expect(pieceCount(PIECE_BYTES + 1)).toBe(2);
    expect(pieceCount(3 * PIECE_BYTES)).toBe(3);
    const payload = flat(2 * PIECE_BYTES + 1);
    const entry = { index: 1, term: 1, kind: EntryKind.batch, checksum: 1, payload };
    expect(encodeEntry(entry, 1).length).toBe(HEADER_BYTES);
    const lengths = [1, 2, 3].map((piece) => payloadPiece(payload, piece).length);
    expect(lengths).toEqual([PIECE_BYTES, PIECE_BYTES, 1]);
  });

  test("keys sort as their entries, pieces behind their header", () => {
    const positions = fc.tuple(natural, word);
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        const expected = Math.sign(a[0] - b[0]) || Math.sign(a[1] - b[1]);
        expect(Math.sign(entryKey(...a).compare(entryKey(...b)))).toBe(expected);
        expect(decodeEntryKey(entryKey(...a))).toEqual({ index: a[0], piece: a[1] });
      }),
    );
  });
});

function flat(bytes: number): Uint8Array {
  return new Uint8Array(bytes);
}

function flipped(record: Buffer, bit: number): Buffer {
  const at = bit % (record.length * 8);
  const byte = Math.floor(at / 8);
  record[byte] = record[byte]! ^ (1 << (at % 8));
  return record;
}
