/**
 * The write-amplification group: bytes that a node's process hands to the disk (Linux: write_bytes of /proc/PID/io)
 * per byte of effects in its log, for each node of three, while SETs are written as fast as they go. With the default
 * triggers of snapshots, LevelDB's tables and the trimming of what snapshots cover included.
 */

import { readFileSync } from "node:fs";
import { TestCluster } from "../cluster/support/test-cluster.js";
import { pause } from "../cluster/support/until.js";
import type { BenchOptions } from "./options.js";
import { PacedLoad } from "./paced-load.js";
import { left, right, Table } from "./table.js";

interface Amplification {
  readonly valueBytes: number;
  readonly snapshots: boolean;
  /** Of each node. */
  readonly perEffectByte: readonly number[];
}

const VALUE_SIZES = [100, 1024];
const CONNECTIONS = 50;
const KEYS = 100_000;
const HEAP_MEGABYTES = 2048;
/** Seconds of load for one of `--seconds`: what LevelDB does later must have its time. */
const SECONDS_FACTOR = 10;
/** Milliseconds after the load, in which compactions end. */
const SETTLE_MS = 3000;

export async function runWriteAmplification({
  seconds,
}: BenchOptions): Promise<readonly Amplification[]> {
  const found: Amplification[] = [];
  const table = new Table([
    left("SET on 50 connections", 26),
    left("snapshots", 26),
    right("node 1", 9),
    right("node 2", 9),
    right("node 3", 9),
  ]);
  table.printTitles();
  for (const valueBytes of VALUE_SIZES) {
    for (const snapshots of [false, true]) {
      const perEffectByte = await measure(valueBytes, snapshots, seconds * SECONDS_FACTOR);
      found.push({ valueBytes, snapshots, perEffectByte });
      table.printRow([
        `values of ${valueBytes} B`,
        snapshots ? "every 32 MiB of log" : "none",
        ...perEffectByte.map((factor) => factor.toFixed(2)),
      ]);
    }
  }
  return found;
}

async function measure(valueBytes: number, snapshots: boolean, seconds: number): Promise<number[]> {
  const cluster = await TestCluster.start({
    heapMegabytes: HEAP_MEGABYTES,
    options: () => [
      ...["--save", "", "--log-snapshot-entries", "0", "--maxmemory", "1gb"],
      ...["--log-snapshot-bytes", snapshots ? "32mb" : "0"],
    ],
  });
  try {
    const { port } = await cluster.leader();
    const value = "v".repeat(valueBytes);
    const load = await PacedLoad.start({
      port,
      connections: CONNECTIONS,
      keys: KEYS,
      value,
      rate: Number.POSITIVE_INFINITY,
    });
    await pause(1000);
    const before = await Promise.all(cluster.nodes.map((node) => bytesOf(node)));
    await pause(seconds * 1000);
    await load.stop();
    await cluster.settled();
    await pause(SETTLE_MS);
    const after = await Promise.all(cluster.nodes.map((node) => bytesOf(node)));
    return after.map(({ disk, effects }, at) => {
      const first = before[at]!;
      return (disk - first.disk) / (effects - first.effects);
    });
  } finally {
    await cluster.stop();
  }
}

interface NodeLook {
  readonly pid: number;
  info(section: string): Promise<ReadonlyMap<string, string>>;
}

async function bytesOf(node: NodeLook): Promise<{ disk: number; effects: number }> {
  const io = readFileSync(`/proc/${node.pid}/io`, "utf8");
  const disk = Number(/^write_bytes: (\d+)/m.exec(io)?.[1]);
  const effects = Number((await node.info("raft")).get("raft_applied_bytes"));
  if (!Number.isFinite(effects)) throw new Error("INFO tells no raft_applied_bytes");
  return { disk, effects };
}
