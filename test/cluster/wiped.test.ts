/** Nodes lose their disks while clients write: they come back by themselves, as somebody new. */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { damage } from "./support/damage.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const writesBetween = 200;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

async function incarnationOf(node: ServerProcess): Promise<number> {
  return Number((await node.info("raft")).get("raft_incarnation"));
}

function dataOf(node: ServerProcess): string {
  return join(node.directory, "data");
}

test("trap-17 trap-43 a wiped follower, a wiped leader and a damaged node come back as new incarnations", async () => {
  const writers = new Writers(cluster.addresses);
  const goOn = async (): Promise<void> => {
    const enough = writers.acknowledgedCount + writesBetween;
    await until("writes go on", () => writers.acknowledgedCount >= enough);
  };
  const wipe = (node: ServerProcess): void => rmSync(dataOf(node), { recursive: true });
  const lose = async (node: ServerProcess, how: (node: ServerProcess) => void): Promise<void> => {
    const before = await incarnationOf(node);
    await goOn();
    await node.signal("SIGKILL");
    how(node);
    await goOn();
    node.start();
    await cluster.votersAre([1, 2, 3]);
    await cluster.settled();
    expect(await incarnationOf(node)).toBeGreaterThan(before);
    const info = await node.info("raft");
    expect(info.get("raft_quarantine")).toBe(how === wipe ? "empty" : "damaged");
    expect(info.get("raft_quarantine_found")).not.toBe("");
  };
  try {
    await lose((await cluster.followers())[0]!, wipe);
    await lose(await cluster.leader(), wipe);
    const damaged = (await cluster.followers())[0]!;
    await lose(damaged, (node) => damage(join(dataOf(node), "log")));
    expect(readdirSync(dataOf(damaged))).toContain("log.damaged-1");
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
});

test("trap-43 two of three wiped at once: nobody is given a place, all say so, and what the third holds is untouched", async () => {
  const survivor = await cluster.leader();
  const writers = new Writers(cluster.addresses, 8, 10, "survivor:");
  const enough = writers.acknowledgedCount + writesBetween;
  await until("writes go on", () => writers.acknowledgedCount >= enough);
  await writers.stop();
  await cluster.equalDigests();
  const before = { incarnation: await incarnationOf(survivor), digest: await survivor.digest() };
  const wiped = cluster.nodes.filter((node) => node !== survivor);
  const denials = (node: ServerProcess): number =>
    node.logLines("warn").filter(({ msg }) => msg === "no place in the cluster yet: it asks again")
      .length;
  const denied = new Map(wiped.map((node) => [node, denials(node)]));
  await Promise.all(wiped.map((node) => node.signal("SIGKILL")));
  for (const node of wiped) rmSync(dataOf(node), { recursive: true });
  for (const node of wiped) node.start();
  await until("both are told that there is no place", () =>
    wiped.every((node) => denials(node) > denied.get(node)!),
  );
  await until("the survivor is no leader any more", async () => !(await survivor.raft()).serving);
  const refused = await survivor.withClient((client) => client.send("SET", "key", "value"));
  expect(refused).toMatchObject({ text: expect.stringMatching(/^CLUSTERDOWN/) });
  for (const node of wiped) {
    expect(readdirSync(node.directory)).not.toContain("data");
    expect(node.isRunning).toBe(true);
  }
  const after = { incarnation: await incarnationOf(survivor), digest: await survivor.digest() };
  expect(after).toEqual(before);
  expect(await writers.faultsOn(survivor)).toEqual([]);
  // Nor does a restart tempt it.
  await survivor.signal("SIGTERM");
  survivor.start();
  await until("it is back, and nobody's leader", async () => !(await survivor.raft()).serving);
  expect(await incarnationOf(survivor)).toBe(before.incarnation);
});
