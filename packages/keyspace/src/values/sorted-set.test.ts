import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SORTED_RANKED_BYTES } from "../memory.js";
import type { LexBound, LexRange, RankRange, ScoreRange } from "./sorted-range.js";
import {
  type CompactSet,
  type SortedEntry,
  SortedSet,
  type SortedSetEncoding,
} from "./sorted-set.js";

const score = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -4, max: 4 }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1),
  },
);
const member = fc.oneof(
  { weight: 8, arbitrary: fc.nat(150).map((n) => `m${n}`) },
  { weight: 1, arbitrary: fc.constantFrom("", "\x00", "\xff", "\xff\xff", "m", "m1\x00") },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(64), "y".repeat(65)) },
);
const scoreRange: fc.Arbitrary<ScoreRange> = fc.record({
  min: score,
  max: score,
  minExclusive: fc.boolean(),
  maxExclusive: fc.boolean(),
});
const lexBound: fc.Arbitrary<LexBound> = fc.record({
  kind: fc.constantFrom("lowest", "inclusive", "exclusive", "highest"),
  member,
});
const lexRange: fc.Arbitrary<LexRange> = fc.record({ min: lexBound, max: lexBound });

/** A Map of scores, sorted whenever something is asked. */
class Model {
  scores = new Map<string, number>();
  encoding: SortedSetEncoding = "listpack";

  /** Infinities of one sign differ by NaN, which `||` takes for no difference. */
  sorted(): SortedEntry[] {
    return [...this.scores]
      .map(([member, score]) => ({ member, score }))
      .sort((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
  }

  set(member: string, score: number): number | undefined {
    const old = this.scores.get(member);
    this.scores.set(member, score + 0);
    if (old === undefined && (this.scores.size > 128 || member.length > 64)) {
      this.encoding = "skiplist";
    }
    return old;
  }

  delete(member: string): number | undefined {
    const old = this.scores.get(member);
    this.scores.delete(member);
    return old;
  }
}

function entriesOf(set: SortedSet): SortedEntry[] {
  const entries: SortedEntry[] = [];
  set.forEach((member, score) => {
    entries.push({ member, score });
  });
  return entries;
}

function ranksWhere(entries: readonly SortedEntry[], inRange: (entry: SortedEntry) => boolean) {
  return { first: entries.findIndex(inRange), count: entries.filter(inRange).length };
}

function expectRanks(found: RankRange, wanted: RankRange): void {
  expect(found.count).toBe(wanted.count);
  if (wanted.count > 0) {
    expect(found.first).toBe(wanted.first);
  }
}

function inScoreRange({ score }: SortedEntry, range: ScoreRange): boolean {
  const above = range.minExclusive ? score > range.min : score >= range.min;
  return above && (range.maxExclusive ? score < range.max : score <= range.max);
}

function inLexRange({ member }: SortedEntry, { min, max }: LexRange): boolean {
  const above =
    min.kind === "lowest" ||
    (min.kind === "inclusive" && member >= min.member) ||
    (min.kind === "exclusive" && member > min.member);
  const below =
    max.kind === "highest" ||
    (max.kind === "inclusive" && member <= max.member) ||
    (max.kind === "exclusive" && member < max.member);
  return above && below;
}

/** What deep equality means: content in order, form and estimate. */
function stateOf(set: SortedSet): unknown {
  const { size, memoryBytes, encoding } = set;
  return { size, memoryBytes, encoding, entries: entriesOf(set) };
}

const weighted = {
  set: 8,
  delete: 4,
  fill: 2,
  drain: 2,
  takeRange: 1,
  pop: 1,
  visit: 1,
  at: 1,
  scoreRange: 2,
  clone: 1,
  random: 1,
};
const operation = fc.record({
  act: fc.oneof(
    ...Object.entries(weighted).map(([act, weight]) => ({
      weight,
      arbitrary: fc.constant(act as keyof typeof weighted),
    })),
  ),
  member,
  score,
  range: scoreRange,
  n: fc.nat(160),
  count: fc.nat(90),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Does one step to both and compares what it answers. */
function step(set: SortedSet, model: Model, operation: Operation): void {
  const { act, member, score, n, count } = operation;
  const entries = model.sorted();
  const from = Math.min(n, entries.length);
  if (act === "set") {
    expect(set.set(member, score)).toBe(model.set(member, score));
  } else if (act === "delete") {
    expect(set.delete(member)).toBe(model.delete(member));
  } else if (act === "fill") {
    for (let i = n; i < n + count; i++) {
      expect(set.set(`m${i}`, i % 7)).toBe(model.set(`m${i}`, i % 7));
    }
  } else if (act === "drain") {
    for (const entry of entries.slice(from, from + count)) {
      expect(set.delete(entry.member)).toBe(model.delete(entry.member));
    }
  } else if (act === "takeRange") {
    const taken = entries.slice(from, from + count);
    const run = set.takeRange(from, taken.length);
    expect(run.members).toEqual(taken.map((entry) => entry.member));
    expect(run.scores).toEqual(taken.map((entry) => entry.score));
    taken.forEach((entry) => {
      model.delete(entry.member);
    });
  } else if (act === "pop") {
    const popped = n % 2 === 0 ? set.popMin() : set.popMax();
    expect(popped).toEqual(n % 2 === 0 ? entries[0] : entries.at(-1));
    model.delete(popped?.member ?? "none");
  } else if (act === "visit") {
    expectVisits(set, entries, n - 5, count);
  } else if (act === "at") {
    expect(set.at(n)).toEqual(entries[n]);
    expect(set.at(-1)).toBeUndefined();
  } else if (act === "scoreRange") {
    const { range } = operation;
    const wanted = ranksWhere(entries, (entry) => inScoreRange(entry, range));
    expectRanks(set.ranksOfScores(range), wanted);
  } else if (act === "random") {
    const place = n / 161;
    const picked = set.randomEntry(() => place);
    expect(picked).toEqual(entries[Math.floor(place * entries.length)]);
  }
  const after = model.sorted();
  const rank = after.findIndex((entry) => entry.member === member);
  expect(set.rank(member)).toBe(rank < 0 ? undefined : rank);
  expect(set.score(member)).toBe(model.scores.get(member));
}

function expectVisits(set: SortedSet, entries: SortedEntry[], rank: number, stop: number): void {
  const up = entries.slice(Math.max(0, rank));
  const down = entries.slice(0, Math.max(0, rank + 1)).reverse();
  for (const direction of ["up", "down"] as const) {
    const wanted = direction === "up" ? up : down;
    const visited: SortedEntry[] = [];
    const whole = set.forEachFromRank(rank, direction, (member, score) => {
      visited.push({ member, score });
      return visited.length <= stop;
    });
    expect(visited).toEqual(wanted.slice(0, stop + 1));
    expect(whole).toBe(wanted.length <= stop);
  }
}

describe("sorted set", () => {
  test("answers as a sorted Map does, whatever is done to it and its clones", () => {
    fc.assert(
      fc.property(fc.array(operation, { size: "max", maxLength: 60 }), (operations) => {
        let set = new SortedSet();
        let model = new Model();
        const others: { set: SortedSet; model: Model }[] = [];
        operations.forEach((operation, n) => {
          step(set, model, operation);
          if (operation.act === "clone") {
            const copy = set.clone();
            expect(stateOf(copy)).toEqual(stateOf(set));
            others.push({ set: n % 2 === 0 ? copy : set, model });
            set = n % 2 === 0 ? set : copy;
            const { scores, encoding } = model;
            model = new Model();
            model.scores = new Map(scores);
            model.encoding = encoding;
          }
          set.check();
          expect(set.size).toBe(model.scores.size);
          expect(entriesOf(set)).toEqual(model.sorted());
          expect(set.encoding).toBe(model.encoding);
        });
        for (const other of others) {
          other.set.check();
          expect(entriesOf(other.set)).toEqual(other.model.sorted());
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  test("a program taken back step by step leaves all as it was", () => {
    fc.assert(
      fc.property(
        fc.array(operation, { size: "max", maxLength: 60 }),
        fc.nat(150),
        (operations, filled) => {
          const set = new SortedSet();
          for (let n = 0; n < filled; n++) {
            set.set(`m${n}`, n % 5);
          }
          const journal: { before: unknown; undo: () => void }[] = [];
          for (const operation of operations) {
            const before = stateOf(set);
            journal.push({ before, undo: applied(set, operation) });
          }
          for (const { before, undo } of journal.reverse()) {
            undo();
            set.check();
            expect(stateOf(set)).toEqual(before);
          }
        },
      ),
      { seed: 2, numRuns: 150 },
    );
  });

  test("bounds of members find their range when all scores are the same", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { size: "max", maxLength: 150 }),
        lexRange,
        (members, range) => {
          const set = new SortedSet();
          for (const member of members) {
            set.set(member, 1.5);
          }
          const wanted = ranksWhere(entriesOf(set), (entry) => inLexRange(entry, range));
          expectRanks(set.ranksOfMembers(range), wanted);
          if (set.encoding === "listpack") set.raise();
          expectRanks(set.ranksOfMembers(range), wanted);
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  test("is built from sorted entries as if they were set one by one", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { size: "max", maxLength: 200 }),
        fc.array(score, { minLength: 200, maxLength: 200 }),
        (members, scores) => {
          const one = new SortedSet();
          members.forEach((member, n) => {
            one.set(member, scores[n]!);
          });
          const entries = entriesOf(one);
          const run = {
            scores: entries.map(({ score }) => score),
            members: entries.map(({ member }) => member),
          };
          const built = SortedSet.fromSorted(run);
          built.check();
          expect(stateOf(built)).toEqual(stateOf(one));
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  });

  test("a scan returns every member that exists throughout, while the encoding changes", () => {
    const change = fc.record({ remove: fc.boolean(), member, score });
    const steps = fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 20 }),
        changes: fc.array(change, { size: "max", maxLength: 20 }),
      }),
      { size: "max", maxLength: 30 },
    );
    fc.assert(
      fc.property(fc.nat(200), fc.boolean(), steps, (filled, raised, steps) => {
        const set = new SortedSet();
        const throughout = new Set<string>();
        for (let n = 0; n < filled; n++) {
          set.set(`m${n}`, n);
          throughout.add(`m${n}`);
        }
        if (raised && set.encoding === "listpack") {
          set.raise();
        }
        const seen = new Set<string>();
        let cursor = 0;
        let n = 0;
        do {
          const { count, changes } = steps[n++] ?? { count: 50, changes: [] };
          cursor = set.scan(cursor, count, (member, score) => {
            expect(set.score(member)).toBe(score);
            seen.add(member);
          });
          for (const { remove, member, score } of cursor === 0 ? [] : changes) {
            if (remove) {
              set.delete(member);
              throughout.delete(member);
            } else {
              set.set(member, score);
            }
          }
        } while (cursor !== 0);
        for (const member of throughout) {
          expect(seen.has(member)).toBe(true);
        }
      }),
      { seed: 5, numRuns: 150 },
    );
  });

  test("the encoding is raised by a 129th member or a 65th byte, and stays", () => {
    const byCount = new SortedSet();
    for (let n = 0; n < 128; n++) {
      byCount.set(`m${n}`, n);
    }
    byCount.set("m5", 99);
    expect(byCount.encoding).toBe("listpack");
    byCount.set("one more", 0);
    expect(byCount.encoding).toBe("skiplist");
    byCount.takeRange(0, 129);
    expect(byCount.encoding).toBe("skiplist");

    const byLength = new SortedSet();
    byLength.set("x".repeat(64), 1);
    expect(byLength.encoding).toBe("listpack");
    const compact = byLength.raise();
    byLength.set("x".repeat(65), 1);
    expect(byLength.encoding).toBe("skiplist");
    byLength.lower(compact);
    expect([byLength.size, byLength.score("x".repeat(64))]).toEqual([1, 1]);
    expect(byLength.encoding).toBe("listpack");
    byLength.check();
  });

  test("negative zero is kept as zero, and NaN is refused", () => {
    const set = SortedSet.fromSorted({ scores: [-0], members: ["a"] });
    set.set("b", -0);
    expect(Object.is(set.score("a"), 0)).toBe(true);
    expect(Object.is(set.score("b"), 0)).toBe(true);
    expect(set.set("b", 0)).toBe(0);
    expect(() => set.set("c", Number.NaN)).toThrow("a score is a number");
    expect(() => SortedSet.fromSorted({ scores: [Number.NaN], members: ["a"] })).toThrow(
      "a score is a number",
    );
    expect(() => SortedSet.fromSorted({ scores: [1, 1], members: ["b", "a"] })).toThrow(
      "entries ascend",
    );
  });

  test("a large set keeps every promise across divisions of its table", () => {
    const set = new SortedSet();
    const size = 20_000;
    for (let n = 0; n < size; n++) {
      set.set(`m${(n * 7919) % size}`, (n * 7919) % size);
    }
    const copy = set.clone();
    for (let n = 0; n < size; n += 3) {
      set.set(`m${n}`, -n);
    }
    set.check();
    copy.check();
    expect(copy.rank("m777")).toBe(777);
    expect(set.rank("m777")).toBe(Math.floor(size / 3) - 777 / 3);
    const before = copy.memoryBytes;
    const run = copy.takeRange(5, size - 10);
    copy.check();
    expect(copy.size).toBe(10);
    copy.putBack(run);
    copy.check();
    expect(copy.memoryBytes).toBe(before);
    expect(copy.at(12_345)).toEqual({ member: "m12345", score: 12_345 });
  });

  test("the estimate of memory goes back to that of an empty set", () => {
    const set = new SortedSet();
    const empty = set.memoryBytes;
    set.set("member", 1);
    expect(set.memoryBytes).toBeGreaterThan(empty);
    set.delete("member");
    expect(set.memoryBytes).toBe(empty);
    set.raise();
    expect(set.memoryBytes).toBe(SORTED_RANKED_BYTES);
  });
});

/** Mutates and returns the inverse, as a transaction records it. */
function applied(set: SortedSet, { act, member, score, n, count }: Operation): () => void {
  if (act === "set" || act === "fill") {
    const members = act === "set" ? [member] : Array.from({ length: count }, (_, i) => `m${n + i}`);
    let raisedAt = members.length;
    let compact: CompactSet | undefined;
    const olds = members.map((member, i) => {
      if (set.raisesBy(member)) {
        raisedAt = i;
        compact = set.raise();
      }
      return set.set(member, score);
    });
    return () => {
      if (compact !== undefined) set.lower(compact);
      for (let i = raisedAt - 1; i >= 0; i--) {
        const old = olds[i];
        if (old === undefined) {
          set.delete(members[i]!);
        } else {
          set.set(members[i]!, old);
        }
      }
    };
  }
  if (act === "takeRange" || act === "drain") {
    const from = Math.min(n, set.size);
    const run = set.takeRange(from, Math.min(count, set.size - from));
    return () => set.putBack(run);
  }
  const old = act === "pop" ? undefined : set.score(member);
  const gone = act === "pop" ? set.popMin() : { member, score: set.delete(member) ?? 0 };
  return () => {
    if (act === "pop" ? gone !== undefined : old !== undefined) {
      set.set(gone!.member, gone!.score);
    }
  };
}
