import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOB_BYTES_MIN, ELEMENT_TABLE_PART_COUNT } from "../constants.js";
import { keptString } from "../value.js";
import { ELEMENT_TABLE_LIMITS, ElementTable, type ElementTableLimits } from "./element-table.js";
import type { Columns } from "./packed-elements.js";

const LOW_LIMITS: ElementTableLimits[] = [
  { undividedMax: 10, unitedMax: 4, segmentEntriesMax: 2 },
  { undividedMax: 40, unitedMax: 10, segmentEntriesMax: 1000 },
];
const limits = fc.constantFrom(...LOW_LIMITS, ELEMENT_TABLE_LIMITS);
const name = fc.nat(80).map((n) => `n${n}`);
const value = fc.oneof(fc.nat(9).map(String), fc.constant(keptString("v".repeat(BLOB_BYTES_MIN))));

describe("element table", () => {
  test("answers as a Map does while it is divided and united", () => {
    const operation = fc.record({ act: fc.constantFrom("set", "delete"), name, value });
    const phase = fc.array(operation, { maxLength: 150 });
    fc.assert(
      fc.property(
        phase,
        phase,
        limits,
        fc.constantFrom<Columns>(1, 2),
        (first, second, limits, columns) => {
          const table = new ElementTable(columns, limits);
          const model = new Map<string, unknown>();
          const run = ({ act, name, value }: (typeof first)[number]): void => {
            const kept = columns === 1 ? "" : value;
            const old = model.get(name);
            if (act === "set") {
              model.set(name, kept);
              expect(table.set(name, kept)).toBe(old);
            } else {
              model.delete(name);
              expect(table.delete(name)).toBe(old);
            }
            expect(table.get(name)).toBe(model.get(name));
            expect(table.has(name)).toBe(model.has(name));
            expect(table.size).toBe(model.size);
          };
          first.forEach(run);
          table.check();
          for (const name of [...model.keys()].slice(3)) {
            run({ act: "delete", name, value: "" });
          }
          table.check();
          second.forEach(run);
          table.check();
          const all: [string, unknown][] = [];
          table.forEach((name, value) => {
            all.push([name, value]);
          });
          expect(all.length).toBe(model.size);
          expect(new Map(all)).toEqual(model);
          expect(all.map((_, rank) => table.nameAtRank(rank))).toEqual(all.map(([name]) => name));
          const again = new ElementTable(columns);
          for (const [name, value] of all) {
            again.set(name, value as string);
          }
          expect(table.memoryBytes).toBe(again.memoryBytes);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test("a clone shares segments and shows no change of the other", () => {
    const operation = fc.record({
      onCopy: fc.boolean(),
      act: fc.constantFrom("set", "delete"),
      name,
      value,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(name),
        fc.array(operation),
        limits,
        (names, operations, limits) => {
          const table = new ElementTable(2, limits);
          for (const name of names) {
            table.set(name, "");
          }
          const copy = table.clone();
          const models = [true, false].map(
            () => new Map<string, unknown>(names.map((n) => [n, ""])),
          );
          for (const { onCopy, act, name, value } of operations) {
            const target = onCopy ? copy : table;
            const model = models[onCopy ? 1 : 0]!;
            if (act === "set") {
              target.set(name, value);
              model.set(name, value);
            } else {
              target.delete(name);
              model.delete(name);
            }
          }
          [table, copy].forEach((target, i) => {
            target.check();
            const all = new Map<string, unknown>();
            target.forEach((name, value) => {
              all.set(name, value);
            });
            expect(all).toEqual(models[i]);
          });
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  test("a scan that meets a union and another division leaves nothing out", () => {
    const limits = { undividedMax: 20, unitedMax: 8, segmentEntriesMax: 100 };
    const many = new ElementTable(1, limits);
    const names: string[] = [];
    for (let i = 0; i < 5000; i++) {
      many.set(`n${i}`, "");
    }
    many.scan(0, 5000, (name) => names.push(name));
    // The last part's names, of which a union and removals at the front change the order.
    const stays = names.slice(-3);
    const others = names.slice(0, 30);
    for (let remaining = 1; remaining <= 3; remaining++) {
      const table = new ElementTable(1, limits);
      for (const name of [...others, ...stays]) {
        table.set(name, "");
      }
      const seen = new Set<string>();
      let cursor = table.scan(0, 33 - remaining, (name) => seen.add(name));
      for (const name of others) {
        table.delete(name);
      }
      for (const name of others) {
        table.set(name, "");
      }
      table.check();
      while (cursor !== 0) {
        cursor = table.scan(cursor, 5, (name) => seen.add(name));
      }
      expect(stays.filter((name) => !seen.has(name))).toEqual([]);
    }
  });

  test("a name that comes and goes costs no more each time, and is there exactly when it is", () => {
    const table = new ElementTable(1);
    for (let i = 0; i < 3000; i++) {
      table.set(`n${i}`, "");
    }
    let wrong = 0;
    const cost = (turns: readonly string[]): number => {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 20; round++) {
        const start = performance.now();
        for (const turn of turns) {
          wrong += table.set(turn, "") === undefined && table.has(turn) ? 0 : 1;
          wrong += table.delete(turn) === "" && !table.has(turn) ? 0 : 1;
        }
        best = Math.min(best, performance.now() - start);
        table.check();
      }
      return best;
    };
    const others = Array.from({ length: 3000 }, (_, i) => `other${i}`);
    // Forty times as much when each removal leaves a hole.
    expect(cost(others.map(() => "lock"))).toBeLessThan(10 * cost(others));
    expect(wrong).toBe(0);
  });

  test("a cursor that was never given out ends or goes on", () => {
    const table = new ElementTable(2);
    expect(table.scan(0, 10, () => {})).toBe(0);
    table.set("a", "1");
    for (const cursor of [1, 2 ** 20, 2 ** 33, 2 ** 40, 2 ** 52, 2 ** 53 - 1]) {
      expect(table.scan(cursor, 10, () => {})).toBe(0);
    }
    for (let i = 0; i < 5000; i++) {
      table.set(`n${i}`, "1");
    }
    for (const cursor of [1, 3, 2 ** 20, 2 ** 33 + 1, 2 ** 40, 2 ** 52 + 1, 2 ** 53 - 1]) {
      expect(Number.isSafeInteger(table.scan(cursor, 10, () => {}))).toBe(true);
    }
  });

  test("no Map is grown to a size at which it stalls, whatever the names", () => {
    const table = new ElementTable(1);
    for (let i = 0; i < 200_000; i++) {
      table.set(`member:${i}`, "");
    }
    const sizes = table.check();
    expect(sizes.length).toBe(ELEMENT_TABLE_PART_COUNT);
    expect(Math.max(...sizes)).toBeLessThan((2 * 200_000) / ELEMENT_TABLE_PART_COUNT);
    const small = new ElementTable(1, { undividedMax: 50, unitedMax: 5, segmentEntriesMax: 3 });
    for (let i = 0; i < 4000; i++) {
      small.set(`member:${i}`, "");
    }
    expect(Math.max(...small.check())).toBe(3);
  });
});
