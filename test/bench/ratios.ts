/** Ratios of one side to another, made pair by pair within rounds. */

import type { Comparison, SideSamples } from "./contest.js";
import type { Sample } from "./sample.js";
import { median } from "./statistics.js";

/**
 * What a ratio of throughputs was made of. CPU: operations for each second of CPU of all server processes, where the
 * load generator took so much that throughput tells about it, not about the server.
 */
export type Basis = "throughput" | "CPU" | "latency" | "memory";

export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly basis: Basis;
  /** Medians by either basis, whichever counts: another run may be made of the other. null: not of throughputs, or not known. */
  readonly byThroughput: number | null;
  readonly byCpu: number | null;
}

export type Latency = "p50Ms" | "p99Ms" | "p999Ms";

/** The generator's part of the CPU of all processors, and of the one it can use, from which it is a limit. */
const GENERATOR_SHARE_MAX = 0.4;
const GENERATOR_THREAD_MAX = 0.95;

/** null: one of the sides was not measured. */
export function throughputRatio(
  comparison: Comparison,
  of: string,
  to: string,
  basis: Basis = basisOf(comparison, of, to),
): Ratio | null {
  const plain = ratio(comparison, of, to, (sample) => sample.perSecond, "throughput");
  const byCpu = ratio(comparison, of, to, operationsPerCpuSecond, "CPU");
  const counting = basis === "CPU" ? byCpu : plain;
  if (counting === null || plain === null || byCpu === null) return null;
  return {
    ...counting,
    byThroughput: plain.median,
    byCpu: Number.isNaN(byCpu.median) ? null : byCpu.median,
  };
}

export function latencyRatio(
  comparison: Comparison,
  of: string,
  to: string,
  latency: Latency,
): Ratio | null {
  return ratio(comparison, of, to, (sample) => sample[latency], "latency");
}

/** How one contest's ratio stands to another's: of medians, since their rounds are not the same. */
export function relativeRatio(
  first: readonly [Comparison, string, string],
  second: readonly [Comparison, string, string],
): Ratio | null {
  const isByCpu = [first, second].some((each) => basisOf(...each) === "CPU");
  const basis = isByCpu ? "CPU" : "throughput";
  const above = throughputRatio(...first, basis);
  const below = throughputRatio(...second, basis);
  if (above === null || below === null) return null;
  return {
    median: above.median / below.median,
    least: above.least / below.median,
    most: above.most / below.median,
    basis,
    byThroughput: quotient(above.byThroughput, below.byThroughput),
    byCpu: quotient(above.byCpu, below.byCpu),
  };
}

function quotient(above: number | null, below: number | null): number | null {
  return above === null || below === null ? null : above / below;
}

export function basisOf({ sides }: Comparison, of: string, to: string): Basis {
  const both = sides.filter(({ side }) => side === of || side === to);
  const isKnown = both.every(({ samples }) => samples.every(({ processes }) => processes !== null));
  return isKnown && both.some(isLimitedByGenerator) ? "CPU" : "throughput";
}

function isLimitedByGenerator({ samples }: SideSamples): boolean {
  return (
    median(samples.map((sample) => sample.generatorShare)) > GENERATOR_SHARE_MAX ||
    median(samples.map((sample) => sample.generatorThread)) > GENERATOR_THREAD_MAX
  );
}

/** Of all server processes; NaN: not known. */
export function cpuUsPerOperation({ processes }: Sample): number {
  if (processes === null) return Number.NaN;
  return processes.reduce((sum, each) => sum + each.cpuUsPerOperation, 0);
}

function operationsPerCpuSecond(sample: Sample): number {
  return 1e6 / cpuUsPerOperation(sample);
}

function ratio(
  { sides }: Comparison,
  of: string,
  to: string,
  value: (sample: Sample) => number,
  basis: Basis,
): Ratio | null {
  const above = sides.find(({ side }) => side === of);
  const below = sides.find(({ side }) => side === to);
  if (above === undefined || below === undefined) return null;
  const values = above.samples.map((sample, round) => value(sample) / value(below.samples[round]!));
  return {
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    basis,
    byThroughput: null,
    byCpu: null,
  };
}
