import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PACKED_PAGE_BYTES_MAX, PACKED_TEXT_BYTES_MAX } from "../constants.js";
import { type Columns, PackedElements } from "./packed-elements.js";

const name = fc.oneof(
  fc.nat(40).map((n) => `n${n}`),
  fc.nat(9).map((n) => `${"x".repeat(PACKED_TEXT_BYTES_MAX - 1)}${n}`),
  fc.constantFrom("", "\0", "\xff\x00\x01", "\x01a\x01b"),
);
const value = fc.oneof(
  fc.constantFrom("", "1", "\xff"),
  fc.nat(PACKED_TEXT_BYTES_MAX).map((length) => "v".repeat(length)),
);

describe("packed elements", () => {
  test("answer as a Map does, and their estimate depends on the content alone", () => {
    const operation = fc.record({ act: fc.constantFrom("set", "set", "delete"), name, value });
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 200 }),
        fc.constantFrom<Columns>(1, 2),
        (operations, columns) => {
          const packed = new PackedElements(columns);
          const model = new Map<string, string>();
          for (const { act, name, value } of operations) {
            const kept = columns === 1 ? "" : value;
            const old = model.get(name);
            if (act === "set") {
              model.set(name, kept);
              expect(packed.replace(name, kept)).toBe(old);
              if (old === undefined) {
                packed.insert(name, kept);
              }
            } else {
              model.delete(name);
              expect(packed.delete(name)).toBe(old);
            }
            expect(packed.get(name)).toBe(model.get(name));
            expect(packed.has(name)).toBe(model.has(name));
            expect(packed.size).toBe(model.size);
          }
          packed.check();
          const all: [string, string][] = [];
          packed.forEach((name, value) => {
            all.push([name, value]);
          });
          expect(new Map(all)).toEqual(model);
          expect(all.map((_, rank) => packed.nameAtRank(rank))).toEqual(all.map(([name]) => name));
          const again = new PackedElements(columns);
          for (const [name, value] of model) {
            again.insert(name, value);
          }
          expect(packed.memoryBytes).toBe(again.memoryBytes);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test("elements find their pages when values have grown", () => {
    const packed = new PackedElements(2);
    for (let i = 0; i < 100; i++) {
      packed.insert(`field${i}`, "");
    }
    const long = "v".repeat(PACKED_TEXT_BYTES_MAX);
    for (let i = 0; i < 100; i++) {
      expect(packed.replace(`field${i}`, long)).toBe("");
      packed.check();
    }
    expect(100 * PACKED_TEXT_BYTES_MAX).toBeGreaterThan(PACKED_PAGE_BYTES_MAX);
    expect(packed.get("field7")).toBe(long);
  });

  test("what a visitor does to other packed elements disturbs neither", () => {
    const source = new PackedElements(2);
    const target = new PackedElements(2);
    for (let i = 0; i < 60; i++) {
      source.insert(`a name of some length ${i}`, `a value of some length ${i}`);
    }
    source.forEach((name, value) => {
      target.insert(name, value);
      target.delete("last");
      target.insert("last", value);
    });
    expect(target.size).toBe(61);
    source.forEach((name, value) => {
      expect(target.get(name)).toBe(value);
    });
    target.check();
  });

  test("a clone and its origin change apart", () => {
    const packed = new PackedElements(2);
    packed.insert("a", "1");
    const copy = packed.clone();
    packed.replace("a", "2");
    copy.insert("b", "3");
    expect([packed.get("a"), packed.has("b"), copy.get("a"), copy.get("b")]).toEqual([
      "2",
      false,
      "1",
      "3",
    ]);
    packed.check();
    copy.check();
  });
});
