/**
 * npm run bench [-- --rounds 5 --seconds 3]
 *
 * redis-benchmark against three Redoubt nodes and a real redis-server (master, two replicas, appendfsync
 * always), both started here, in one interleaved run A B A B: medians with their spread, and ratios. The
 * two do not promise the same: this Redis answers when its own disk has the write, whatever replicas do.
 */

import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startRedis, startRedoubt, type Target } from "./targets.js";

interface Workload {
  readonly name: string;
  readonly test: "set" | "get";
  readonly connections: number;
  readonly pipeline: number;
}

interface Sample {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
}

const WORKLOADS: readonly Workload[] = [
  { name: "SET, 1 connection", test: "set", connections: 1, pipeline: 1 },
  { name: "SET, 50 connections", test: "set", connections: 50, pipeline: 1 },
  { name: "SET, 200 connections", test: "set", connections: 200, pipeline: 1 },
  { name: "SET, 50 connections, pipeline 16", test: "set", connections: 50, pipeline: 16 },
  { name: "GET, 50 connections", test: "get", connections: 50, pipeline: 1 },
  { name: "GET, 50 connections, pipeline 16", test: "get", connections: 50, pipeline: 16 },
];

const VALUE_BYTES = 64;
const KEY_SPACE = 100_000;
/** Requests of the first try; the count of a round is then scaled to the wanted seconds. */
const PROBE_REQUESTS = 5_000;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});

function measure(port: number, workload: Workload, requests: number): Sample {
  const output = execFileSync(
    "redis-benchmark",
    [
      ...[
        "-p",
        String(port),
        "-t",
        workload.test,
        "-d",
        String(VALUE_BYTES),
        "-r",
        String(KEY_SPACE),
      ],
      ...["-c", String(workload.connections), "-P", String(workload.pipeline)],
      ...["-n", String(requests), "--csv"],
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  const row = output
    .trim()
    .split("\n")
    .at(-1)!
    .split(",")
    .map((cell) => cell.replaceAll('"', ""));
  // test, rps, avg, min, p50, p95, p99, max (ms)
  return { rps: Number(row[1]), p50: Number(row[4]), p99: Number(row[6]) };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function spread(numbers: readonly number[]): string {
  return `${Math.round(Math.min(...numbers))}-${Math.round(Math.max(...numbers))}`;
}

async function main(): Promise<void> {
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  const redoubt = await startRedoubt();
  const redis = await startRedis();
  const targets: Target[] = redis === null ? [redoubt] : [redoubt, redis];
  if (redis === null) process.stdout.write("skipped: no redis-server, nothing to compare with\n");
  const results: object[] = [];
  try {
    process.stdout.write(
      `${cpus().length} x ${cpus()[0]?.model ?? "cpu"}, node ${process.version}; ${VALUE_BYTES}-byte values, ` +
        `${rounds} interleaved rounds of about ${seconds} s; medians (spread)\n\n`,
    );
    process.stdout.write(
      `${row("", "target", "per second", "spread", "p50 ms", "p99 ms", "ratio")}\n`,
    );
    for (const workload of WORKLOADS) results.push(compare(workload, targets, rounds, seconds));
    if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  } finally {
    for (const target of targets) await target.stop();
  }
}

function compare(
  workload: Workload,
  targets: readonly Target[],
  rounds: number,
  seconds: number,
): object {
  const counts = targets.map((target) => {
    const { rps } = measure(target.port(), workload, PROBE_REQUESTS);
    return Math.max(PROBE_REQUESTS, Math.round(rps * seconds));
  });
  const samples: Sample[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    targets.forEach((target, i) => {
      samples[i]!.push(measure(target.port(), workload, counts[i]!));
    });
  }
  const rates = samples.map((list) => list.map((sample) => sample.rps));
  targets.forEach((target, i) => {
    // Pair by pair: what slows the machine down for a while slows both of a pair.
    const ratios =
      i === 0 && targets.length > 1 ? rates[0]!.map((rps, j) => rps / rates[1]![j]!) : null;
    process.stdout.write(
      `${row(
        i === 0 ? workload.name : "",
        target.name,
        String(Math.round(median(rates[i]!))),
        spread(rates[i]!),
        median(samples[i]!.map((sample) => sample.p50)).toFixed(2),
        median(samples[i]!.map((sample) => sample.p99)).toFixed(2),
        ratios === null ? "" : median(ratios).toFixed(2),
      )}\n`,
    );
  });
  return {
    workload: workload.name,
    targets: targets.map((target, i) => ({ name: target.name, samples: samples[i] })),
  };
}

function row(...cells: readonly string[]): string {
  const widths = [34, 32, 12, 16, 9, 9, 6];
  return cells
    .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
    .join("");
}

await main();
