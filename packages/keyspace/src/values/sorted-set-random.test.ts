import { describe, expect, test } from "vitest";
import { SortedSet } from "./sorted-set.js";

describe("random members of a sorted set", () => {
  test("random entries are uniform in both encodings", () => {
    for (const size of [4, 200]) {
      const set = new SortedSet();
      for (let n = 0; n < size; n++) {
        set.set(`m${n}`, 0);
      }
      const counts = new Map<string, number>();
      for (let n = 0; n < size * 10; n++) {
        const { member } = set.randomEntry(() => (n + 0.5) / (size * 10))!;
        counts.set(member, (counts.get(member) ?? 0) + 1);
      }
      expect([...counts.values()]).toEqual(new Array(size).fill(10));
    }
  });

  test("random members are different ones, every one as probable, in both encodings", () => {
    for (const size of [4, 200]) {
      const set = new SortedSet();
      for (let n = 0; n < size; n++) {
        set.set(`m${n}`, n % 3);
      }
      for (const count of [0, 1, 3, 150, 1000]) {
        const seen = new Map<string, number>();
        for (let run = 0; run < size; run++) {
          const chosen: string[] = [];
          set.randomMembers(
            count,
            () => (run + 0.5) / size,
            (member) => chosen.push(member),
          );
          expect(chosen.length).toBe(Math.min(count, size));
          expect(new Set(chosen).size).toBe(chosen.length);
          for (const member of chosen) {
            expect(set.score(member)).toBeDefined();
            seen.set(member, (seen.get(member) ?? 0) + 1);
          }
        }
        if (count === 1) {
          expect([...seen.values()]).toEqual(new Array(size).fill(1));
        }
      }
    }
  });
});
