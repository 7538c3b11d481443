import fc from "fast-check";
import { expect, test } from "vitest";
import { TimeInOrder } from "./time-in-order.js";

const moments = fc.uniqueArray(fc.integer({ min: 0, max: 1e9 }), { minLength: 2, maxLength: 60 });

test("moments keep their order, and none meets another", () => {
  fc.assert(
    fc.property(moments, (times) => {
      const axis = new TimeInOrder([...times, Number.POSITIVE_INFINITY]);
      const places = [...times].sort((left, right) => left - right).map((time) => axis.place(time));
      expect(places[0]).toBe(0);
      expect(places.at(-1)).toBeCloseTo(1);
      const widths = places.slice(1).map((place, at) => place - places[at]!);
      // Even beside a stretch of 1 000 s the shortest is a ninth as wide.
      for (const width of widths) expect(width).toBeGreaterThan(1 / (9 * times.length));
    }),
  );
});

test("what has no end reaches the edge", () => {
  expect(new TimeInOrder([5, 10]).place(Number.POSITIVE_INFINITY)).toBe(1);
  expect(new TimeInOrder([5]).place(5)).toBe(0);
});
