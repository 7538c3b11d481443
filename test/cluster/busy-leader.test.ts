/** A leader whose event loop stands still keeps its place for as long as it is allowed to, and no longer. */

import { afterEach, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

let cluster: TestCluster | null = null;
afterEach(() => cluster?.stop());

test("trap-38 a command of several election timeouts costs neither leadership nor an outcome", async () => {
  cluster = await TestCluster.start();
  const leader = await cluster.settled();
  const { term } = await leader.raft();
  const writers = new Writers(cluster.addresses);
  try {
    await until("writes go on", () => writers.acknowledgedCount > 100);
    const client = await leader.connect();
    expect(await client.send("DEBUG", "SLEEP", "3")).toBe("OK");
    await client.end();
    const enough = writers.acknowledgedCount + 100;
    await until("writes go on", () => writers.acknowledgedCount > enough);
  } finally {
    await writers.stop();
  }
  expect(await leader.raft()).toMatchObject({ term, serving: true });
  expect(writers.count("unknown")).toBe(0);
  expect((await writers.faultsOn(leader)).flat()).toEqual([]);
});

test("trap-39 beyond busy-leader-max another leads, and the old one follows it", async () => {
  cluster = await TestCluster.start({ options: () => ["--busy-leader-max", "1500"] });
  const leader = await cluster.settled();
  const { term } = await leader.raft();
  const client = await leader.connect();
  const slept = client.send("DEBUG", "SLEEP", "5");
  const others = cluster.nodes.filter((node) => node !== leader);
  const next = await cluster.leader(others);
  expect((await next.raft()).term).toBeGreaterThan(term);
  await slept;
  await client.end();
  await cluster.settled();
  expect((await leader.raft()).role).toBe("follower");
});
