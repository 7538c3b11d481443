import { expect, test } from "vitest";
import type { Comparison } from "./contest.js";
import { basisOf, latencyRatio, relativeRatio, throughputRatio } from "./ratios.js";
import { comparison, sample } from "./testing/synthetic-figures.js";

test("a ratio is made pair by pair, then its median is taken", () => {
  // The machine was slow in the second round, for both.
  const rates = { a: [200, 60, 220], b: [100, 30, 100] };
  expect(throughputRatio(comparison("w", rates), "a", "b")).toEqual({
    median: 2,
    least: 2,
    most: 2.2,
    basis: "throughput",
    byThroughput: 2,
    byCpu: 1,
  });
});

test("where the generator took too much, operations for each second of server CPU are compared", () => {
  const processes = (cpu: number) => [
    { ...sample(1).processes![0]!, cpuUsPerOperation: cpu },
    { ...sample(1).processes![1]!, cpuUsPerOperation: cpu },
  ];
  const contest = (changes: Partial<ReturnType<typeof sample>>): Comparison => ({
    workload: "w",
    first: "a",
    sides: [
      { side: "a", samples: [sample(100, { processes: processes(20) })] },
      { side: "b", samples: [sample(100, { processes: processes(10), ...changes })] },
    ],
  });
  expect(throughputRatio(contest({}), "a", "b")).toMatchObject({ median: 1, basis: "throughput" });
  for (const changes of [{ generatorShare: 0.41 }, { generatorThread: 0.96 }]) {
    const ratio = throughputRatio(contest(changes), "a", "b");
    expect(ratio).toMatchObject({ median: 0.5, basis: "CPU" });
  }
  // Nobody knows the servers' CPU: throughput is all there is.
  const unknown = contest({ generatorShare: 0.9, processes: null });
  expect(basisOf(unknown, "a", "b")).toBe("throughput");
});

test("two ratios that are compared have one basis", () => {
  const plain = comparison("w", { a: [100], b: [100] });
  const limited: Comparison = {
    workload: "v",
    first: "a",
    sides: plain.sides.map(({ side }) => ({
      side,
      samples: [sample(side === "a" ? 50 : 100, { generatorShare: 0.5 })],
    })),
  };
  const ratio = relativeRatio([plain, "a", "b"], [limited, "a", "b"]);
  expect(ratio).toMatchObject({ median: 1, basis: "CPU" });
});

test("who was not measured has no ratio", () => {
  const alone = comparison("w", { a: [100] });
  expect(throughputRatio(alone, "a", "b")).toBeNull();
  expect(latencyRatio(alone, "b", "a", "p99Ms")).toBeNull();
});
