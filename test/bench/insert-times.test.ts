import { expect, test } from "vitest";
import { causeOf, InsertTimes, sharesOf } from "./insert-times.js";

const insert = { at: 0, startMs: 100, endMs: 120, isGrowth: false, waitedMs: 0 };

test("a pause counts as far as it lies in an insert", () => {
  const pauses = [
    { kind: "scavenge", startMs: 10, endMs: 20 },
    { kind: "scavenge", startMs: 95, endMs: 103 },
    { kind: "mark-compact", startMs: 104, endMs: 112 },
    { kind: "scavenge", startMs: 119, endMs: 150 },
    { kind: "scavenge", startMs: 160, endMs: 170 },
  ];
  const shares = sharesOf(insert, pauses);
  expect(shares).toEqual({
    wholeMs: 20,
    gcMs: 12,
    gcKind: "mark-compact",
    waitedMs: 0,
    ownMs: 8,
  });
  expect(causeOf(insert, shares)).toBe("GC, mark-compact");
});

test.each([
  ["neither GC nor a Map's growth", insert],
  ["a Map outgrew its table", { ...insert, isGrowth: true, waitedMs: 9 }],
  ["others had the processor", { ...insert, isGrowth: true, waitedMs: 11 }],
])("without a pause it is: %s", (cause, slow) => {
  const shares = sharesOf(slow, []);
  expect(causeOf(slow, shares)).toBe(cause);
  expect(shares.ownMs + shares.waitedMs).toBe(20);
});

test("what was waited elsewhere is not taken off twice", () => {
  const pauses = [{ kind: "scavenge", startMs: 100, endMs: 115 }];
  expect(sharesOf({ ...insert, waitedMs: 30 }, pauses)).toMatchObject({ waitedMs: 5, ownMs: 0 });
});

test("every insert has a time, slow ones are asked for growth", () => {
  const times = new InsertTimes(5);
  const asked: number[] = [];
  const insertOne = (at: number): void => {
    const endMs = performance.now() + (at === 3 ? 2 : 0);
    while (performance.now() < endMs);
  };
  const isGrowth = (at: number): boolean => asked.push(at) > 0;
  times.turn(2, insertOne, isGrowth);
  times.turn(3, insertOne, isGrowth);
  expect(asked).toContain(3);
  expect(times.slow.find(({ at }) => at === 3)).toMatchObject({ isGrowth: true });
  expect(times.turns.map(({ at }) => at)).toEqual([0, 2]);
  expect(times.each[3]).toBeGreaterThanOrEqual(2);
});
