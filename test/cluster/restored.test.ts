/** A directory is restored from a backup under a running cluster: its log opens whole, and is not the newest. */

import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

async function write(value: string): Promise<void> {
  const leader = await cluster.leader();
  await leader.withClient(async (client) => {
    await client.send("SET", "key", value);
    // What no follower has acknowledged can't be missed.
    expect(await client.send("WAIT", "2", "10000")).toBe(2);
  });
  await cluster.settled();
}

async function incarnationOf(node: ServerProcess): Promise<number> {
  return Number((await node.info("raft")).get("raft_incarnation"));
}

test("trap-43 a member whose directory was restored is found by its leader, and comes back as somebody new", async () => {
  const node = (await cluster.followers())[0]!;
  const data = join(node.directory, "data");
  const backup = join(node.directory, "backup");
  await write("old");
  await node.signal("SIGTERM");
  cpSync(data, backup, { recursive: true });
  node.start();
  await cluster.settled();
  const before = await incarnationOf(node);
  await write("new");

  await node.signal("SIGKILL");
  rmSync(data, { recursive: true });
  cpSync(backup, data, { recursive: true });
  node.start();
  await until("the node stops", () => node.exitCode !== null);
  expect(node.exitCode).toBe(1);
  const [line] = node.logLines("fatal");
  expect(line).toMatchObject({ code: "LOG_ROLLED_BACK" });

  node.start();
  await cluster.votersAre([1, 2, 3]);
  await cluster.equalDigests();
  expect(await incarnationOf(node)).toBeGreaterThan(before);
  expect(readdirSync(data)).toContain("log.damaged-1");
});
