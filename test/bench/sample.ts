/** One measured run: a workload, asked of one side, and what every process used meanwhile. */

import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type DelayProxy, startDelayProxy } from "./delay-proxy.js";
import { assertSound, type LoadPlan, runLoad } from "./load-generator.js";
import { messageOf } from "./message-of.js";
import { type ProcessUse, useOf } from "./process-use.js";
import { type EncodedOperation, encodeCommands, encodePut } from "./requests.js";
import type { Servers } from "./servers.js";
import type { Side } from "./sides.js";
import { followerPorts, type Target } from "./targets/target.js";
import type { Workload } from "./workloads.js";

/** Of one server process. */
export interface ProcessShare {
  readonly role: "leader" | "follower";
  readonly cpuUsPerOperation: number;
  readonly writtenBytesPerOperation: number;
  /** At the end. */
  readonly residentBytes: number;
}

export interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** CPU of the load generator and its proxy: of what all processors have, and of the generator's one. */
  readonly generatorShare: number;
  readonly generatorThread: number;
  /** null: this system does not tell (process-use.ts). */
  readonly processes: readonly ProcessShare[] | null;
}

export interface RunLength {
  /** Measured. */
  readonly seconds: number;
  /** Of the random numbers: sides that are compared draw the same ones. */
  readonly seed: number;
}

/** Milliseconds before what is measured: connections, caches and the server's batches are at their pace. */
const WARMUP_MS = 400;
/** Tries of one run that elections end, and milliseconds given to an election. */
const ATTEMPTS_MAX = 3;
const ELECTION_MS = 3_000;
const PUT_PATH = "/etcdserverpb.KV/Put";

/** A run that an election ends is no figure: it is done again, and said. null: the side is not installed. */
export async function takeSample(
  servers: Servers,
  side: Side,
  common: Workload,
  length: RunLength,
): Promise<Sample | null> {
  const target = await servers.target(side);
  if (target === null) return null;
  const workload = { ...common, ...side.subject };
  for (let attempt = 1; ; attempt++) {
    try {
      if (side.protocol === "resp") {
        if (workload.dataset !== undefined) await servers.fill(side, workload.dataset);
        if (workload.prepare !== undefined) await servers.load(side, workload.prepare());
      }
      return await run(target, side, workload, length);
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) throw error;
      process.stdout.write(`(again: ${workload.name}, ${side.name}: ${messageOf(error)})\n`);
      await sleep(ELECTION_MS);
    }
  }
}

async function run(
  target: Target,
  side: Side,
  workload: Workload,
  { seconds, seed }: RunLength,
): Promise<Sample> {
  const { roundTripMs, disturbance } = workload.shape;
  const leaderPort = await target.port();
  const ports = side.asks === "leader" ? [leaderPort] : await followerPorts(target);
  const proxies: DelayProxy[] = [];
  if (roundTripMs !== undefined) {
    for (const port of ports) proxies.push(await startDelayProxy(port, roundTripMs));
  }
  const plan = planOf(side, workload, proxies.length > 0 ? proxies.map(({ port }) => port) : ports);
  let calm = (): Promise<void> => Promise.resolve();
  try {
    if (disturbance !== undefined) {
      calm = await disturbance.begin(target, async (measuredMs) => {
        assertSound(await runLoad({ ...plan, warmupMs: 0, measuredMs, seed }));
      });
    }
    // A disturbance may be over soon: no part of it is left to the warm-up.
    const warmupMs = disturbance === undefined ? WARMUP_MS : 0;
    const full = { ...plan, warmupMs, measuredMs: seconds * 1000, seed };
    return await measure(target, leaderPort, full, proxies);
  } finally {
    await calm();
    for (const proxy of proxies) await proxy.stop();
  }
}

async function measure(
  target: Target,
  leaderPort: number,
  plan: LoadPlan,
  proxies: readonly DelayProxy[],
): Promise<Sample> {
  const servers = target.processes();
  const look = () => servers.map(({ pid }) => useOf(pid));
  const proxyCpuMs = () => proxies.reduce((sum, { pid }) => sum + (useOf(pid)?.cpuMs ?? 0), 0);
  let before: readonly (ProcessUse | null)[] = [];
  let after: readonly (ProcessUse | null)[] = [];
  let proxyMs = 0;
  const figures = await runLoad(
    plan,
    () => {
      before = look();
      proxyMs = -proxyCpuMs();
    },
    () => {
      after = look();
      proxyMs += proxyCpuMs();
    },
  );
  assertSound(figures);
  const elapsedMs = figures.seconds * 1000;
  const shares = servers.map(({ port }, i) =>
    shareOf(port === leaderPort, before[i] ?? null, after[i] ?? null, figures.operations),
  );
  return {
    perSecond: figures.perSecond,
    p50Ms: figures.p50Us / 1000,
    p99Ms: figures.p99Us / 1000,
    p999Ms: figures.p999Us / 1000,
    maxMs: figures.maxUs / 1000,
    generatorShare: (figures.cpuMs + proxyMs) / (elapsedMs * availableParallelism()),
    generatorThread: figures.cpuMs / elapsedMs,
    processes: shares.every((share) => share !== null) ? shares : null,
  };
}

function shareOf(
  isLeader: boolean,
  before: ProcessUse | null,
  after: ProcessUse | null,
  operations: number,
): ProcessShare | null {
  if (before === null || after === null) return null;
  return {
    role: isLeader ? "leader" : "follower",
    cpuUsPerOperation: ((after.cpuMs - before.cpuMs) * 1000) / operations,
    writtenBytesPerOperation: (after.writtenBytes - before.writtenBytes) / operations,
    residentBytes: after.residentBytes,
  };
}

type Unmeasured = Omit<LoadPlan, "warmupMs" | "measuredMs" | "seed">;

function planOf(side: Side, workload: Workload, ports: readonly number[]): Unmeasured {
  const { connections, pipeline = 1 } = workload.shape;
  const common = { ports, connections, pipeline };
  if (side.protocol === "etcd") {
    return { ...common, operations: [putOf(workload)], grpcPath: PUT_PATH };
  }
  const wait = side.waits === 0 ? [] : [["WAIT", String(side.waits), "0"]];
  const operations = workload.operations.map(({ commands, writes, weight }) =>
    encodeCommands(writes ? [...commands, ...wait] : commands, workload.range, weight),
  );
  if (side.preamble === undefined) return { ...common, operations };
  return { ...common, operations, preamble: encodeCommands([side.preamble], 1) };
}

/** A SET, as etcd is asked for it. */
function putOf({ name, operations, range }: Workload): EncodedOperation {
  const [verb, key, value] = operations[0]!.commands[0]!;
  if (verb !== "SET" || operations.length > 1) throw new Error(`${name} can't be asked of etcd`);
  return encodePut(key!, value!, range);
}
