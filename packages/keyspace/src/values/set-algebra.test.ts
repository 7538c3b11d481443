import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemberSet } from "./set.js";
import { intersect, subtract, unite } from "./set-algebra.js";

const LIMITS = {
  intsetEntriesMax: 6,
  listpackEntriesMax: 4,
  table: { undividedMax: 20, unitedMax: 8, segmentEntriesMax: 7 },
};
const members = fc.uniqueArray(
  fc.oneof(
    fc.nat(30).map(String),
    fc.nat(5).map((n) => `m${n}`),
  ),
);

function setOf(members: string[]): MemberSet {
  const set = new MemberSet(LIMITS);
  for (const member of members) {
    set.add(member);
  }
  return set;
}

function visited(walk: (visit: (member: string) => boolean) => void): string[] {
  const result: string[] = [];
  walk((member) => {
    result.push(member);
    return true;
  });
  expect(new Set(result).size).toBe(result.length);
  return result.sort();
}

describe("set algebra", () => {
  test("gives each member of the intersection, union and difference once", () => {
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 4 }), (lists) => {
        const sets = lists.map(setOf);
        const [first, ...others] = lists;
        const all = [...new Set(lists.flat())].sort();
        expect(visited((visit) => intersect(sets, visit))).toEqual(
          all.filter((member) => lists.every((list) => list.includes(member))),
        );
        expect(visited((visit) => unite(sets, visit))).toEqual(all);
        expect(visited((visit) => subtract(sets[0]!, sets.slice(1), visit))).toEqual(
          [...first!].sort().filter((member) => !others.some((list) => list.includes(member))),
        );
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("an intersection ends where its visitor says, as SINTERCARD LIMIT needs", () => {
    const set = setOf(Array.from({ length: 50 }, (_, i) => String(i)));
    let found = 0;
    intersect([set, set.clone(), set], () => ++found < 7);
    expect(found).toBe(7);
  });

  test("the same set may be given several times, and no set at all", () => {
    const set = setOf(["a", "b"]);
    expect(visited((visit) => intersect([set, set], visit))).toEqual(["a", "b"]);
    expect(visited((visit) => unite([set, set, set], visit))).toEqual(["a", "b"]);
    expect(visited((visit) => subtract(set, [set], visit))).toEqual([]);
    expect(visited((visit) => subtract(set, [], visit))).toEqual(["a", "b"]);
    expect(visited((visit) => unite([], visit))).toEqual([]);
    expect(visited((visit) => intersect([], visit))).toEqual([]);
  });
});
