/**
 * The snapshot group: latency of SET at half of the peak before and while a snapshot of 1 M keys is made, beside
 * redis-server's BGSAVE under the same load. Rounds interleave both servers; within one, "before" comes directly
 * before "during", and takes as long as the server's last snapshot: a stall that comes every five seconds is in
 * every long window and in few short ones. Between two snapshots a tenth of the keys changes.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "../cluster/support/raw-client.js";
import { load, padded } from "./load.js";
import type { BenchOptions } from "./options.js";
import { type Latencies, PacedLoad } from "./paced-load.js";
import { median } from "./statistics.js";
import { left, right, Table } from "./table.js";
import { startRedis } from "./targets/redis.js";
import { NO_SNAPSHOTS, startRedoubt } from "./targets/redoubt.js";
import type { Target } from "./targets/target.js";

interface Round {
  readonly before: Latencies;
  readonly during: Latencies;
  /** Of the snapshot. */
  readonly ms: number;
  /** Of the serving thread, spent on it; null: not told. */
  readonly servingMs: number | null;
}

interface Measured {
  readonly target: Target;
  /** Requests a second. */
  readonly rate: number;
  /** Of its last snapshot. */
  lastMs: number;
  readonly rounds: Round[];
}

/** What --json gets of one server. */
export interface SnapshotFigures {
  readonly target: string;
  readonly rate: number;
  readonly rounds: readonly Round[];
}

const KEYS = 1_000_000;
const VALUE = "x".repeat(100);
const CONNECTIONS = 50;
const RATIO_AIM = 2;
const SERVING_SHARE_AIM = 0.01;
/** Milliseconds between two looks at whether the snapshot is made. */
const LOOK_MS = 20;
/** Milliseconds after what was loaded. */
const SETTLE_MS = 3000;
/** Milliseconds. Loading may starve nodes on a busy machine; an election would tell nothing. */
const ELECTION_TIMEOUT_MS = 5000;

const TABLE = new Table([
  left("target", 32),
  right("rate", 9),
  right("p99 before", 12),
  right("p99 during", 12),
  right("ratio", 8),
  right("max during", 12),
  right("snapshot s", 12),
  right("serving", 10),
]);

export async function runSnapshots(options: BenchOptions): Promise<readonly SnapshotFigures[]> {
  const electionTimeout = `election-timeout=${ELECTION_TIMEOUT_MS}`;
  const redoubt = await startRedoubt([...NO_SNAPSHOTS, electionTimeout]);
  const redis = await startRedis();
  const targets: Target[] = redis === null ? [redoubt] : [redoubt, redis];
  if (redis === null) process.stdout.write("skipped: no redis-server, nothing to compare with\n");
  try {
    process.stdout.write(
      `1 M keys of 100 B, SET on ${CONNECTIONS} connections at half of the peak, ${options.rounds} interleaved ` +
        `rounds; medians, milliseconds, latency from when a request was due\n\n`,
    );
    const figures: Measured[] = [];
    for (const target of targets) {
      await load(await target.port(), allKeys());
      await sleep(SETTLE_MS);
      const peak = await peakOf(target, options.seconds);
      // The first is made of everything; those that follow of what has changed.
      const { ms } = await snapshotOf(await target.port());
      figures.push({ target, rate: peak / 2, lastMs: ms, rounds: [] });
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const measured of figures) {
        const found = await measure(measured, options.seconds);
        measured.rounds.push(found);
        measured.lastMs = found.ms;
      }
    }
    TABLE.printTitles();
    for (const { target, rate, rounds } of figures) print(target.name, rate, rounds);
    return figures.map(({ target, rate, rounds }) => ({ target: target.name, rate, rounds }));
  } finally {
    for (const target of targets) await target.stop();
  }
}

async function peakOf(target: Target, seconds: number): Promise<number> {
  const pressed = await begun(target, Number.POSITIVE_INFINITY);
  await sleep(1000);
  pressed.take();
  await sleep(seconds * 1000);
  const { perSecond } = pressed.take();
  await pressed.stop();
  return perSecond;
}

async function begun(target: Target, rate: number): Promise<PacedLoad> {
  const port = await target.port();
  return PacedLoad.start({ port, connections: CONNECTIONS, keys: KEYS, value: VALUE, rate });
}

async function measure({ target, rate, lastMs }: Measured, seconds: number): Promise<Round> {
  const port = await target.port();
  await load(port, someKeys(KEYS / 10));
  await sleep(SETTLE_MS);
  const paced = await begun(target, rate);
  try {
    await sleep(1000);
    paced.take();
    await sleep(Math.max(seconds * 1000, lastMs));
    const before = paced.take();
    const { ms, servingMs } = await snapshotOf(port);
    return { before, during: paced.take(), ms, servingMs };
  } finally {
    await paced.stop();
  }
}

/** One snapshot of the node that serves, from its order to its end. */
async function snapshotOf(port: number): Promise<{ ms: number; servingMs: number | null }> {
  const client = await RawClient.connect(port);
  try {
    const servingBefore = await info(client, "snapshot_serving_ms");
    const beganMs = performance.now();
    await client.text("BGSAVE");
    // Begun when it is answered.
    while ((await info(client, "rdb_bgsave_in_progress")) !== 0) await sleep(LOOK_MS);
    const ms = performance.now() - beganMs;
    const status = await text(client, "rdb_last_bgsave_status");
    if (status !== "ok") throw new Error(`the snapshot was not made: ${status}`);
    const serving = await info(client, "snapshot_serving_ms");
    return { ms, servingMs: serving === null ? null : serving - (servingBefore ?? 0) };
  } finally {
    await client.end();
  }
}

/** null: there is no such line. */
async function text(client: RawClient, name: string): Promise<string | null> {
  const lines = await client.text("INFO", "persistence");
  return new RegExp(`^${name}:(\\S+)`, "m").exec(lines)?.[1] ?? null;
}

async function info(client: RawClient, name: string): Promise<number | null> {
  const found = await text(client, name);
  return found === null ? null : Number(found);
}

function print(name: string, rate: number, rounds: readonly Round[]): void {
  const ratio = median(rounds.map(({ before, during: after }) => after.p99 / before.p99));
  const serving = rounds.map(({ servingMs, ms }) => (servingMs === null ? null : servingMs / ms));
  const shares = serving.filter((share) => share !== null);
  const share = shares.length === 0 ? null : median(shares);
  TABLE.printRow([
    name,
    Math.round(rate).toString(),
    median(rounds.map(({ before }) => before.p99)).toFixed(2),
    median(rounds.map((round) => round.during.p99)).toFixed(2),
    ratio.toFixed(2),
    median(rounds.map((round) => round.during.max)).toFixed(1),
    median(rounds.map(({ ms }) => ms / 1000)).toFixed(1),
    share === null ? "-" : `${(share * 100).toFixed(2)} %`,
  ]);
  if (share === null) return;
  const isMet = ratio <= RATIO_AIM && share < SERVING_SHARE_AIM;
  process.stdout.write(
    `  aim: ratio at most ${RATIO_AIM}, serving thread below ${SERVING_SHARE_AIM * 100} %: ${isMet ? "met" : "MISSED"}\n`,
  );
}

function* allKeys(): Iterable<readonly string[]> {
  for (let i = 0; i < KEYS; i++) yield ["SET", `key:${padded(i)}`, VALUE];
}

function* someKeys(count: number): Iterable<readonly string[]> {
  const first = Math.floor(Math.random() * KEYS);
  for (let i = 0; i < count; i++) {
    yield ["SET", `key:${padded((first + i * 7) % KEYS)}`, `${i}`.padEnd(VALUE.length, "y")];
  }
}
