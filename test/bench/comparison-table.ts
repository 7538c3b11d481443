/** Comparisons as lines on the terminal. */

import type { Comparison } from "./contest.js";
import { cpuUsPerOperation, type Ratio, throughputRatio } from "./ratios.js";
import type { Sample } from "./sample.js";
import { median, spread } from "./statistics.js";
import { left, right, Table } from "./table.js";

const TABLE = new Table([
  left("", 46),
  left("side", 30),
  right("per second", 11),
  right("spread", 16),
  right("p50 ms", 9),
  right("p99 ms", 9),
  right("p99.9", 9),
  right("CPU us/op", 10),
  right("leader", 8),
  right("disk B/op", 10),
  right("RSS MB", 8),
  right("generator", 10),
  right("ratio", 8),
]);

export const LEGEND =
  "Medians. CPU and bytes to disk: of all server processes for one operation (leader: its CPU alone); RSS: of the\n" +
  "leader; generator: its part of the CPU of all processors. Ratio: of the first line's throughput to this one's,\n" +
  "pair by pair; with a c: of operations for each second of server CPU, since the generator took too much.\n\n";

export function printTitles(): void {
  TABLE.printTitles();
}

export function printComparison(comparison: Comparison): void {
  const { first } = comparison;
  comparison.sides.forEach(({ side, samples }, i) => {
    const of = (value: (sample: Sample) => number): number => median(samples.map(value));
    const rates = samples.map(({ perSecond }) => perSecond);
    TABLE.printRow([
      i === 0 ? comparison.workload : "",
      side,
      median(rates).toFixed(0),
      spread(rates),
      of(({ p50Ms }) => p50Ms).toFixed(3),
      of(({ p99Ms }) => p99Ms).toFixed(3),
      of(({ p999Ms }) => p999Ms).toFixed(3),
      told(of(cpuUsPerOperation), 1),
      told(
        of((sample) => leaderOf(sample)?.cpuUsPerOperation ?? Number.NaN),
        1,
      ),
      told(of(writtenBytesPerOperation), 0),
      told(
        of((sample) => (leaderOf(sample)?.residentBytes ?? Number.NaN) / 1e6),
        0,
      ),
      `${(of(({ generatorShare }) => generatorShare) * 100).toFixed(0)} %`,
      side === first ? "" : ratioText(throughputRatio(comparison, first, side)),
    ]);
  });
}

export function ratioText(ratio: Ratio | null): string {
  if (ratio === null) return "-";
  return `${ratio.median.toFixed(2)}${ratio.basis === "CPU" ? " c" : ""}`;
}

export function leaderOf({ processes }: Sample): NonNullable<Sample["processes"]>[number] | null {
  return processes?.find(({ role }) => role === "leader") ?? null;
}

/** Of all server processes; NaN: not known. */
export function writtenBytesPerOperation({ processes }: Sample): number {
  if (processes === null) return Number.NaN;
  return processes.reduce((sum, each) => sum + each.writtenBytesPerOperation, 0);
}

function told(number: number, digits: number): string {
  return Number.isNaN(number) ? "-" : number.toFixed(digits);
}
