/** Members come and go while clients write: nothing is lost, nobody is turned away for good. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

/** Acknowledged writes between two changes: each group of members has served. */
const writesBetween = 200;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ spare: 2 });
});
afterAll(() => cluster?.stop());

test("trap-11 trap-12 three nodes grow to five and shrink to three under load, the leader among those removed", async () => {
  const writers = new Writers(cluster.addresses);
  const goOn = async (): Promise<void> => {
    const enough = writers.acknowledgedCount + writesBetween;
    await until("writes go on", () => writers.acknowledgedCount >= enough);
  };
  const changes: string[] = [];
  const change = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    const begunMs = performance.now();
    await act();
    await goOn();
    const pauseMs = Math.round(writers.longestPauseMs(begunMs));
    changes.push(`${what}: ${pauseMs} ms without an acknowledgement`);
  };
  try {
    await goOn();
    await change("node 4 added", () => cluster.grow(4));
    await change("node 5 added", () => cluster.grow(5));
    const leader = await cluster.leader();
    await change(`leader ${leader.id} removed`, () => cluster.shrink(leader));
    expect(leader.exitCode).toBe(0);
    const follower = (await cluster.followers())[0]!;
    await change(`follower ${follower.id} removed`, () => cluster.shrink(follower));
    expect(follower.exitCode).toBe(0);
    expect(cluster.nodes).toHaveLength(3);
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
  console.log(
    `membership: ${changes.join("; ")}; ${writers.acknowledgedCount} acknowledged, ` +
      `${writers.count("unknown")} unknown, ${writers.count("refused")} refused`,
  );
});

test("a change is refused that looked at another configuration, or names nobody", async () => {
  await expect(cluster.admin("MEMBER", "REMOVE", "9")).rejects.toThrow("UNCHANGED");
  await expect(cluster.admin("MEMBER", "ADD", "9", "127.0.0.1:1", "IF", "1")).rejects.toThrow(
    "STALE",
  );
});
