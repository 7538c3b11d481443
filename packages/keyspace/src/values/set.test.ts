import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  PACKED_TEXT_BYTES_MAX,
  SET_INTSET_ENTRIES_MAX,
  SET_LISTPACK_ENTRIES_MAX,
} from "../constants.js";
import { MemberSet, type SetLimits } from "./set.js";

const LOW_LIMITS: SetLimits = {
  intsetEntriesMax: 8,
  listpackEntriesMax: 5,
  table: { undividedMax: 14, unitedMax: 6, segmentEntriesMax: 4 },
};
const LONG = "m".repeat(PACKED_TEXT_BYTES_MAX + 1);

const member = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -9, max: 9 }).map(String) },
  { weight: 3, arbitrary: fc.nat(9).map((n) => `m${n}`) },
  { weight: 1, arbitrary: fc.constantFrom("", "\xff\0", LONG, "01") },
);
const operation = fc.record({ act: fc.constantFrom("add", "add", "add", "delete", "pop"), member });
const operations = fc.array(operation, { maxLength: 80 });
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function contentOf(set: MemberSet): string[] {
  const content: string[] = [];
  set.forEach((member) => {
    content.push(member);
  });
  expect(new Set(content).size).toBe(content.length);
  return content.sort();
}

/** Runs the operation; returns what takes it back. */
function run(set: MemberSet, { act, member }: Operation): () => void {
  const { encoding } = set;
  if (act === "add" && !set.has(member) && set.raisesBy(member)) {
    const packed = set.raise();
    set.add(member);
    return () => {
      set.lower(packed);
      if (encoding === "intset") set.restoreIntset();
    };
  }
  if (act === "add") {
    const isNew = set.add(member);
    return () => {
      if (isNew) {
        set.delete(member);
        if (encoding === "intset") set.restoreIntset();
      }
    };
  }
  const removed = act === "pop" ? set.pop(() => 0.5) : set.delete(member) ? member : undefined;
  return () => {
    if (removed !== undefined) {
      set.add(removed);
    }
  };
}

/** Redis 7.2's rules, told again. */
function encodingAfterAdd(encoding: string, sizeBefore: number, member: string): string {
  if (encoding === "intset" && /^(0|-?[1-9][0-9]{0,17})$/.test(member)) {
    return sizeBefore < LOW_LIMITS.intsetEntriesMax ? "intset" : "hashtable";
  }
  if (encoding === "hashtable" || member.length > PACKED_TEXT_BYTES_MAX) {
    return "hashtable";
  }
  return sizeBefore < LOW_LIMITS.listpackEntriesMax ? "listpack" : "hashtable";
}

describe("set", () => {
  test("answers as a Set does, and its encoding follows Redis's rules", () => {
    fc.assert(
      fc.property(operations, (operations) => {
        const set = new MemberSet(LOW_LIMITS);
        const model = new Set<string>();
        let encoding = "intset";
        for (const { act, member } of operations) {
          if (act === "add") {
            if (!model.has(member)) {
              encoding = encodingAfterAdd(encoding, model.size, member);
            }
            expect(set.add(member)).toBe(!model.has(member));
            model.add(member);
          } else if (act === "delete") {
            expect(set.delete(member)).toBe(model.delete(member));
          } else {
            const popped = set.pop(() => 0.99);
            expect(popped === undefined).toBe(model.size === 0);
            expect(popped === undefined || model.delete(popped)).toBe(true);
          }
          expect(set.has(member)).toBe(model.has(member));
          expect(set.size).toBe(model.size);
          expect(set.encoding).toBe(encoding);
        }
        set.check();
        expect(contentOf(set)).toEqual([...model].sort());
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("every mutation is taken back by its inverse: content, encoding and estimate", () => {
    fc.assert(
      fc.property(operations, operations, (before, after) => {
        const set = new MemberSet(LOW_LIMITS);
        for (const operation of before) {
          run(set, operation);
        }
        const content = contentOf(set);
        const { encoding, memoryBytes } = set;
        const inverses = after.map((operation) => run(set, operation));
        for (const inverse of inverses.reverse()) {
          inverse();
        }
        set.check();
        expect(contentOf(set)).toEqual(content);
        expect(set.encoding).toBe(encoding);
        expect(set.memoryBytes).toBe(memoryBytes);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  test("has Redis's limits", () => {
    const integers = new MemberSet();
    for (let i = 0; i < SET_INTSET_ENTRIES_MAX; i++) {
      integers.add(String(-i));
    }
    expect(integers.encoding).toBe("intset");
    const copy = integers.clone();
    copy.add("x");
    expect(copy.encoding).toBe("hashtable");
    integers.add("1");
    expect(integers.encoding).toBe("hashtable");
    expect(integers.size).toBe(513);
    const texts = new MemberSet();
    for (let i = 0; i < SET_LISTPACK_ENTRIES_MAX; i++) {
      texts.add(`m${i}`);
    }
    texts.add("m0");
    expect(texts.encoding).toBe("listpack");
    texts.add("1");
    expect(texts.encoding).toBe("hashtable");
    const long = new MemberSet();
    long.add(LONG);
    expect(long.encoding).toBe("hashtable");
  });

  test("a clone and its origin change apart", () => {
    fc.assert(
      fc.property(operations, operations, operations, (before, onOrigin, onCopy) => {
        const set = new MemberSet(LOW_LIMITS);
        for (const operation of before) {
          run(set, operation);
        }
        const content = contentOf(set);
        const copy = set.clone();
        const inverses = onOrigin.map((operation) => run(set, operation));
        expect(contentOf(copy)).toEqual(content);
        for (const operation of onCopy) {
          run(copy, operation);
        }
        for (const inverse of inverses.reverse()) {
          inverse();
        }
        set.check();
        copy.check();
        expect(contentOf(set)).toEqual(content);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("a random member is every member's with the same probability, in every form", () => {
    for (const size of [1, 5, 8, 40]) {
      const set = new MemberSet(LOW_LIMITS);
      for (let i = 0; i < size; i++) {
        set.add(String(i));
      }
      const seen = new Set<string>();
      for (let i = 0; i < size; i++) {
        seen.add(set.randomMember(() => (i + 0.5) / size)!);
      }
      expect(seen.size).toBe(size);
      const some: string[] = [];
      set.randomMembers(
        4,
        () => 0,
        (member) => some.push(member),
      );
      expect(new Set(some).size).toBe(Math.min(4, size));
      expect(some.length).toBe(Math.min(4, size));
    }
    expect(new MemberSet().randomMember(() => 0)).toBeUndefined();
    expect(new MemberSet().pop(() => 0)).toBeUndefined();
  });

  test("a walk over the members ends where its visitor says", () => {
    for (const size of [5, 40]) {
      const set = new MemberSet(LOW_LIMITS);
      for (let i = 0; i < size; i++) {
        set.add(String(i));
      }
      let visited = 0;
      expect(set.every(() => ++visited < 3)).toBe(false);
      expect(visited).toBe(3);
      expect(set.every(() => true)).toBe(true);
    }
  });
});
