/**
 * Rounds A B A B: in each of them every side runs the workload once, in the same order. What slows the machine down for
 * a while slows all sides of a round, so ratios are made within rounds.
 */

import { messageOf } from "./message-of.js";
import type { BenchOptions } from "./options.js";
import { type Sample, takeSample } from "./sample.js";
import type { Servers } from "./servers.js";
import type { Side } from "./sides.js";
import type { Workload } from "./workloads.js";

/**
 * Seconds of load before the first round, which nobody counts: V8 compiles what servers run while they run it, and one that
 * was just started is twice as slow for some seconds. Later contests of the same servers only have their own commands to warm.
 */
export const FRESH_WARMUP_SECONDS = 4;
export const WARMUP_SECONDS = 1;

export interface Contest {
  readonly workload: Workload;
  /** The first is whose ratio to each other one is of interest. */
  readonly sides: readonly Side[];
}

export interface SideSamples {
  readonly side: string;
  /** In the order of the rounds. */
  readonly samples: readonly Sample[];
}

export interface Comparison {
  readonly workload: string;
  /** Whose ratio to the others is of interest. */
  readonly first: string;
  /** Those that could be measured. */
  readonly sides: readonly SideSamples[];
}

/** Contests of the same servers. They are asked one after the other; `whenDone` is told each result. */
export async function hold(
  contests: readonly Contest[],
  servers: Servers,
  options: BenchOptions,
  whenDone: (comparison: Comparison) => void,
): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [i, contest] of contests.entries()) {
    const warmupSeconds = i === 0 ? FRESH_WARMUP_SECONDS : WARMUP_SECONDS;
    const comparison = await play(contest, servers, options, warmupSeconds);
    whenDone(comparison);
    comparisons.push(comparison);
  }
  return comparisons;
}

async function play(
  { workload, sides }: Contest,
  servers: Servers,
  { rounds, seconds }: BenchOptions,
  warmupSeconds: number,
): Promise<Comparison> {
  // All are there before one is measured: a start takes what the others need.
  for (const side of sides) await servers.target(side);
  const samples: Sample[][] = sides.map(() => []);
  const failed = new Set<Side>();
  // What disturbs a server is made once a round, and never for nothing.
  const firstRound = workload.shape.disturbance === undefined ? 0 : 1;
  for (let round = firstRound; round <= rounds; round++) {
    const length = { seconds: round === 0 ? warmupSeconds : seconds, seed: round + 1 };
    for (const [i, side] of sides.entries()) {
      if (failed.has(side)) continue;
      try {
        const sample = await takeSample(servers, side, workload, length);
        if (sample !== null && round > 0) samples[i]!.push(sample);
      } catch (error) {
        // The figures of an hour are not lost for it; what needs this side will be told as not measured.
        process.stdout.write(`(left out: ${workload.name}, ${side.name}: ${messageOf(error)})\n`);
        failed.add(side);
      }
    }
  }
  const played = sides.map(({ name }, i) => ({ side: name, samples: samples[i]! }));
  return {
    workload: workload.name,
    first: sides[0]!.name,
    sides: played.filter((side, i) => side.samples.length > 0 && !failed.has(sides[i]!)),
  };
}
