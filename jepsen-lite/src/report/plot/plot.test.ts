import fc from "fast-check";
import { expect, test } from "vitest";
import { COUNT_TICKS_MAX, TIME_TICKS_MAX } from "../constants.js";
import { line, scatter, steps } from "./path.js";
import { countScale, latencyScale, type Scale, timeScale } from "./scale.js";

function expectLegible(scale: Scale, ticksMax: number): void {
  expect(scale.ticks.length).toBeLessThanOrEqual(ticksMax + 1);
  expect(scale.ticks.length).toBeGreaterThanOrEqual(2);
  const places = scale.ticks.map(({ at }) => at);
  expect(places).toEqual([...new Set(places)].sort((left, right) => left - right));
  expect(places[0]).toBe(0);
  expect(places.at(-1)).toBeLessThanOrEqual(1);
  expect(new Set(scale.ticks.map(({ label }) => label)).size).toBe(places.length);
}

test("a time axis has few, different ticks", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e11 }), (us) => {
      expectLegible(timeScale(us), TIME_TICKS_MAX);
    }),
  );
});

test("a counting axis holds its greatest value", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e7 }), (max) => {
      const scale = countScale(max);
      expectLegible(scale, COUNT_TICKS_MAX + 1);
      expect(scale.place(max)).toBeLessThanOrEqual(1);
      expect(scale.place(max + 1)).toBeGreaterThanOrEqual(scale.place(max));
    }),
  );
});

test("a latency axis is of whole decades, and what lies outside is at its edge", () => {
  const scale = latencyScale(0.3, 450);
  expect(scale.ticks.map(({ label }) => label.replace("\u202f", " "))).toEqual([
    "0.1 ms",
    "1 ms",
    "10 ms",
    "100 ms",
    "1 s",
  ]);
  expect(scale.place(10)).toBeCloseTo(0.5);
  expect([scale.place(0), scale.place(1e9)]).toEqual([0, 1]);
});

test("no point is left out: a lonely one has a mark among thousands", () => {
  const crowd = Array.from({ length: 10_000 }, () => ({ x: 0.2, y: 0.2 }));
  const layers = scatter([...crowd, { x: 0.9, y: 1 }]);
  expect(layers.map(({ from, marks }) => [from, marks])).toEqual([
    [1, 1],
    [100, 1],
  ]);
  expect(layers[0]?.path).toBe("M901.3 5h0");
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
test("marks lie within the chart", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ x: share, y: share })), (points) => {
      const layers = scatter(points);
      const marks = layers.reduce((sum, layer) => sum + layer.marks, 0);
      expect(marks).toBeLessThanOrEqual(points.length);
      expect(marks > 0).toBe(points.length > 0);
      for (const [, x, y] of layers.flatMap(({ path }) => [...path.matchAll(/M(\S+) (\S+)h0/g)])) {
        expect(Number(x)).toBeGreaterThan(0);
        expect(Number(x)).toBeLessThan(1000);
        expect(Number(y)).toBeGreaterThan(0);
        expect(Number(y)).toBeLessThan(1000);
      }
    }),
  );
});

test("a line is interrupted where there is nothing", () => {
  const points = [{ x: 0, y: 0 }, { x: 0.1, y: 1 }, null, { x: 0.3, y: 0.5 }];
  expect(line(points)).toBe("M0 1000L100 0M300 500");
});

test("an area stands on the lower edge and holds each value until the next", () => {
  const values = [
    { x: 0, y: 0.5 },
    { x: 0.5, y: 1 },
  ];
  expect(steps(values, 0.75)).toBe("M0 1000V500H500V0H750V1000Z");
  expect(steps([], 1)).toBe("");
  expect(steps([...values, { x: 0.75, y: 0 }], 1)).toBe("M0 1000V500H500V0H750V1000Z");
  expect(steps([{ x: 0, y: 0 }, ...values.slice(1)], 1)).toBe("M500 1000V0H1000V1000Z");
});
