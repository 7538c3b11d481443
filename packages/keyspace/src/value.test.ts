import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Blob } from "./blob.js";
import { BLOB_BYTES_MIN, BLOB_PATCHED_BYTES_MIN, BLOB_PIECE_BYTES } from "./constants.js";
import {
  appendedString,
  keptString,
  patchedString,
  stringBytes,
  stringLength,
  stringToLatin1,
} from "./value.js";

const size = fc.oneof(
  fc.nat(40),
  fc.integer({ min: BLOB_BYTES_MIN - 30, max: BLOB_BYTES_MIN + 30 }),
);
const bytes = size.chain((length) =>
  fc
    .nat(255)
    .map((first) => Buffer.from(Uint8Array.from({ length }, (_, i) => (first + i * 7) & 0xff))),
);

function expectValue(value: string | Blob, expected: Buffer): void {
  expect(typeof value === "string").toBe(expected.length < BLOB_BYTES_MIN);
  expect(stringLength(value)).toBe(expected.length);
  expect(expected.equals(stringBytes(value))).toBe(true);
  expect(stringToLatin1(value) === expected.toString("latin1")).toBe(true);
}

describe("string values", () => {
  test("keep, append and patch do what bytes do; the form follows from the length", () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(1100), fc.boolean(), (old, change, offset, asText) => {
        const value = keptString(asText ? old.toString("latin1") : old);
        expectValue(value, old);
        expectValue(appendedString(value, change), Buffer.concat([old, change]));
        const patched = Buffer.alloc(Math.max(old.length, offset + change.length));
        patched.set(old);
        patched.set(change, offset);
        expectValue(patchedString(value, offset, change), patched);
        expectValue(value, old);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("kept bytes are a copy", () => {
    for (const length of [10, 5000]) {
      const source = Buffer.alloc(length, 1);
      const value = keptString(source);
      source.fill(2);
      expect(stringBytes(value)[0]).toBe(1);
    }
  });
});

describe("blob", () => {
  test("appends in place keep every earlier handle as it was", () => {
    const handles = [Blob.copyOf(Buffer.alloc(2000, 1))];
    for (let i = 0; i < 200; i++) {
      handles.push(handles[i]!.append(Buffer.alloc(10, i)));
    }
    handles.forEach((handle, i) => {
      expect(handle.length).toBe(2000 + 10 * i);
      expect(handle.bytes().at(-1)).toBe(i === 0 ? 1 : i - 1);
    });
  });

  test("a handle that is not the longest copies before it appends", () => {
    const base = Blob.copyOf(Buffer.alloc(2000, 1)).append(Buffer.from("x"));
    const first = base.append(Buffer.from("first"));
    const second = base.append(Buffer.from("other"));
    expect(base.bytesBeside(first)).toBe(0);
    expect(base.bytesBeside(second)).toBe(base.capacity);
    expect(Buffer.from(first.bytes()).subarray(2001).toString()).toBe("first");
    expect(Buffer.from(second.bytes()).subarray(2001).toString()).toBe("other");
  });

  test("small appends to a large value move it a logarithmic number of times", () => {
    let blob = Blob.copyOf(Buffer.alloc(4096));
    let moves = 0;
    for (let i = 0; i < 20_000; i++) {
      const next = blob.append(Buffer.from("0123456789"));
      moves += blob.bytesBeside(next) === 0 ? 0 : 1;
      blob = next;
    }
    expect(blob.length).toBe(204_096);
    expect(moves).toBeLessThan(15);
  });

  test("patches and appends of a large value do what bytes do, and leave every earlier handle as it was", () => {
    const place = fc.oneof(
      fc.nat(BLOB_PATCHED_BYTES_MIN + BLOB_PIECE_BYTES),
      fc.integer({ min: 0, max: 5 }).map((piece) => piece * BLOB_PIECE_BYTES),
    );
    const step = fc.record({
      place,
      length: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.nat(3 * BLOB_PIECE_BYTES)),
      act: fc.constantFrom("patch", "append", "read"),
      onEarlier: fc.nat(30),
    });
    const extra = fc.oneof(fc.nat(100), fc.constantFrom(50, BLOB_PIECE_BYTES));
    fc.assert(
      fc.property(extra, fc.array(step, { maxLength: 12 }), (extra, steps) => {
        const first = Buffer.alloc(BLOB_PATCHED_BYTES_MIN - 50 + extra, "abcdefg");
        const handles = [{ blob: Blob.copyOf(first), bytes: first }];
        steps.forEach(({ place, length, act, onEarlier }, i) => {
          const { blob, bytes } = handles[Math.max(0, handles.length - 1 - (onEarlier % 3))]!;
          const change = Buffer.alloc(length, i + 1);
          if (act === "read") {
            const from = Math.min(place, bytes.length);
            const end = Math.min(from + length, bytes.length);
            expect(bytes.subarray(from, end).equals(blob.slice(from, end))).toBe(true);
            if (onEarlier % 2 === 0) blob.bytes();
            return;
          }
          const offset = act === "append" ? bytes.length : place;
          const next = Buffer.alloc(Math.max(bytes.length, offset + length));
          next.set(bytes);
          next.set(change, offset);
          const changed =
            act === "append" ? blob.append(change) : patchedString(blob, offset, change);
          handles.push({ blob: changed as Blob, bytes: next });
        });
        for (const { blob, bytes } of handles) {
          const { capacity } = blob;
          expect(blob.length).toBe(bytes.length);
          expect(capacity).toBeGreaterThanOrEqual(blob.length);
          expect(capacity).toBeLessThanOrEqual(3 * blob.length);
          expect(bytes.equals(blob.slice(0, blob.length))).toBe(true);
          expect(bytes.equals(blob.bytes())).toBe(true);
          expect(blob.capacity).toBe(capacity);
        }
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  test("a patch of a large value copies a piece of it, and its undo record keeps no more", () => {
    const before = Blob.copyOf(Buffer.alloc(100 * BLOB_PIECE_BYTES));
    const once = before.patch(3 * BLOB_PIECE_BYTES + 5, Buffer.from("patch"));
    expect(before.bytesBeside(once)).toBe(0);
    expect(once.capacity).toBe(101 * BLOB_PIECE_BYTES);
    const twice = once.patch(4 * BLOB_PIECE_BYTES - 2, Buffer.from("patch"));
    expect(once.bytesBeside(twice)).toBe(BLOB_PIECE_BYTES);
    expect(twice.capacity).toBe(102 * BLOB_PIECE_BYTES);
  });

  test("a large value that is patched and read whole in turn keeps its bytes, and costs what it holds", () => {
    const bytes = Buffer.alloc(BLOB_PATCHED_BYTES_MIN, "abcdefg");
    let blob = Blob.copyOf(bytes);
    for (let i = 0; i < 3 * (bytes.length / BLOB_PIECE_BYTES); i++) {
      const change = Buffer.from(`patch ${i}`);
      blob = blob.patch(1000, change);
      bytes.set(change, 1000);
      expect(blob.capacity).toBe(bytes.length + BLOB_PIECE_BYTES);
      expect(bytes.equals(blob.slice(0, blob.length))).toBe(true);
      expect(bytes.equals(blob.bytes())).toBe(true);
    }
  });

  test("small writes behind a value's end move it a logarithmic number of times", () => {
    let blob = Blob.copyOf(Buffer.alloc(4096));
    let moves = 0;
    for (let i = 0; i < 20_000; i++) {
      const next = patchedString(blob, blob.length + 3, Buffer.from("0123456")) as Blob;
      moves += blob.bytesBeside(next) === 0 ? 0 : 1;
      blob = next;
    }
    expect(blob.length).toBe(204_096);
    expect(moves).toBeLessThan(15);
  });
});
