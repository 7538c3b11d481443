/** What encryption at rest costs: three nodes with it, three without, in one interleaved run. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Comparison } from "./contest.js";
import type { BenchOptions } from "./options.js";
import { leaderSide, REDOUBT, redoubtServer } from "./sides.js";
import { runThroughput } from "./throughput.js";
import { SET, setOf, shaped, type Workload } from "./workloads.js";

const KEY_BYTES = 32;
const LARGE_BYTES = 8 * 1024;

/** One client: each write is a value of its own in the log. Many: a batch is one. Large ones: bytes count. */
const WRITES: readonly Workload[] = [
  shaped(SET, { connections: 1 }),
  shaped(SET, { connections: 50 }),
  shaped(SET, { connections: 50, pipeline: 16 }),
  shaped(setOf(LARGE_BYTES), { connections: 50 }),
];

export async function runEncryption(options: BenchOptions): Promise<readonly Comparison[]> {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-bench-key-"));
  const keyPath = join(folder, "keys");
  const digits = randomBytes(KEY_BYTES).toString("hex");
  writeFileSync(keyPath, `bench ${digits}\n`, { mode: 0o600 });
  const name = "redoubt, encrypted";
  const encrypted = leaderSide(name, redoubtServer(name, [`encryption-key-file=${keyPath}`]));
  try {
    const phase = WRITES.map((workload) => ({ workload, sides: [encrypted, REDOUBT] }));
    return await runThroughput([phase], options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
