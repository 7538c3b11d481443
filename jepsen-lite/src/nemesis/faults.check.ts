/**
 * Does each fault do what it says? Looked at from outside, on real processes, on a machine that allows all of them:
 *
 *   node scripts/run-ts.mjs jepsen-lite/src/nemesis/faults.check.ts [part of a name...]
 *
 * One line a check, with what was seen; the exit code says whether all was as it should be. Needs root on Linux, gcc,
 * redis-server, and the build output. It takes some minutes, so it is no test of every change.
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { probe } from "../cluster/capabilities.js";
import { enterNamespace, harnessNumber } from "../cluster/enter-namespace.js";
import { asProcessCluster, type ProcessCluster } from "../cluster/process-cluster.js";
import { type ClusterOptions, startCluster } from "../cluster/start-cluster.js";
import { Random } from "../random.js";
import { diskChecks } from "./check/disk-checks.js";
import { type Check, failures, say } from "./check/look.js";
import { memberChecks } from "./check/member-checks.js";
import { nemesisChecks } from "./check/nemesis-checks.js";
import { networkChecks, proxyChecks } from "./check/network-checks.js";
import { clockChecks, processChecks } from "./check/process-checks.js";

interface Group {
  readonly title: string;
  readonly options: Omit<ClusterOptions, "directory">;
  readonly checks: readonly Check[];
}

const everything = { clockShim: true, diskShim: true, disk: "loop" } as const;
const namespaces = "namespaces" as const;

const groups: readonly Group[] = [
  {
    title: "links between Redis's nodes",
    options: { target: "redis-async", nodes: 3, network: namespaces },
    checks: networkChecks,
  },
  {
    title: "Redoubt behind proxies",
    options: { target: "redoubt-raft", nodes: 3, network: "proxies" },
    checks: proxyChecks,
  },
  {
    title: "Redoubt's processes",
    options: { target: "redoubt-raft", nodes: 3, network: namespaces, ...everything },
    checks: [...processChecks, ...clockChecks, ...memberChecks, ...nemesisChecks],
  },
  {
    title: "Redis's processes",
    options: { target: "redis-aof-everysec", nodes: 3, network: namespaces, ...everything },
    checks: [...processChecks, ...clockChecks, ...nemesisChecks],
  },
  ...(["redoubt-raft", "redis-aof-always", "redis-aof-everysec", "redis-aof-no"] as const).map(
    (target): Group => ({
      title: `disks of ${target}`,
      options: { target, nodes: 3, network: namespaces, ...everything },
      checks: diskChecks(target),
    }),
  ),
];

async function main(): Promise<void> {
  const { namespaces: inNamespaces } = await probe();
  if (inNamespaces !== true) throw new Error(`can't be checked here: ${inNamespaces}`);
  await enterNamespace();
  for (const [name, capability] of Object.entries(await probe())) say("", name, String(capability));
  const wanted = process.argv.slice(2);
  const isWanted = (title: string, { name }: Check): boolean =>
    wanted.length === 0 || wanted.some((part) => `${title} ${name}`.includes(part));
  for (const { title, options, checks } of groups) {
    const chosen = checks.filter((check) => isWanted(title, check));
    if (chosen.length === 0) continue;
    const directory = join(tmpdir(), `jepsen-lite-check-${harnessNumber()}`);
    const begunMs = performance.now();
    const cluster = asProcessCluster(await startCluster({ ...options, directory }));
    say("", title, `serves after ${Math.round(performance.now() - begunMs)} ms`);
    try {
      for (const check of chosen) await carryOut(check, cluster);
    } catch (error) {
      say("NOT", title, messageOf(error));
    } finally {
      await cluster.stop();
    }
  }
  process.exit(failures() === 0 ? 0 : 1);
}

async function carryOut({ name, act }: Check, cluster: ProcessCluster): Promise<void> {
  try {
    say("ok", name, await act(cluster, new Random(1)));
  } catch (error) {
    say("NOT", name, messageOf(error));
  }
  const begunMs = performance.now();
  await cluster.settled();
  say("", name, `settled ${Math.round(performance.now() - begunMs)} ms later`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

await main();
