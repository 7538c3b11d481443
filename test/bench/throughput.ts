/**
 * The throughput groups: redis-benchmark against three Redoubt nodes and a real redis-server (master, two
 * replicas, appendfsync always), in one interleaved run A B A B: medians with their spread, and ratios. The
 * two do not promise the same: this Redis answers when its own disk has the write, whatever replicas do.
 */

import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "./load.js";
import type { BenchOptions } from "./options.js";
import { median, spread } from "./statistics.js";
import { left, right, Table } from "./table.js";
import { startRedis, startRedoubt, type Target } from "./targets.js";
import { VALUE_BYTES, type Workload } from "./workloads.js";

interface Sample {
  /** Requests per second. */
  readonly rps: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** What --json gets of one workload; samples are in the order of the rounds. */
export interface Comparison {
  readonly workload: string;
  readonly targets: readonly { readonly name: string; readonly samples: readonly Sample[] }[];
}

/** Requests of the first try, for each place in the pipelines; a round is then scaled to the wanted seconds. */
const PROBE_REQUESTS_PER_PLACE = 100;
const PROBE_REQUESTS_MIN = 500;
const PROBE_REQUESTS_MAX = 20_000;
/** Milliseconds from what was prepared to the run: followers have it too, and what was deleted is released. */
const SETTLE_MS = 200;
/** Tries of one run that elections end, and milliseconds given to an election. */
const ATTEMPTS_MAX = 3;
const ELECTION_MS = 3_000;

const TABLE = new Table([
  left("", 42),
  left("target", 32),
  right("per second", 12),
  right("spread", 16),
  right("p50 ms", 9),
  right("p99 ms", 9),
  right("ratio", 7),
]);

export async function runThroughput(
  workloads: readonly Workload[],
  options: BenchOptions,
): Promise<readonly Comparison[]> {
  const redoubt = await startRedoubt();
  const redis = await startRedis();
  if (redis === null) process.stdout.write("skipped: no redis-server, nothing to compare with\n");
  process.stdout.write(`${VALUE_BYTES}-byte values, `);
  return compareTargets(redis === null ? [redoubt] : [redoubt, redis], workloads, options);
}

/** They are stopped when it is over. The ratio is the first one's to the second. */
export async function compareTargets(
  targets: readonly Target[],
  workloads: readonly Workload[],
  options: BenchOptions,
): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = [];
  try {
    process.stdout.write(
      `${options.rounds} interleaved rounds of about ${options.seconds} s; ` +
        "medians (spread), ratio pair by pair\n\n",
    );
    TABLE.printTitles();
    for (const workload of workloads) {
      const comparison = await compare(workload, targets, options);
      print(comparison);
      comparisons.push(comparison);
    }
  } finally {
    for (const target of targets) await target.stop();
  }
  return comparisons;
}

async function compare(
  workload: Workload,
  targets: readonly Target[],
  { rounds, seconds }: BenchOptions,
): Promise<Comparison> {
  const probe = probeRequests(workload);
  const counts: number[] = [];
  for (const target of targets) {
    const { rps } = await measure(target, workload, probe);
    counts.push(Math.max(PROBE_REQUESTS_MIN, Math.round(rps * seconds)));
  }
  const samples: Sample[][] = targets.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, target] of targets.entries()) {
      samples[i]!.push(await measure(target, workload, counts[i]!));
    }
  }
  return {
    workload: workload.name,
    targets: targets.map((target, i) => ({ name: target.name, samples: samples[i]! })),
  };
}

function probeRequests({ connections, pipeline }: Workload): number {
  const wanted = connections * pipeline * PROBE_REQUESTS_PER_PLACE;
  return Math.min(PROBE_REQUESTS_MAX, Math.max(PROBE_REQUESTS_MIN, wanted));
}

/** A run that an election ends is no figure: it is done again, and said. */
async function measure(target: Target, workload: Workload, requests: number): Promise<Sample> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await measureOnce(await target.port(), workload, requests);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      const why = (error as Error).message.trim().split("\n").at(-1)!;
      process.stdout.write(`(${workload.name} on ${target.name} is run again: ${why})\n`);
      await sleep(ELECTION_MS);
    }
  }
}

async function measureOnce(port: number, workload: Workload, requests: number): Promise<Sample> {
  if (workload.prepare !== undefined) {
    await load(port, workload.prepare(requests));
    await sleep(SETTLE_MS);
  }
  const output = execFileSync(
    "redis-benchmark",
    [
      ...["-p", String(port), "-r", String(workload.range), "-n", String(requests)],
      ...["-c", String(workload.connections), "-P", String(workload.pipeline), "--csv"],
      ...workload.command,
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] },
  );
  const cells = output
    .trim()
    .split("\n")
    .at(-1)!
    .split(",")
    .map((cell) => cell.replaceAll('"', ""));
  // test, rps, avg, min, p50, p95, p99, max (ms)
  const sample = { rps: Number(cells[1]), p50: Number(cells[4]), p99: Number(cells[6]) };
  if (!(sample.rps > 0)) throw new Error(`redis-benchmark said: ${output.trim()}`);
  return sample;
}

function print({ workload, targets }: Comparison): void {
  const rates = targets.map(({ samples }) => samples.map((sample) => sample.rps));
  // Pair by pair: what slows the machine down for a while slows both of a pair.
  const ratios = rates.length < 2 ? null : rates[0]!.map((rps, round) => rps / rates[1]![round]!);
  targets.forEach(({ name, samples }, i) => {
    TABLE.printRow([
      i === 0 ? workload : "",
      name,
      String(Math.round(median(rates[i]!))),
      spread(rates[i]!),
      median(samples.map((sample) => sample.p50)).toFixed(2),
      median(samples.map((sample) => sample.p99)).toFixed(2),
      i === 0 && ratios !== null ? median(ratios).toFixed(2) : "",
    ]);
  });
}
