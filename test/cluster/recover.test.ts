/** The disks of a majority are gone: an operator makes a new cluster of what the survivor holds. */

import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { damage } from "./support/damage.js";
import { redoubt } from "./support/redoubt-cli.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const writesBefore = 1_000;
const writesAfter = 200;

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster?.stop());

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

/** Written one by one: whatever is left of them must be a beginning. */
const steps = 500;

test("trap-25 three damaged nodes: nobody goes on by itself, and what is intact in one of them is recovered", async () => {
  const leader = await cluster.settled();
  const writer = await leader.connect();
  for (let step = 1; step <= steps; step++) {
    await writer.text("MSET", "newest", String(step), `step:${step}`, "x".repeat(200));
  }
  await writer.end();
  await cluster.settled();
  await Promise.all(cluster.nodes.map((node) => node.signal("SIGKILL")));
  for (const node of cluster.nodes) {
    damage(join(dataOf(node), "log"));
    node.start();
  }
  await until("all of them ask in vain", () =>
    cluster.nodes.every((node) =>
      node.logLines("warn").some(({ msg }) => msg === "no place in the cluster yet: it asks again"),
    ),
  );
  await Promise.all(cluster.nodes.map((node) => node.signal("SIGTERM")));
  for (const node of cluster.nodes) {
    expect([node.exitCode, node.stderr]).toEqual([0, ""]);
    expect(node.logLines("fatal")).toEqual([]);
  }
  const [survivor] = cluster.nodes as [ServerProcess, ServerProcess, ServerProcess];
  expect(readdirSync(dataOf(survivor))).toEqual(["log.damaged-1"]);
  renameSync(join(dataOf(survivor), "log.damaged-1"), join(dataOf(survivor), "log"));
  const command = [
    "recover",
    "--force-new-cluster",
    dataOf(survivor),
    "--lose-what-this-log-lacks",
  ];
  const refused = await redoubt(...command);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("REFUSED")]);
  expect(refused.stdout).toContain("log damaged");
  const done = await redoubt(...command, "--lose-damaged-entries", "--json");
  expect(done.code).toBe(0);
  const { clusterId, entriesKept, entriesLost } = JSON.parse(done.stdout) as {
    clusterId: string;
    entriesKept: number;
    entriesLost: number;
  };
  expect(entriesKept).toBeGreaterThan(steps / 10);
  expect(entriesLost).toBeGreaterThan(0);

  cluster.nodes = [survivor];
  survivor.start(["--cluster-id", clusterId]);
  await cluster.settled();
  const newest = await survivor.withClient(async (client) => {
    const newest = Number(await client.text("GET", "newest"));
    const keys = Array.from({ length: steps }, (_, at) => `step:${at + 1}`);
    const present = await client.pipeline(keys.map((key) => ["EXISTS", key]));
    expect(present).toEqual(keys.map((_, at) => (at < newest ? 1 : 0)));
    return newest;
  });
  expect(newest).toBeGreaterThan(steps / 10);
  expect(newest).toBeLessThan(steps);
  await survivor.withClient((client) => client.text("SET", "after", "all"));
});
