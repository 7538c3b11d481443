/** A follower's snapshot holds what nobody wrote: it is found, kept aside, and the node is filled by the others. */

import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { BatchWriter, batchLogTimeMs } from "@redoubt/keyspace";
import { openLog } from "@redoubt/level-log";
import { type Entry, EntryKind } from "@redoubt/raft";
import { buildSnapshot } from "@redoubt/replica";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

const auditIntervalSeconds = "1";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ options: () => ["--audit-interval", auditIntervalSeconds] });
});
afterAll(() => cluster?.stop());

async function write(count: number): Promise<void> {
  const leader = await cluster.leader();
  await leader.withClient(async (client) => {
    for (let at = 0; at < count; at++) await client.send("INCR", `key:${at}`);
  });
  await cluster.settled();
}

async function incarnationOf(node: ServerProcess): Promise<number> {
  return Number((await node.info("raft")).get("raft_incarnation"));
}

/** Its newest snapshot is of the last entry it applied, and has a key that no entry made. */
async function plantWrongState(node: ServerProcess, appliedIndex: number): Promise<void> {
  const directory = join(node.directory, "data");
  const log = await openLog({
    directory,
    nodeId: node.id,
    clusterId: cluster.clusterId,
    onFatal: (error) => {
      throw error;
    },
  });
  const path = log.snapshots.temporaryPath();
  const file = openSync(path, "w");
  let bytes = 0;
  let digest = 0;
  const built = buildSnapshot(
    {
      previous: null,
      to: appliedIndex,
      entries: () => forged(log.readEntries(1, appliedIndex, Number.POSITIVE_INFINITY)),
    },
    {
      write: (block) => {
        writeSync(file, block);
        bytes += block.length;
        digest = crc32(block, digest);
      },
    },
  );
  closeSync(file);
  const { index, term, checksum, configuration } = built;
  const snapshot = { index, term, checksum, configuration, bytes, digest };
  expect(await log.snapshots.adopt(snapshot, path, () => [])).toBe(true);
  await log.close();
}

/** The last batch is another one. */
function forged(entries: readonly Entry[]): Entry[] {
  const at = entries.findLastIndex(({ kind }) => kind === EntryKind.batch);
  const last = entries[at]!;
  const batch = new BatchWriter();
  batch.putString("never written", "by anybody", 0);
  const payload = batch.take(batchLogTimeMs(last.payload));
  return entries.with(at, { ...last, payload });
}

test("trap-43 a follower whose snapshot holds another state stops, keeps it aside and is filled as somebody new", async () => {
  const node = (await cluster.followers())[0]!;
  await write(20);
  await cluster.equalDigests();
  const before = await incarnationOf(node);
  const { applied } = await node.raft();
  await node.signal("SIGTERM");
  await plantWrongState(node, applied);

  node.start();
  await cluster.settled();
  const stopped = () => node.exitCode !== null;
  await until("the audit stops the node", async () => {
    if (!stopped()) await write(1).catch(() => undefined);
    return stopped();
  });
  expect(node.exitCode).toBe(1);
  expect(node.logLines("fatal").at(-1)).toMatchObject({ code: "STATE_DIVERGED" });
  const survivors = cluster.nodes.filter((each) => each !== node);
  expect(survivors.every(({ isRunning }) => isRunning)).toBe(true);

  node.start();
  await cluster.votersAre([1, 2, 3]);
  await write(5);
  await cluster.equalDigests();
  expect(await incarnationOf(node)).toBeGreaterThan(before);
  const info = await node.info("raft");
  expect(info.get("raft_quarantine")).toBe("diverged");
  expect(info.get("raft_quarantine_found")).toMatch(/^the state in .* is not that of most members/);
  expect(readdirSync(join(node.directory, "data"))).toEqual(
    expect.arrayContaining(["log", "log.diverged-1"]),
  );
  const value = await node.withClient(async (client) => {
    await client.send("READONLY");
    return client.send("GET", "never written");
  });
  expect(value).toBeNull();
});
