/**
 * Damage, case by case: a node of a cluster under load is stopped, one thing is done to one of its files, and it is
 * started. Every case ends as *reported* (the node says what it found, and comes back through quarantine as a new
 * incarnation) or as *harmless* (identity, hard state, every entry and the snapshot read back as before, by reading
 * copies of both directories with the production code). Meanwhile clients write and read back.
 */

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ServerProcess } from "../cluster/support/server-process.js";
import { TestCluster } from "../cluster/support/test-cluster.js";
import { until } from "../cluster/support/until.js";
import { Writers } from "../cluster/support/writers.js";
import { SeededRandom } from "../sim/world/random.js";
import { chooseDamage, type DamagedFile, inflict, shown } from "./damages.js";
import { isSame, type Reading, readCopy } from "./fingerprint.js";
import { ReadBack } from "./read-back.js";
import { reasonOf } from "./regions.js";

export interface DamageCase {
  readonly number: number;
  readonly node: number;
  readonly damaged: DamagedFile;
  readonly outcome: "reported" | "harmless";
  /** What the node said that it found, or why nothing was to be found. */
  readonly why: string;
}

export interface CampaignOptions {
  readonly cases: number;
  readonly seed: number;
  readonly onCase: (each: DamageCase) => void;
}

export interface CampaignResult {
  readonly cases: readonly DamageCase[];
  readonly acknowledged: number;
  readonly reads: number;
  /** Times at which all nodes were compared, at rest. */
  readonly comparisons: number;
}

/** Cases between two looks at the digests and at every acknowledged write. */
const COMPARED_EVERY = 10;
/** Acknowledged writes between two cases. */
const WRITES_BETWEEN = 20;
const READ_BACK_WRITERS = 4;
/** Of each node's log, when a case fails. */
const LINES_TOLD = 40;
/** Snapshots again and again: their files, and logs that begin behind them, are to be damaged as well. */
const NODE_OPTIONS = [
  ...["--save", "", "--log-snapshot-bytes", "0"],
  ...["--log-snapshot-entries", "400", "--log-trailing-entries", "150"],
];

/** Rejects at the first lost write, wrong answer, differing digest, or case that ends as neither. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const cluster = await TestCluster.start({ options: () => NODE_OPTIONS });
  try {
    return await damageAll(cluster, options);
  } finally {
    await cluster.stop();
  }
}

async function damageAll(
  cluster: TestCluster,
  { cases: wanted, seed, onCase }: CampaignOptions,
): Promise<CampaignResult> {
  const random = new SeededRandom(seed);
  const cases: DamageCase[] = [];
  let acknowledged = 0;
  let reads = 0;
  let comparisons = 0;
  while (cases.length < wanted) {
    const writers = new Writers(cluster.addresses, 4, 25, `${comparisons}:`);
    const readBack = new ReadBack(
      cluster.nodes.map(({ port }) => port),
      READ_BACK_WRITERS,
      `${comparisons}:`,
    );
    try {
      for (let i = 0; i < COMPARED_EVERY && cases.length < wanted; i++) {
        const enough = readBack.acknowledged + WRITES_BETWEEN;
        await until("writes go on", () => readBack.acknowledged >= enough);
        const each = await damageOne(cluster, cases.length + 1, random);
        cases.push(each);
        onCase(each);
      }
    } finally {
      await writers.stop();
      await readBack.stop();
    }
    await cluster.equalDigests();
    for (const node of cluster.nodes) fail(await writers.faultsOn(node));
    await readBack.checkAll();
    fail(readBack.wrong);
    acknowledged += readBack.acknowledged + writers.acknowledgedCount;
    reads += readBack.reads;
    comparisons += 1;
    await cleared(cluster);
  }
  return { cases, acknowledged, reads, comparisons };
}

async function damageOne(
  cluster: TestCluster,
  number: number,
  random: SeededRandom,
): Promise<DamageCase> {
  const node = random.pick(cluster.nodes);
  const data = join(node.directory, "data");
  const incarnation = await incarnationOf(node);
  await node.signal(random.chance(0.5) ? "SIGKILL" : "SIGTERM");
  const before = await readCopy(data, node.id);
  if (!("holds" in before))
    throw new Error(`node ${node.id} was damaged before: ${before.refusal}`);
  const damaged = chooseDamage(data, random);
  const bytes = readFileSync(join(data, damaged.file));
  inflict(data, damaged);
  const after = await readCopy(data, node.id);
  const setAside = asideOf(data);
  const what = `case ${number}, node ${node.id}, ${shown(damaged)}`;
  node.start();
  try {
    await cluster.votersAre(cluster.nodes.map(({ id }) => id));
    await cluster.settled();
  } catch (cause) {
    throw new Error(`${what}: it never came back\n${lastLines(cluster)}`, { cause });
  }
  const isReported = (await incarnationOf(node)) > incarnation;
  if (isReported) {
    if ("holds" in after) throw new Error(`${what}: reported, though it opens: ${setAside}`);
    const said = foundLine(node);
    if (said === null) throw new Error(`${what}: came back without a word`);
    return { number, node: node.id, damaged, outcome: "reported", why: said };
  }
  assertHarmless(what, before, after);
  const isKept = "files" in before && before.files.includes(damaged.file);
  const why = reasonOf(damaged, bytes, isKept);
  return { number, node: node.id, damaged, outcome: "harmless", why };
}

function assertHarmless(what: string, before: Reading, after: Reading): void {
  if (!("holds" in before) || !("holds" in after)) {
    throw new Error(`${what}: not reported, and it does not open: ${JSON.stringify(after)}`);
  }
  if (!isSame(before.holds, after.holds)) {
    const both = `${JSON.stringify(before.holds)} ${JSON.stringify(after.holds)}`;
    throw new Error(`${what}: not reported, and it reads back otherwise: ${both}`);
  }
}

/** What each node said last. */
function lastLines(cluster: TestCluster): string {
  return cluster.nodes
    .flatMap((node) => node.logLines().slice(-LINES_TOLD))
    .map((line) => JSON.stringify(line))
    .join("\n");
}

function asideOf(data: string): number {
  return existsSync(data) ? readdirSync(data).filter((name) => isAside(name)).length : 0;
}

function isAside(name: string): boolean {
  return name.startsWith("log.damaged-");
}

/** What was set aside would fill the disk. */
async function cleared(cluster: TestCluster): Promise<void> {
  for (const node of cluster.nodes) {
    const data = join(node.directory, "data");
    for (const name of readdirSync(data)) {
      if (isAside(name)) rmSync(join(data, name), { recursive: true });
    }
  }
}

async function incarnationOf(node: ServerProcess): Promise<number> {
  return Number((await node.info("raft")).get("raft_incarnation"));
}

/** The newest line in which the node says what it found. */
function foundLine(node: ServerProcess): string | null {
  const line = node
    .logLines("error")
    .findLast(({ msg }) => msg === "the data of this node can't be used");
  const error = line?.err;
  if (typeof error !== "object" || error === null || !("message" in error)) return null;
  return String(error.message).replaceAll(node.directory, "");
}

function fail(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`lost or wrong: ${faults.slice(0, 5).join("; ")}`);
}
