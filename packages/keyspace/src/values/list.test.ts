import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyspaceAssertionError } from "../assert.js";
import { BLOB_BYTES_MIN } from "../constants.js";
import { keptString, type StringValue, stringToLatin1 } from "../value.js";
import { List } from "./list.js";
import { LIST_LIMITS, type ListLimits } from "./list-limits.js";
import { listpackEntryBytes } from "./listpack-size.js";

/** Few elements make many chunks and blocks. */
const TINY: ListLimits = {
  smallElementsMax: 6,
  smallAgainElementsMax: 3,
  chunkElementsMax: 6,
  chunkBytesMax: 4 * BLOB_BYTES_MIN,
  packElementsMin: 2,
  blockChunksMax: 4,
  singlyElementsMax: 2,
};

const text = (length: number, seed: number): StringValue =>
  keptString(String.fromCharCode(33 + (seed % 200)).repeat(length));

const element: fc.Arbitrary<StringValue> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3, max: 12 }).map(String) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(40), fc.nat(3)).map(([length, seed]) => text(length, seed)),
  },
  { weight: 1, arbitrary: fc.nat(3).map((seed) => text(127 + (seed & 1), seed)) },
  { weight: 4, arbitrary: fc.nat(9).map((seed) => text(BLOB_BYTES_MIN - Math.min(1, seed), seed)) },
);

/** A place in the list, as a share of its length: shrinks well and is always valid. */
const share = fc.nat(1000);

type Step =
  | { kind: "pushHead" | "pushTail"; value: StringValue }
  | { kind: "popHead" | "popTail" }
  | { kind: "insertAt" | "set"; at: number; value: StringValue }
  | { kind: "removeAt"; at: number }
  | { kind: "take"; at: number; share: number; back: number }
  | { kind: "fill"; at: number; values: StringValue[] }
  | { kind: "cloneAndGoOn"; withCopy: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("pushHead", "pushTail"), value: element }),
  fc.record({ kind: fc.constantFrom("popHead", "popTail") }),
  fc.record({ kind: fc.constantFrom("insertAt", "set"), at: share, value: element }),
  fc.record({ kind: fc.constant("removeAt"), at: share }),
  fc.record({
    kind: fc.constant("take"),
    at: share,
    share,
    back: fc.integer({ min: -1, max: 1000 }),
  }),
  fc.record({
    kind: fc.constant("fill"),
    at: share,
    values: fc.array(element, { minLength: 1, maxLength: 40 }),
  }),
  fc.record({ kind: fc.constant("cloneAndGoOn"), withCopy: fc.boolean() }),
) as fc.Arbitrary<Step>;

const scaled = (at: number, end: number): number => Math.floor((at * end) / 1001);

function contents(list: List): StringValue[] {
  const all: StringValue[] = [];
  list.forEachFrom(0, 1, (value, index) => {
    if (index !== all.length) {
      throw new Error("indexes are told in order");
    }
    all.push(value);
    return true;
  });
  return all;
}

function listOf(values: readonly StringValue[], limits: ListLimits = LIST_LIMITS): List {
  const list = new List(limits);
  for (const value of values) {
    list.pushTail(value);
  }
  return list;
}

function numbered(count: number, limits: ListLimits = LIST_LIMITS): List {
  return listOf(
    Array.from({ length: count }, (_, i) => `element-${i}`),
    limits,
  );
}

function readable(values: readonly StringValue[]): string[] {
  return values.map(stringToLatin1);
}

function expectSame(list: List, model: readonly StringValue[]): void {
  list.check();
  expect(list.length).toBe(model.length);
  // Compared as one text first: toEqual takes its time over long arrays.
  const [own, wanted] = [readable(contents(list)), readable(model)];
  if (JSON.stringify(own) !== JSON.stringify(wanted)) {
    expect(own).toEqual(wanted);
  }
  const size = model.reduce((sum, value) => sum + listpackEntryBytes(value), 0);
  expect(list.elementBytes).toBe(size);
  const fresh = listOf(model);
  expect(list.memoryBytes).toBe(fresh.memoryBytes);
}

/** Applies the step to both; undoes it by its inverse when asked to. Undefined: nothing to do. */
function apply(list: List, model: StringValue[], one: Step): (() => void) | undefined {
  const { length } = model;
  switch (one.kind) {
    case "pushHead":
      list.pushHead(one.value);
      model.unshift(one.value);
      return () => expect(list.popHead()).toEqual(one.value);
    case "pushTail":
      list.pushTail(one.value);
      model.push(one.value);
      return () => expect(list.popTail()).toEqual(one.value);
    case "insertAt": {
      const at = scaled(one.at, length + 1);
      list.insertAt(at, one.value);
      model.splice(at, 0, one.value);
      return () => expect(list.removeAt(at)).toEqual(one.value);
    }
    case "fill": {
      const at = scaled(one.at, length + 1);
      const piece = listOf(one.values);
      for (const [i, value] of one.values.entries()) {
        list.insertAt(at + i, value);
      }
      model.splice(at, 0, ...one.values);
      return () => expect(contents(list.takeRange(at, one.values.length))).toEqual(contents(piece));
    }
    case "cloneAndGoOn":
      // What follows changes chunks that are shared.
      list.clone();
      return undefined;
    default:
      return length === 0 ? undefined : applyToElements(list, model, one);
  }
}

/** The same for steps that need an element. */
function applyToElements(list: List, model: StringValue[], one: Step): (() => void) | undefined {
  const { length } = model;
  switch (one.kind) {
    case "popHead": {
      const value = list.popHead();
      expect(value).toEqual(model.shift());
      return () => list.pushHead(value);
    }
    case "popTail": {
      const value = list.popTail();
      expect(value).toEqual(model.pop());
      return () => list.pushTail(value);
    }
    case "set": {
      const at = scaled(one.at, length);
      const old = list.set(at, one.value);
      expect(old).toEqual(model[at]);
      model[at] = one.value;
      return () => expect(list.set(at, old)).toEqual(one.value);
    }
    case "removeAt": {
      const at = scaled(one.at, length);
      const value = list.removeAt(at);
      expect(value).toEqual(model[at]);
      model.splice(at, 1);
      return () => list.insertAt(at, value);
    }
    case "take": {
      const at = scaled(one.at, length);
      const count = scaled(one.share, length - at + 1);
      const piece = list.takeRange(at, count);
      const taken = model.splice(at, count);
      expectSame(piece, taken);
      if (one.back < 0) {
        return () => list.putRange(at, piece);
      }
      const back = scaled(one.back, model.length + 1);
      list.putRange(back, piece);
      expect(piece.length).toBe(0);
      model.splice(back, 0, ...taken);
      return () => list.putRange(at, list.takeRange(back, count));
    }
    default:
      return undefined;
  }
}

describe.each([
  ["tiny pieces", TINY, 300],
  ["production sizes", LIST_LIMITS, 60],
] as const)("a list of %s", (_name, limits, runs) => {
  test("behaves as an array after any operations", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.nat(400), (steps, length) => {
        let list = numbered(length, limits);
        let model = contents(list);
        const others: [List, StringValue[]][] = [];
        for (const one of steps) {
          if (one.kind === "cloneAndGoOn") {
            const copy = list.clone();
            others.push(one.withCopy ? [list, model] : [copy, model]);
            list = one.withCopy ? copy : list;
            model = model.slice();
          } else {
            apply(list, model, one);
            list.check();
          }
        }
        expectSame(list, model);
        for (const [other, otherModel] of others) {
          expectSame(other, otherModel);
        }
      }),
      { numRuns: runs },
    );
  });

  test("is what it was after the inverses of any operations, its memory too", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(400), (steps, length) => {
        const list = numbered(length, limits);
        const model = contents(list);
        const before = model.slice();
        const { memoryBytes, elementBytes } = list;
        const inverses: (() => void)[] = [];
        for (const one of steps) {
          const inverse = apply(list, model, one);
          if (inverse !== undefined) {
            inverses.push(inverse);
          }
        }
        for (const inverse of inverses.reverse()) {
          inverse();
          list.check();
        }
        expectSame(list, before);
        expect(list.memoryBytes).toBe(memoryBytes);
        expect(list.elementBytes).toBe(elementBytes);
      }),
      { numRuns: runs },
    );
  });

  test("reads and searches from any index both ways, until told to stop", () => {
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 1, maxLength: 300 }),
        share,
        fc.nat(20),
        fc.nat(300),
        (values, at, countMax, lookedMax) => {
          const list = listOf(values, limits);
          const from = scaled(at, values.length);
          expect(readable(values.map((_, i) => list.get(i)))).toEqual(readable(values));
          const wanted = values[from]!;
          for (const direction of [1, -1] as const) {
            const indexes =
              direction === 1
                ? values.map((_, i) => i).slice(from)
                : values.map((_, i) => from - i).slice(0, from + 1);
            const seen: number[] = [];
            list.forEachFrom(from, direction, (value, index) => {
              expect(stringToLatin1(value)).toBe(stringToLatin1(values[index]!));
              seen.push(index);
              return seen.length <= countMax;
            });
            expect(seen).toEqual(indexes.slice(0, countMax + 1));
            const equal: number[] = [];
            list.forEachEqual(wanted, from, direction, lookedMax, (index) => {
              equal.push(index);
              return equal.length <= countMax;
            });
            const text = stringToLatin1(wanted);
            const looked = indexes.slice(0, lookedMax);
            const matching = looked.filter((i) => stringToLatin1(values[i]!) === text);
            expect(equal).toEqual(matching.slice(0, countMax + 1));
          }
        },
      ),
      { numRuns: runs },
    );
  });
});

test("an index outside the list visits nothing", () => {
  const list = numbered(3);
  const seen: number[] = [];
  for (const index of [-1, 3]) {
    list.forEachFrom(index, 1, (_, at) => seen.push(at) > 0);
    list.forEachEqual("element-1", index, -1, 3, (at) => seen.push(at) > 0);
  }
  new List().forEachFrom(0, 1, (_, at) => seen.push(at) > 0);
  expect(seen).toEqual([]);
});

test("a search that is to look at few elements does not walk over the others", () => {
  const list = numbered(50_000);
  const cost = (countMax: number): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round++) {
      const start = performance.now();
      list.forEachEqual("none of them", 0, 1, countMax, () => true);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  cost(list.length);
  expect(cost(list.length)).toBeGreaterThan(10 * cost(100));
});

test("what is outside the list or in the wrong form is refused", () => {
  const list = numbered(3);
  const long = "x".repeat(BLOB_BYTES_MIN);
  const refused = [
    () => list.get(3),
    () => list.get(-1),
    () => list.set(3, "x"),
    () => list.insertAt(4, "x"),
    () => list.removeAt(3),
    () => list.takeRange(2, 2),
    () => list.putRange(4, new List()),
    () => list.putRange(0, list),
    () => list.pushTail(long),
    () => list.set(0, long),
    () => new List().popHead(),
    () => new List().popTail(),
  ];
  for (const attempt of refused) {
    expect(attempt).toThrow(KeyspaceAssertionError);
  }
  expectSame(list, contents(numbered(3)));
});

test("any byte comes back as it was, at every length of a text's length", () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString("latin1");
  const lengths = [0, 1, 24, 25, 127, 128, 129, 255, 256, 257, 511, 512, BLOB_BYTES_MIN - 1];
  const values = lengths.map((length) => keptString(bytes.repeat(4).slice(0, length)));
  const list = numbered(500);
  for (const value of values) {
    list.insertAt(250, value);
  }
  expectSame(list, [
    ...contents(numbered(500)).slice(0, 250),
    ...values.toReversed(),
    ...contents(numbered(500)).slice(250),
  ]);
});

test("a Blob keeps its identity through pieces, copies and a change of form", () => {
  const list = numbered(1000);
  const blob = keptString("b".repeat(5000));
  list.insertAt(500, blob);
  expect(list.get(500)).toBe(blob);
  const copy = list.clone();
  const piece = list.takeRange(400, 200);
  expect(piece.get(100)).toBe(blob);
  list.putRange(0, piece);
  expect(list.get(100)).toBe(blob);
  list.takeRange(110, list.length - 110);
  list.takeRange(0, 95);
  expect(list.get(5)).toBe(blob);
  expect(copy.get(500)).toBe(blob);
});

test("a queue of a hundred thousand elements keeps its order and frees what has gone", () => {
  const list = new List();
  for (let i = 0; i < 100_000; i++) {
    list.pushHead(`job-${i}`);
  }
  list.check();
  for (let i = 0; i < 100_000; i++) {
    const job = list.popTail();
    if (job !== `job-${i}`) {
      expect(job).toBe(`job-${i}`);
    }
  }
  expect(list.memoryBytes).toBe(new List().memoryBytes);
  list.check();
});

test("halves of a large list change places by moving, and its copy stays", () => {
  const list = numbered(200_000);
  const model = contents(list);
  const copy = list.clone();
  for (let i = 0; i < 50; i++) {
    const at = (i * 7919) % 100_000;
    const piece = list.takeRange(at, 50_000 + i);
    const to = (i * 104_729) % (list.length + 1);
    list.putRange(to, piece);
    model.splice(to, 0, ...model.splice(at, 50_000 + i));
  }
  expectSame(list, model);
  expectSame(copy, contents(numbered(200_000)));
});
