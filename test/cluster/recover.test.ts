/** The disks of a majority are gone: an operator makes a new cluster of what the survivor holds. */

import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redoubt } from "./support/redoubt-cli.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const writesBefore = 1_000;
const writesAfter = 200;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

function dataOf(node: ServerProcess): string {
  return join(node.directory, "data");
}

function imageOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .map((name) => {
      const bytes = readFileSync(join(directory, name));
      return `${name} ${createHash("sha256").update(bytes).digest("hex")}`;
    })
    .toSorted();
}

test("a survivor of three serves alone with all that was acknowledged, and grows to three again", async () => {
  const writers = new Writers(cluster.addresses);
  await until("writes go on", () => writers.acknowledgedCount >= writesBefore);
  await writers.stop();
  await cluster.equalDigests();
  const [first, second, survivor] = cluster.nodes as [ServerProcess, ServerProcess, ServerProcess];
  const running = await redoubt("recover", "--force-new-cluster", dataOf(survivor));
  expect([running.code, running.stderr]).toEqual([1, expect.stringContaining("STORE_LOCKED")]);

  await Promise.all(cluster.nodes.map((node) => node.signal("SIGKILL")));
  rmSync(dataOf(first), { recursive: true });
  // One comes back later, though nobody expects it: with a log of the cluster that is given up.
  const lateDirectory = join(second.directory, "late");
  cpSync(dataOf(second), lateDirectory, { recursive: true });
  rmSync(dataOf(second), { recursive: true });

  const before = imageOf(join(dataOf(survivor), "log"));
  const looked = await redoubt("recover", "--force-new-cluster", dataOf(survivor));
  expect([looked.code, looked.stderr]).toEqual([1, expect.stringContaining("REFUSED")]);
  expect(readdirSync(dataOf(survivor))).toEqual(["log"]);
  const done = await redoubt(
    ...["recover", "--force-new-cluster", dataOf(survivor)],
    ...["--lose-what-this-log-lacks", "--json"],
  );
  expect(done.code).toBe(0);
  const { clusterId, incarnation, entriesLost } = JSON.parse(done.stdout) as {
    clusterId: string;
    incarnation: number;
    entriesLost: number;
  };
  expect(entriesLost).toBe(0);
  expect(imageOf(join(dataOf(survivor), "log.before-recover-1"))).toEqual(before);

  survivor.start();
  await until("the old name is refused", () => survivor.exitCode !== null);
  expect(survivor.stderr).toContain("IDENTITY_MISMATCH");
  cluster.nodes = [survivor];
  survivor.start(["--cluster-id", clusterId]);
  await cluster.settled();
  expect(await writers.faultsOn(survivor)).toEqual([]);
  expect((await survivor.info("raft")).get("raft_incarnation")).toBe(String(incarnation));

  second.start(["--dir", lateDirectory]);
  await until("the late one is refused", () =>
    survivor
      .logLines("warn")
      .some(({ msg, cause }) => msg === "peer refused" && cause === "cluster"),
  );
  expect((await survivor.raft()).serving).toBe(true);
  await second.signal("SIGKILL");

  const later = new Writers(cluster.addresses, 8, 10, "later:");
  try {
    for (const node of [first, second]) {
      const port = ["-p", String(survivor.port)];
      const address = `127.0.0.1:${node.peerPort}`;
      const added = await redoubt("member", "add", String(node.id), address, "--no-wait", ...port);
      expect([added.code, added.stderr]).toEqual([0, ""]);
      node.start(["--cluster-id", clusterId]);
      cluster.nodes = [...cluster.nodes, node];
      await cluster.votersAre(cluster.nodes.map(({ id }) => id));
    }
    const enough = later.acknowledgedCount + writesAfter;
    await until("writes go on", () => later.acknowledgedCount >= enough);
  } finally {
    await later.stop();
  }
  await cluster.equalDigests();
  for (const node of cluster.nodes) {
    expect(await writers.faultsOn(node)).toEqual([]);
    expect(await later.faultsOn(node)).toEqual([]);
  }
  // A majority again: the survivor itself may go.
  await survivor.signal("SIGKILL");
  await cluster.leader([first, second]);
  expect(await writers.faultsOn(first)).toEqual([]);
});
