/**
 * What a snapshot costs those who write meanwhile: SETs at half of the peak rate over a million keys, in windows with
 * and without one, interleaved, beside BGSAVE of a real redis-server under the same load. On Redoubt all three nodes
 * make one, one after the other, as they do by themselves.
 *
 * Open loop: requests are sent when they are due, however late the last answer is, so that a pause shows in all that
 * came due meanwhile.
 */

import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { load, padded, repeated } from "./load.js";
import type { BenchOptions } from "./options.js";
import { median, spread } from "./statistics.js";
import { left, right, Table } from "./table.js";
import { ask, startRedis, startRedoubt, type Target } from "./targets.js";

const KEYS = 1_000_000;
const VALUE = "v".repeat(100);
const CONNECTIONS = 25;
/** Requests one connection has out while the peak is looked for. */
const PEAK_PIPELINE = 2;
const PEAK_SECONDS = 4;
const LOOK_MS = 50;
/** Ms between two portions of an open loop. */
const PORTION_MS = 2;

/** One side: where writes go, and which ports make snapshots. */
interface Side {
  readonly target: Target;
  readonly ports: readonly number[];
  rate: number;
  readonly samples: Sample[];
}

export interface Sample {
  /** Milliseconds. */
  readonly quietP99: number;
  readonly savingP99: number;
  readonly savingMax: number;
  /** How long the snapshots took, all of a side's. */
  readonly savingMs: number;
  /** Share of that time that the event loops spent on them; NaN: not told. */
  readonly servingShare: number;
}

const TABLE = new Table([
  left("", 32),
  right("SET/s", 8),
  right("p99 quiet", 12),
  right("p99 saving", 12),
  right("ratio", 16),
  right("snapshot s", 12),
  right("serving", 10),
]);

export async function runSaving({ rounds, seconds }: BenchOptions): Promise<unknown> {
  const settings = [
    "save=",
    "log-snapshot-bytes=0",
    "log-snapshot-entries=0",
    "election-timeout=5000",
  ];
  const redoubt = await startRedoubt([...settings, "maxmemory=768mb"]);
  const redis = await startRedis();
  const sides: Side[] = [];
  try {
    for (const target of redis === null ? [redoubt] : [redoubt, redis]) {
      sides.push(await prepare(target, target === redoubt));
    }
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) side.samples.push(await measure(side, seconds));
    }
    process.stdout.write(`${KEYS} keys, values of 100 bytes, ${rounds} interleaved rounds\n\n`);
    TABLE.printTitles();
    for (const side of sides) print(side);
    return sides.map(({ target, rate, samples }) => ({ name: target.name, rate, samples }));
  } finally {
    for (const target of redis === null ? [redoubt] : [redoubt, redis]) await target.stop();
  }
}

async function prepare(target: Target, savesAll: boolean): Promise<Side> {
  const port = await target.port();
  await load(
    port,
    repeated(KEYS, ["MSET"], (i) => [`key:${padded(i)}`, VALUE]),
  );
  // Three consecutive ports; of Redis only the master is written to and saves.
  const ports = savesAll ? await nodesOf(port) : [port];
  for (const each of ports) await save(each);
  const peak = await closedLoop(port, PEAK_SECONDS);
  return { target, ports, rate: Math.floor(peak / 2), samples: [] };
}

async function nodesOf(port: number): Promise<number[]> {
  const shown = ask(port, "CLUSTER", "NODES").matchAll(/127\.0\.0\.1:(\d+)@/g);
  // The leader last, as nodes take turns.
  return [...shown]
    .map(([, each]) => Number(each))
    .toSorted((a, b) => Number(a === port) - Number(b === port));
}

async function measure(side: Side, seconds: number): Promise<Sample> {
  const port = await side.target.port();
  const quiet = await openLoop(port, side.rate, sleep(seconds * 1000));
  const before = side.ports.map(servingMs);
  let savingMs = 0;
  const saving = await openLoop(
    port,
    side.rate,
    (async () => {
      const began = performance.now();
      for (const each of side.ports) await save(each);
      savingMs = performance.now() - began;
    })(),
  );
  const spent = side.ports.reduce((sum, each, at) => sum + servingMs(each) - before[at]!, 0);
  return {
    quietP99: percentile(quiet, 0.99),
    savingP99: percentile(saving, 0.99),
    savingMax: percentile(saving, 1),
    savingMs,
    servingShare: spent / savingMs,
  };
}

function servingMs(port: number): number {
  return Number(/snapshot_serving_ms:([\d.]+)/.exec(ask(port, "INFO", "persistence"))?.[1]);
}

/** BGSAVE, until it is done. */
async function save(port: number): Promise<void> {
  ask(port, "BGSAVE");
  for (;;) {
    await sleep(LOOK_MS);
    if (/rdb_bgsave_in_progress:0/.test(ask(port, "INFO", "persistence"))) return;
  }
}

/** SETs per second when each connection has so many out. */
async function closedLoop(port: number, seconds: number): Promise<number> {
  let answered = 0;
  const sockets: Socket[] = [];
  for (let at = 0; at < CONNECTIONS; at++) {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("data", (bytes) => {
      const replies = count(bytes);
      answered += replies;
      socket.write(requests(replies), "latin1");
    });
    socket.write(requests(PEAK_PIPELINE), "latin1");
    sockets.push(socket);
  }
  await sleep(seconds * 500);
  const first = answered;
  await sleep(seconds * 500);
  const rate = (answered - first) / (seconds / 2);
  for (const socket of sockets) socket.destroy();
  return rate;
}

/** Latencies in ms of SETs at that rate until `end`, ascending. */
async function openLoop(port: number, rate: number, end: Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  const connections = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const due: number[] = [];
    let head = 0;
    socket.on("data", (bytes) => {
      const nowMs = performance.now();
      for (let replies = count(bytes); replies > 0; replies--) latencies.push(nowMs - due[head++]!);
    });
    return { socket, due };
  });
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  const began = performance.now();
  let sent = 0;
  for (let at = 0; !ended; ) {
    await sleep(PORTION_MS);
    const dueCount = Math.floor(((performance.now() - began) * rate) / 1000);
    for (; sent < dueCount; sent++, at = (at + 1) % CONNECTIONS) {
      const { socket, due } = connections[at]!;
      due.push(began + (sent * 1000) / rate);
      socket.write(requests(1), "latin1");
    }
  }
  await end;
  while (latencies.length < sent) await sleep(PORTION_MS);
  for (const { socket } of connections) socket.destroy();
  return latencies.toSorted((a, b) => a - b);
}

function requests(count: number): string {
  let text = "";
  for (let at = 0; at < count; at++) {
    const key = `key:${padded(Math.floor(Math.random() * KEYS))}`;
    text += `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${VALUE.length}\r\n${VALUE}\r\n`;
  }
  return text;
}

/** Replies of "+OK": an error would hang the loop, and that is told by whoever waits. */
function count(bytes: Buffer): number {
  let replies = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) replies++;
  return replies;
}

function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(Math.floor(ascending.length * share), ascending.length - 1)]!;
}

function print({ target, rate, samples }: Side): void {
  const ratios = samples.map(({ quietP99, savingP99 }) => savingP99 / quietP99);
  const share = median(samples.map(({ servingShare }) => servingShare));
  TABLE.printRow([
    target.name,
    String(rate),
    median(samples.map(({ quietP99 }) => quietP99)).toFixed(2),
    median(samples.map(({ savingP99 }) => savingP99)).toFixed(2),
    `${median(ratios).toFixed(2)} ${spread(ratios)}`,
    (median(samples.map(({ savingMs }) => savingMs)) / 1000).toFixed(1),
    Number.isNaN(share) ? "" : `${(100 * share).toFixed(3)} %`,
  ]);
}
