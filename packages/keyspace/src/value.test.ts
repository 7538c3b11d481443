import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Blob } from "./blob.js";
import { BLOB_BYTES_MIN } from "./constants.js";
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
    expect(first.sharesStorage(base)).toBe(true);
    expect(second.sharesStorage(base)).toBe(false);
    expect(Buffer.from(first.bytes()).subarray(2001).toString()).toBe("first");
    expect(Buffer.from(second.bytes()).subarray(2001).toString()).toBe("other");
  });

  test("small appends to a large value move it a logarithmic number of times", () => {
    let blob = Blob.copyOf(Buffer.alloc(4096));
    let moves = 0;
    for (let i = 0; i < 20_000; i++) {
      const next = blob.append(Buffer.from("0123456789"));
      moves += next.sharesStorage(blob) ? 0 : 1;
      blob = next;
    }
    expect(blob.length).toBe(204_096);
    expect(moves).toBeLessThan(15);
  });
});
