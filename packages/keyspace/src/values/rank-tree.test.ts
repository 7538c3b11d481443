import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RankTree } from "./rank-tree.js";
import { entriesBefore } from "./sorted-columns.js";

interface Entry {
  score: number;
  member: string;
}

const score = fc.oneof(
  fc.integer({ min: -6, max: 6 }),
  fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0.5, -1e300),
);
const member = fc.oneof(
  fc.nat(80).map((n) => `m${n}`),
  fc.constantFrom("", "\x00", "\xff", "\xffa"),
);
const entry = fc.record({ score, member });

function before(a: Entry, b: Entry): boolean {
  return a.score < b.score || (a.score === b.score && a.member < b.member);
}

function order(a: Entry, b: Entry): number {
  return before(a, b) ? -1 : before(b, a) ? 1 : 0;
}

function entriesUp(tree: RankTree, rank = 0): Entry[] {
  const entries: Entry[] = [];
  tree.forEachUp(rank, (member, score) => {
    entries.push({ score, member });
    return true;
  });
  return entries;
}

function entriesDown(tree: RankTree, rank: number): Entry[] {
  const entries: Entry[] = [];
  tree.forEachDown(rank, (member, score) => {
    entries.push({ score, member });
    return true;
  });
  return entries;
}

/** A sorted array that does what the tree does. */
class Model {
  entries: Entry[] = [];

  has(entry: Entry): boolean {
    return this.entries.some((other) => order(other, entry) === 0);
  }

  insert(entry: Entry): void {
    const at = this.entries.findIndex((other) => before(entry, other));
    this.entries.splice(at < 0 ? this.entries.length : at, 0, entry);
  }

  delete(entry: Entry): void {
    this.entries = this.entries.filter((other) => order(other, entry) !== 0);
  }
}

function buildTree(entries: readonly Entry[], nodeEntriesMax: number): RankTree {
  const scores = entries.map(({ score }) => score);
  const members = entries.map(({ member }) => member);
  return RankTree.fromSorted(scores, members, entries.length, nodeEntriesMax);
}

function expectSame(tree: RankTree, model: Model, probe: Entry): void {
  tree.check();
  const { entries } = model;
  expect(tree.size).toBe(entries.length);
  expect(entriesUp(tree)).toEqual(entries);
  expect(tree.rank(probe.score, probe.member)).toBe(
    entries.filter((entry) => before(entry, probe)).length,
  );
  expect(tree.countBelowScore(probe.score, false)).toBe(
    entries.filter(({ score }) => score < probe.score).length,
  );
  expect(tree.countBelowScore(probe.score, true)).toBe(
    entries.filter(({ score }) => score <= probe.score).length,
  );
}

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("insert" as const), entry }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("delete" as const), entry }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("takeRange" as const),
      from: fc.nat(100),
      count: fc.nat(60),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("visit" as const),
      from: fc.nat(100),
      stop: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("clone" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("fill" as const),
      score,
      first: fc.nat(400),
      stride: fc.constantFrom(1, -1, 7, 37),
      count: fc.nat(80),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("drain" as const),
      from: fc.nat(400),
      stride: fc.constantFrom(0, 1, 5, 11),
      count: fc.nat(80),
    }),
  },
);

describe("rank tree", () => {
  test("answers as a sorted array does, whatever is done to it and its clones", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, {
          size: "max",
          maxLength: 200,
          selector: (e) => `${e.score} ${e.member}`,
        }),
        fc.array(operation, { size: "max", maxLength: 120 }),
        fc.constantFrom(8, 12, 64),
        (initial, operations, nodeEntriesMax) => {
          const model = new Model();
          model.entries = [...initial].sort(order);
          let tree = buildTree(model.entries, nodeEntriesMax);
          expectSame(tree, model, { score: 0, member: "m4" });
          const others: { tree: RankTree; entries: Entry[] }[] = [];
          let probe: Entry = { score: 1, member: "m1" };
          operations.forEach((step, n) => {
            if (step.act === "insert") {
              probe = step.entry;
              if (!model.has(probe)) {
                tree.insert(probe.score, probe.member);
                model.insert(probe);
              }
            } else if (step.act === "delete") {
              const found = model.entries[tree.rank(step.entry.score, step.entry.member)];
              if (found !== undefined) {
                expect(tree.delete(found.score, found.member)).toBe(found.member);
                model.delete(found);
              }
            } else if (step.act === "fill") {
              for (let i = 0; i < step.count; i++) {
                const filled = {
                  score: step.score,
                  member: `m${1000 + ((step.first + i * step.stride + 400) % 400)}`,
                };
                if (!model.has(filled)) {
                  tree.insert(filled.score, filled.member);
                  model.insert(filled);
                }
              }
            } else if (step.act === "drain") {
              for (let i = 0; i < step.count && tree.size > 0; i++) {
                const found = model.entries[(step.from + i * step.stride) % tree.size]!;
                tree.delete(found.score, found.member);
                model.delete(found);
              }
            } else if (step.act === "takeRange") {
              const from = Math.min(step.from, tree.size);
              const count = Math.min(step.count, tree.size - from);
              const scores: number[] = [];
              const members: string[] = [];
              tree.takeRange(from, count, scores, members);
              const taken = model.entries.splice(from, count);
              expect(scores).toEqual(taken.map(({ score }) => score));
              expect(members).toEqual(taken.map(({ member }) => member));
            } else if (step.act === "visit") {
              const from = Math.min(step.from, tree.size);
              expect(entriesUp(tree, from)).toEqual(model.entries.slice(from));
              expect(entriesDown(tree, from - 1)).toEqual(model.entries.slice(0, from).reverse());
              let visits = 0;
              const whole = tree.forEachUp(from, () => visits++ < step.stop);
              expect(whole).toBe(tree.size - from <= step.stop);
              expect(visits).toBe(Math.min(tree.size - from, step.stop + 1));
            } else {
              const copy = tree.clone();
              others.push({ tree: n % 2 === 0 ? copy : tree, entries: model.entries.slice() });
              tree = n % 2 === 0 ? tree : copy;
            }
            expectSame(tree, model, probe);
          });
          for (const other of others) {
            other.tree.check();
            expect(entriesUp(other.tree)).toEqual(other.entries);
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  test("both sides of a clone change without the other's notice", () => {
    const all = Array.from({ length: 500 }, (_, n) => ({ score: n, member: `m${n}` }));
    const left = buildTree(all, 8);
    const right = left.clone();
    for (let n = 0; n < 500; n += 2) {
      left.delete(n, `m${n}`);
      right.delete(n + 1, `m${n + 1}`);
    }
    left.check();
    right.check();
    expect(entriesUp(left)).toEqual(all.filter((_, n) => n % 2 === 1));
    expect(entriesUp(right)).toEqual(all.filter((_, n) => n % 2 === 0));
  });

  test("members of one score are counted by their bytes", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { size: "max", maxLength: 90 }),
        member,
        (members, bound) => {
          const sorted = [...members].sort((a, b) => (a < b ? -1 : 1));
          const tree = buildTree(
            sorted.map((member) => ({ score: 7, member })),
            8,
          );
          expect(tree.countBelowMember(bound, false)).toBe(sorted.filter((m) => m < bound).length);
          expect(tree.countBelowMember(bound, true)).toBe(sorted.filter((m) => m <= bound).length);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  test("grows and empties from either end, from the middle and everywhere", () => {
    const size = 2000;
    const places: Record<string, (n: number) => number> = {
      ascending: (n) => n,
      descending: (n) => -n,
      inward: (n) => (n % 2 === 0 ? n : 2 * size - n),
      outward: (n) => (n % 2 === 0 ? n : -n),
      scattered: (n) => (n * 1999) % 2003,
    };
    for (const place of Object.values(places)) {
      const tree = new RankTree(16);
      const scores = Array.from({ length: size }, (_, n) => place(n));
      scores.forEach((score, n) => {
        tree.insert(score, "m");
        if (n % 50 === 0) {
          tree.check();
        }
      });
      expect(entriesUp(tree).map(({ score }) => score)).toEqual([...scores].sort((a, b) => a - b));
      scores.forEach((score, n) => {
        tree.delete(score, "m");
        if (n % 50 === 0) {
          tree.check();
        }
      });
      tree.check();
      expect(tree.size).toBe(0);
      tree.insert(1, "again");
      expect(entriesUp(tree)).toEqual([{ score: 1, member: "again" }]);
    }
  });

  test("no node inside is left nearly empty, wherever entries crowd in", () => {
    const size = 600;
    const all = Array.from({ length: size }, (_, n) => ({ score: n, member: "m" }));
    for (let crowded = 0; crowded < size; crowded++) {
      const tree = buildTree(all, 16);
      for (let n = 0; n < 60; n++) {
        tree.insert(crowded + 0.9 - n / 100, "m");
        if (n % 6 === 5) {
          tree.check();
        }
      }
      expect(tree.size).toBe(size + 60);
    }
  });

  test("is as low as what is left asks for, on whichever edge that lies", () => {
    for (const direction of [1, -1]) {
      const tree = new RankTree(8);
      for (let n = 0; n <= 8 * 8 * 8; n++) {
        tree.insert(n * direction, "m");
      }
      expect(tree.nodeCount()).toBeGreaterThan(64 + 8);
      // The entry that came last is alone in its leaf, and that in the nodes above.
      tree.takeRange(direction > 0 ? 0 : 1, 8 * 8 * 8, [], []);
      tree.check();
      expect(tree.nodeCount()).toBe(1);
    }
  });

  test("entries that come in order leave full nodes behind", () => {
    const tree = new RankTree(8);
    for (let n = 0; n < 800; n++) {
      tree.insert(n, "m");
    }
    // 800 entries in full leaves are 100 leaves, in full inner nodes 13 and 2 and 1.
    expect(tree.nodeCount()).toBe(100 + 13 + 2 + 1);
  });

  test("a range larger than a leaf is taken out at once", () => {
    const all = Array.from({ length: 5000 }, (_, n) => ({ score: n, member: "m" }));
    const tree = buildTree(all, 64);
    const scores: number[] = [];
    tree.takeRange(10, 4900, scores, []);
    tree.check();
    expect(scores).toHaveLength(4900);
    expect(entriesUp(tree)).toEqual([...all.slice(0, 10), ...all.slice(4910)]);
  });

  test("binary search in columns ignores what is behind the used places", () => {
    expect(entriesBefore([1, 2, 0], ["a", "b", ""], 2, 3, "x")).toBe(2);
    expect(entriesBefore([1, 1, 0], ["a", "b", ""], 2, 1, "b")).toBe(1);
  });
});
