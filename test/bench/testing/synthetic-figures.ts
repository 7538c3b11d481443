/** Figures as runs would find them, never measured. */

import { type Findings, type LineResult, resultsOf } from "../acceptance-lines.js";
import type { Comparison } from "../contest.js";
import type { Sample } from "../sample.js";

export function sample(perSecond: number, changes: Partial<Sample> = {}): Sample {
  return {
    perSecond,
    p50Ms: 1,
    p99Ms: 2,
    p999Ms: 3,
    maxMs: 4,
    generatorShare: 0.1,
    generatorThread: 0.2,
    processes: [
      {
        role: "leader",
        cpuUsPerOperation: 20,
        writtenBytesPerOperation: 300,
        residentBytes: 150_000_000,
      },
      {
        role: "follower",
        cpuUsPerOperation: 10,
        writtenBytesPerOperation: 200,
        residentBytes: 100_000_000,
      },
    ],
    ...changes,
  };
}

/** Rates of each side, round by round. */
export function comparison(
  workload: string,
  rates: Readonly<Record<string, readonly number[]>>,
): Comparison {
  const sides = Object.entries(rates).map(([side, perSecond]) => ({
    side,
    samples: perSecond.map((each) => sample(each)),
  }));
  return { workload, first: Object.keys(rates)[0]!, sides };
}

export const comparisons: readonly Comparison[] = [
  comparison("SET, 50 connections", {
    redoubt: [12_000, 11_000, 13_000],
    "redis, AOF always + WAIT 1": [10_000, 10_000, 10_000],
    etcd: [3_000, 3_100, 2_900],
  }),
  comparison("XADD MAXLEN ~, 50 connections", {
    redoubt: [5_000, 5_000, 5_000],
    "redis, AOF always + WAIT 1": [9_000, 10_000, 11_000],
  }),
];

export function linesOf(findings: Partial<Findings> = {}): readonly LineResult[] {
  return resultsOf({ comparisons, memoryRatio: 2.2, ...findings });
}
