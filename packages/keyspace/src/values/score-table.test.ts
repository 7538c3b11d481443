import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScoreTable } from "./score-table.js";

const member = fc.oneof(
  fc.nat(70).map((n) => `m${n}`),
  fc.constantFrom("", "\x00", "\xff", "x".repeat(100)),
);
const limits = fc.constantFrom([4, 2], [20, 7], [40, 40], [1000, 1000]) as fc.Arbitrary<
  [number, number]
>;

function scoresOf(table: ScoreTable): Map<string, number> {
  const scores = new Map<string, number>();
  let cursor = 0;
  do {
    cursor = table.scan(cursor, 7, (member, score) => {
      expect(scores.has(member)).toBe(false);
      scores.set(member, score);
    });
  } while (cursor !== 0);
  return scores;
}

describe("score table", () => {
  test("answers as a Map does, divided or not, and so do its clones", () => {
    const operation = fc.record({
      act: fc.constantFrom("set", "set", "set", "remove", "remove", "clone"),
      member,
      score: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(operation, { size: "max", maxLength: 250 }),
        limits,
        (operations, [undivided, most]) => {
          let table = new ScoreTable(undivided, most);
          let model = new Map<string, number>();
          const others: { table: ScoreTable; model: Map<string, number> }[] = [];
          operations.forEach(({ act, member, score }, n) => {
            const old = model.get(member);
            if (act === "set") {
              expect(table.set(member, score)).toBe(old);
              model.set(member, score);
            } else if (act === "remove") {
              expect(table.remove(member)).toBe(old);
              model.delete(member);
            } else {
              const copy = table.clone();
              others.push({ table: n % 2 === 0 ? copy : table, model });
              table = n % 2 === 0 ? table : copy;
              model = new Map(model);
            }
            table.check();
            expect(table.get(member)).toBe(model.get(member));
            expect(table.size).toBe(model.size);
          });
          for (const other of [...others, { table, model }]) {
            other.table.check();
            expect(scoresOf(other.table)).toEqual(other.model);
          }
        },
      ),
      { seed: 1, numRuns: 80 },
    );
  });

  test("a scan returns every member that exists during the whole scan, across divisions", () => {
    const change = fc.record({ act: fc.constantFrom("set", "remove"), member });
    const step = fc.record({
      count: fc.integer({ min: 1, max: 9 }),
      changes: fc.array(change, { size: "max", maxLength: 12 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(member, { size: "max", maxLength: 60 }),
        fc.array(step, { size: "max", maxLength: 40 }),
        limits,
        (initial, steps, [undivided, most]) => {
          const table = new ScoreTable(undivided, most);
          for (const member of initial) {
            table.set(member, 0);
          }
          const throughout = new Set(initial);
          const seen = new Set<string>();
          let cursor = 0;
          let n = 0;
          do {
            const { count, changes } = steps[n++] ?? { count: 10, changes: [] };
            let visited = 0;
            cursor = table.scan(cursor, count, (member, score) => {
              expect(table.get(member)).toBe(score);
              seen.add(member);
              visited++;
            });
            expect(visited).toBeLessThanOrEqual(count);
            expect(Number.isSafeInteger(cursor)).toBe(true);
            for (const { act, member } of cursor === 0 ? [] : changes) {
              if (act === "set") {
                table.set(member, n);
              } else {
                table.remove(member);
                throughout.delete(member);
              }
            }
          } while (cursor !== 0);
          for (const member of throughout) {
            expect(seen.has(member)).toBe(true);
          }
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  test("a scan that is overtaken by a division or its end starts again", () => {
    const change: Record<string, (table: ScoreTable) => void> = {
      division: (table) => {
        for (let n = 0; n < 30; n++) {
          table.set(`other${n}`, n);
        }
      },
      end: (table) => {
        for (let n = 9; n < 40; n++) {
          table.remove(`m${n}`);
        }
      },
    };
    for (const [name, happen] of Object.entries(change)) {
      const table = new ScoreTable(40, 40);
      for (let n = 0; n < (name === "division" ? 40 : 41); n++) {
        table.set(`m${n}`, n);
      }
      table.remove("m40");
      const seen = new Set<string>();
      let cursor = table.scan(0, 30, (member) => seen.add(member));
      happen(table);
      while (cursor !== 0) {
        cursor = table.scan(cursor, 30, (member) => seen.add(member));
      }
      for (let n = 0; n < 9; n++) {
        expect(seen.has(`m${n}`)).toBe(true);
      }
    }
  });

  test("cursors that were never given out end the scan or go on from somewhere", () => {
    const table = new ScoreTable();
    for (let n = 0; n < 10_000; n++) {
      table.set(`m${n}`, n);
    }
    fc.assert(
      fc.property(fc.maxSafeNat(), (cursor) => {
        const next = table.scan(cursor, 10, () => {});
        expect(Number.isSafeInteger(next) && next >= 0).toBe(true);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("a large table spreads its members over small Maps and gives them up again", () => {
    const table = new ScoreTable();
    for (let n = 0; n < 100_000; n++) {
      table.set(`member:${n}`, n);
    }
    const sizes = table.check();
    expect(sizes).toHaveLength(256);
    expect(Math.max(...sizes)).toBeLessThan(2 * (100_000 / 256));
    for (let n = 0; n < 99_000; n++) {
      table.remove(`member:${n}`);
    }
    expect(table.check()).toEqual([1000]);
    expect(table.get("member:99999")).toBe(99_999);
  });
});
