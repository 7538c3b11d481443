/** What encryption at rest costs: three nodes with it, three without, in one interleaved run. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./options.js";
import { startRedoubt } from "./targets.js";
import { type Comparison, compareTargets } from "./throughput.js";
import type { Workload } from "./workloads.js";

const KEY_BYTES = 32;
const LARGE_BYTES = 10_000;

const SET = { command: ["SET", "key:__rand_int__", "x".repeat(100)], range: 100_000 };
const LARGE = { command: ["SET", "key:__rand_int__", "x".repeat(LARGE_BYTES)], range: 1_000 };

/** One client: each write is a value of its own in the log. Many: a batch is one. Large ones: bytes count. */
const WRITES: readonly Workload[] = [
  { name: "SET 100 B, 1 connection", ...SET, connections: 1, pipeline: 1 },
  { name: "SET 100 B, 50 connections", ...SET, connections: 50, pipeline: 1 },
  { name: "SET 100 B, 50 connections, pipeline 16", ...SET, connections: 50, pipeline: 16 },
  { name: "SET 10 000 B, 50 connections", ...LARGE, connections: 50, pipeline: 1 },
];

export async function runEncryption(options: BenchOptions): Promise<readonly Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-bench-key-"));
  const keyPath = join(folder, "keys");
  const digits = randomBytes(KEY_BYTES).toString("hex");
  writeFileSync(keyPath, `bench ${digits}\n`, { mode: 0o600 });
  try {
    const encrypted = await startRedoubt([`encryption-key-file=${keyPath}`], "encrypted, 3 nodes");
    const plain = await startRedoubt([], "plain, 3 nodes");
    return await compareTargets([encrypted, plain], WRITES, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
