/** What docs/reference/performance.json holds: medians with their spread, of which page and charts are made. */

import type { LineResult } from "../acceptance-lines.js";
import { leaderOf, writtenBytesPerOperation } from "../comparison-table.js";
import type { Comparison, SideSamples } from "../contest.js";
import type { BenchOptions } from "../options.js";
import { cpuUsPerOperation, type Ratio, throughputRatio } from "../ratios.js";
import type { Sample } from "../sample.js";
import { median } from "../statistics.js";
import type { Machine } from "./machine.js";

export const RESULTS_FILE = "performance.json";
const VERSION = 1;
/** Significant digits: more than the spread is worth. */
const DIGITS = 4;

/** Of all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface SideSummary {
  readonly side: string;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  readonly p999Ms: Spread;
  /** Of the CPU of all processors. */
  readonly generatorShare: number;
  /** Of all server processes, and of the leader alone; null: the system does not tell, here and below. */
  readonly cpuUsPerOperation: number | null;
  readonly leaderCpuUsPerOperation: number | null;
  readonly writtenBytesPerOperation: number | null;
  readonly leaderResidentBytes: number | null;
  /** The first side's to this one; null: it is the first, or that was not measured. */
  readonly ratio: Ratio | null;
}

export interface ComparisonSummary {
  readonly workload: string;
  readonly sides: readonly SideSummary[];
}

export interface GroupSummary {
  readonly name: string;
  readonly summary: string;
  readonly comparisons: readonly ComparisonSummary[];
}

export interface Report {
  readonly version: number;
  /** Year, month, day. */
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly lines: readonly LineResult[];
  readonly groups: readonly GroupSummary[];
}

export interface Measured {
  readonly comparisons?: readonly Comparison[];
  readonly lines?: readonly LineResult[];
}

/** A report that grows group by group. */
export function reportOf(
  machine: Machine,
  { rounds, seconds }: Pick<BenchOptions, "rounds" | "seconds">,
): {
  add(group: { readonly name: string; readonly summary: string }, measured: Measured): void;
  finished(): Report;
} {
  const groups: GroupSummary[] = [];
  const lines: LineResult[] = [];
  const date = new Date().toISOString().slice(0, "2026-11-22".length);
  return {
    add: ({ name, summary }, measured) => {
      if (measured.comparisons !== undefined) {
        groups.push({ name, summary, comparisons: measured.comparisons.map(summaryOf) });
      }
      lines.push(...(measured.lines ?? []).map(roundedLine));
    },
    finished: () => ({ version: VERSION, date, machine, rounds, seconds, lines, groups }),
  };
}

export function readReport(text: string): Report {
  const report = JSON.parse(text) as Report;
  if (report.version !== VERSION)
    throw new Error(`${RESULTS_FILE} is of version ${report.version}`);
  return report;
}

export function summaryOf(comparison: Comparison): ComparisonSummary {
  const { workload, first, sides } = comparison;
  return {
    workload,
    sides: sides.map((side) => ({
      ...sideSummary(side),
      ratio:
        side.side === first ? null : roundedRatio(throughputRatio(comparison, first, side.side)),
    })),
  };
}

function sideSummary({ side, samples }: SideSamples): Omit<SideSummary, "ratio"> {
  const spread = (value: (sample: Sample) => number): Spread => {
    const values = samples.map(value);
    return {
      median: rounded(median(values)),
      least: rounded(Math.min(...values)),
      most: rounded(Math.max(...values)),
    };
  };
  const known = (value: (sample: Sample) => number | undefined): number | null => {
    const found = median(samples.map((sample) => value(sample) ?? Number.NaN));
    return Number.isNaN(found) ? null : rounded(found);
  };
  return {
    side,
    perSecond: spread(({ perSecond }) => perSecond),
    p50Ms: spread(({ p50Ms }) => p50Ms),
    p99Ms: spread(({ p99Ms }) => p99Ms),
    p999Ms: spread(({ p999Ms }) => p999Ms),
    generatorShare: rounded(median(samples.map(({ generatorShare }) => generatorShare))),
    cpuUsPerOperation: known(cpuUsPerOperation),
    leaderCpuUsPerOperation: known((sample) => leaderOf(sample)?.cpuUsPerOperation),
    writtenBytesPerOperation: known(writtenBytesPerOperation),
    leaderResidentBytes: known((sample) => leaderOf(sample)?.residentBytes),
  };
}

function roundedLine(line: LineResult): LineResult {
  return { ...line, ratio: roundedRatio(line.ratio) };
}

function roundedRatio(ratio: Ratio | null): Ratio | null {
  if (ratio === null) return null;
  const { median: middle, least, most, basis, byThroughput, byCpu } = ratio;
  return {
    median: rounded(middle),
    least: rounded(least),
    most: rounded(most),
    basis,
    byThroughput: byThroughput === null ? null : rounded(byThroughput),
    byCpu: byCpu === null ? null : rounded(byCpu),
  };
}

function rounded(number: number): number {
  return Number(number.toPrecision(DIGITS));
}
