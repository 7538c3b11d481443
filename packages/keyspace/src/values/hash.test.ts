import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOB_BYTES_MIN, HASH_LISTPACK_ENTRIES_MAX, PACKED_TEXT_BYTES_MAX } from "../constants.js";
import { keptString, type StringValue } from "../value.js";
import { Hash, type HashLimits } from "./hash.js";

const LOW_LIMITS: HashLimits = {
  listpackEntriesMax: 6,
  table: { undividedMax: 12, unitedMax: 5, segmentEntriesMax: 4 },
};
const LONG = "v".repeat(PACKED_TEXT_BYTES_MAX + 1);
const SHORT = "v".repeat(PACKED_TEXT_BYTES_MAX);
const BLOB = keptString("b".repeat(BLOB_BYTES_MIN));

const field = fc.oneof(
  { weight: 20, arbitrary: fc.nat(24).map((n) => `f${n}`) },
  { weight: 1, arbitrary: fc.constantFrom("", "\xff\0", LONG) },
);
const value = fc.oneof(
  { weight: 20, arbitrary: fc.nat(9).map(String) },
  { weight: 1, arbitrary: fc.constantFrom<StringValue>("", SHORT, LONG, BLOB) },
);
const operation = fc.record({ act: fc.constantFrom("set", "set", "delete"), field, value });
const operations = fc.array(operation, { maxLength: 80 });
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function contentOf(hash: Hash): Map<string, StringValue> {
  const content = new Map<string, StringValue>();
  hash.forEach((field, value) => {
    expect(content.has(field)).toBe(false);
    content.set(field, value);
  });
  return content;
}

/** Runs the operation; returns what takes it back. */
function run(hash: Hash, { act, field, value }: Operation): () => void {
  if (act === "set" && hash.raisesBy(field, value)) {
    const packed = hash.raise();
    hash.set(field, value);
    return () => hash.lower(packed);
  }
  const old = act === "set" ? hash.set(field, value) : hash.delete(field);
  return () => {
    if (old !== undefined) {
      hash.set(field, old);
    } else {
      hash.delete(field);
    }
  };
}

describe("hash", () => {
  test("answers as a Map does, and is a listpack until a limit is exceeded", () => {
    fc.assert(
      fc.property(operations, (operations) => {
        const hash = new Hash(LOW_LIMITS);
        const model = new Map<string, StringValue>();
        let isLarge = false;
        for (const { act, field, value } of operations) {
          const old = model.get(field);
          if (act === "set") {
            model.set(field, value);
            isLarge ||= Math.max(field.length, value.length) > PACKED_TEXT_BYTES_MAX;
            isLarge ||= model.size > LOW_LIMITS.listpackEntriesMax;
            expect(hash.set(field, value)).toBe(old);
          } else {
            model.delete(field);
            expect(hash.delete(field)).toBe(old);
          }
          expect(hash.get(field)).toBe(model.get(field));
          expect(hash.has(field)).toBe(model.has(field));
          expect(hash.size).toBe(model.size);
          expect(hash.encoding).toBe(isLarge ? "hashtable" : "listpack");
        }
        hash.check();
        expect(contentOf(hash)).toEqual(model);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  test("every mutation is taken back by its inverse: content, encoding and estimate", () => {
    fc.assert(
      fc.property(operations, operations, (before, after) => {
        const hash = new Hash(LOW_LIMITS);
        for (const operation of before) {
          run(hash, operation);
        }
        const content = contentOf(hash);
        const { encoding, memoryBytes } = hash;
        const inverses = after.map((operation) => run(hash, operation));
        for (const inverse of inverses.reverse()) {
          inverse();
        }
        hash.check();
        expect(contentOf(hash)).toEqual(content);
        expect(hash.encoding).toBe(encoding);
        expect(hash.memoryBytes).toBe(memoryBytes);
      }),
      { seed: 2, numRuns: 400 },
    );
  });

  test("has Redis's limits: 512 fields and 64 bytes are a listpack, one more of either is not", () => {
    const hash = new Hash();
    for (let i = 0; i < HASH_LISTPACK_ENTRIES_MAX; i++) {
      hash.set(`f${i}`, SHORT);
    }
    hash.set("f0", "again");
    expect(hash.encoding).toBe("listpack");
    hash.set("one more", "");
    expect(hash.encoding).toBe("hashtable");
    expect(hash.get("f0")).toBe("again");
    expect(hash.size).toBe(513);
    for (const [field, value] of [
      [LONG, ""],
      ["f", LONG],
      ["f", BLOB],
    ] as const) {
      const other = new Hash();
      other.set("f", "");
      expect(other.encoding).toBe("listpack");
      other.set(field, value);
      expect(other.encoding).toBe("hashtable");
      other.delete(field);
      expect(other.encoding).toBe("hashtable");
    }
  });

  test("a clone and its origin change apart", () => {
    fc.assert(
      fc.property(operations, operations, operations, (before, onOrigin, onCopy) => {
        const hash = new Hash(LOW_LIMITS);
        const alone = new Hash(LOW_LIMITS);
        for (const operation of before) {
          run(hash, operation);
          run(alone, operation);
        }
        const copy = hash.clone();
        expect([copy.encoding, copy.memoryBytes]).toEqual([hash.encoding, hash.memoryBytes]);
        for (const operation of onOrigin) {
          run(hash, operation);
        }
        for (const operation of onCopy) {
          run(copy, operation);
          run(alone, operation);
        }
        hash.check();
        copy.check();
        expect(contentOf(copy)).toEqual(contentOf(alone));
        expect([copy.encoding, copy.memoryBytes]).toEqual([alone.encoding, alone.memoryBytes]);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("a random field is every field's with the same probability, in every form", () => {
    for (const size of [1, 6, 10, 40]) {
      const hash = new Hash(LOW_LIMITS);
      for (let i = 0; i < size; i++) {
        hash.set(`f${i}`, "");
      }
      const seen = new Set<string>();
      for (let i = 0; i < size; i++) {
        seen.add(hash.randomField(() => (i + 0.5) / size)!);
      }
      expect(seen.size).toBe(size);
      const some: string[] = [];
      hash.randomFields(
        3,
        () => 0.5,
        (field) => some.push(field),
      );
      expect(new Set(some).size).toBe(Math.min(3, size));
      expect(some.length).toBe(Math.min(3, size));
    }
    expect(new Hash().randomField(() => 0)).toBeUndefined();
  });
});
