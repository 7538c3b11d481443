import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatStreamId,
  generatedSeqId,
  generatedStreamId,
  nextStreamId,
  parseStreamId,
  previousStreamId,
  STREAM_ID_BYTES,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamId,
  streamId,
  streamIdMs,
  streamIdOfBytes,
} from "./stream-id.js";

const U64 = 2n ** 64n;
const part = fc.oneof(
  fc.bigInt({ min: 0n, max: U64 - 1n }),
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: U64 - 3n, max: U64 - 1n }),
  fc
    .tuple(fc.constantFrom(8n, 16n, 31n, 32n, 53n, 63n), fc.bigInt({ min: -2n, max: 2n }))
    .map(([bits, off]) => 2n ** bits + off),
);

/** As one number: what ids are compared with. */
function number(id: StreamId): bigint {
  return BigInt(`0x${Buffer.from(id, "latin1").toString("hex")}`);
}

function id(ms: bigint, seq: bigint): StreamId {
  const parsed = parseStreamId(`${ms}-${seq}`, "first");
  expect(parsed).toBeDefined();
  return parsed!;
}

describe("a stream id", () => {
  test("is its two 64-bit numbers, exactly, whatever they are", () => {
    fc.assert(
      fc.property(part, part, (ms, seq) => {
        const parsed = id(ms, seq);
        expect(parsed).toHaveLength(STREAM_ID_BYTES);
        expect(number(parsed)).toBe(ms * U64 + seq);
        expect(formatStreamId(parsed)).toBe(`${ms}-${seq}`);
        expect(streamIdOfBytes(Buffer.from(parsed, "latin1"))).toBe(parsed);
        expect(streamIdMs(parsed)).toBe(Number(ms));
        if (ms < 2n ** 53n && seq < 2n ** 53n) {
          expect(streamId(Number(ms), Number(seq))).toBe(parsed);
        }
      }),
      { seed: 31, numRuns: 1000 },
    );
  });

  test("has the order of its numbers", () => {
    fc.assert(
      fc.property(part, part, part, part, (ms, seq, otherMs, otherSeq) => {
        const [one, other] = [id(ms, seq), id(otherMs, otherSeq)];
        expect(one < other).toBe(ms * U64 + seq < otherMs * U64 + otherSeq);
        expect(one === other).toBe(ms === otherMs && seq === otherSeq);
      }),
      { seed: 32, numRuns: 1000 },
    );
  });

  test("has neighbours, but for the ends", () => {
    fc.assert(
      fc.property(part, part, (ms, seq) => {
        const here = id(ms, seq);
        const next = nextStreamId(here);
        const previous = previousStreamId(here);
        expect(next === undefined ? undefined : number(next)).toBe(
          here === STREAM_ID_MAX ? undefined : number(here) + 1n,
        );
        expect(previous === undefined ? undefined : number(previous)).toBe(
          here === STREAM_ID_MIN ? undefined : number(here) - 1n,
        );
      }),
      { seed: 33, numRuns: 1000 },
    );
    expect(nextStreamId(STREAM_ID_MAX)).toBeUndefined();
    expect(previousStreamId(STREAM_ID_MIN)).toBeUndefined();
  });

  test.each([
    ["5", "5-0", "5-18446744073709551615"],
    ["5-3", "5-3", "5-3"],
    ["0-0", "0-0", "0-0"],
    ["007-+3", "7-3", "7-3"],
    [" 7-\t3", "7-3", "7-3"],
    ["18446744073709551615-18446744073709551615", ...Array(2).fill(formatStreamId(STREAM_ID_MAX))],
    ["1--0", "1-0", "1-0"],
    ["1--01", "1-18446744073709551615", "1-18446744073709551615"],
    ["1-9223372036854775808", "1-9223372036854775808", "1-9223372036854775808"],
    ["5-3\0x", "5-3", "5-3"],
    ["5\0-3", "5-0", "5-18446744073709551615"],
  ])("is read from %j as Redis reads it", (text, first, last) => {
    expect(formatStreamId(parseStreamId(text, "first")!)).toBe(first);
    expect(formatStreamId(parseStreamId(text, "last")!)).toBe(last);
  });

  test.each([
    "",
    "-",
    "+",
    "*",
    "$",
    "5-",
    "-5",
    "5-*",
    "5-3-1",
    "1--1",
    "a",
    "5 ",
    "5-3 ",
    "0x5",
    "1.5",
    "18446744073709551616",
    "1-18446744073709551616",
    "\0",
    "\xa05",
    "0".repeat(128),
  ])("is not read from %j", (text) => {
    expect(parseStreamId(text, "first")).toBeUndefined();
  });

  test("the clock gives the next one, and a clock that stands or goes back still does", () => {
    expect(generatedStreamId(STREAM_ID_MIN, 5)).toBe(streamId(5, 0));
    expect(generatedStreamId(streamId(5, 9), 6)).toBe(streamId(6, 0));
    expect(generatedStreamId(streamId(5, 9), 5)).toBe(streamId(5, 10));
    expect(generatedStreamId(streamId(5, 9), 4)).toBe(streamId(5, 10));
    expect(generatedStreamId(streamId(2 ** 32 + 1, 9), 2 ** 33)).toBe(streamId(2 ** 33, 0));
    expect(generatedStreamId(streamId(2 ** 33, 9), 2 ** 32 + 1)).toBe(streamId(2 ** 33, 10));
    expect(generatedStreamId(id(5n, U64 - 1n), 5)).toBe(streamId(6, 0));
    expect(generatedStreamId(STREAM_ID_MAX, 5)).toBeUndefined();
  });

  test("a millisecond gives its next sequence number, if it has one", () => {
    expect(generatedSeqId(STREAM_ID_MIN, streamId(0, 0))).toBe(streamId(0, 1));
    expect(generatedSeqId(streamId(5, 9), streamId(5, 0))).toBe(streamId(5, 10));
    expect(generatedSeqId(streamId(5, 9), streamId(6, 0))).toBe(streamId(6, 0));
    expect(generatedSeqId(streamId(5, 9), streamId(4, 0))).toBeUndefined();
    expect(generatedSeqId(id(5n, U64 - 1n), streamId(5, 0))).toBeUndefined();
    expect(generatedSeqId(STREAM_ID_MAX, id(U64 - 1n, 0n))).toBeUndefined();
  });

  test("is not made of parts that a number can't hold", () => {
    expect(() => streamId(2 ** 53, 0)).toThrow("milliseconds");
    expect(() => streamId(0, -1)).toThrow("sequence number");
  });
});
