/**
 * Every node is killed at the same moment under load. SIGKILL does not test fsync (what the system's
 * cache holds survives it); it tests that nothing is acknowledged before it was handed to the system,
 * and that every log opens again.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const rounds = 3;
/** Acknowledged writes before each kill. */
const writesBefore = 300;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

test("trap-47 all nodes killed at once under load come back by themselves with everything acknowledged", async () => {
  const writers = new Writers(cluster.addresses);
  const recoveriesMs: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const enough = writers.acknowledgedCount + writesBefore;
      await until("writes go on", () => writers.acknowledgedCount >= enough);
      await Promise.all(cluster.nodes.map((node) => node.signal("SIGKILL")));
      const next = writers.nextAcknowledged();
      const startedMs = performance.now();
      for (const node of cluster.nodes) node.start();
      recoveriesMs.push((await next) - startedMs);
      await cluster.settled();
    }
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
  expect(writers.acknowledgedCount).toBeGreaterThan(rounds * writesBefore);
  expect(cluster.errorLines()).toEqual([]);

  const median = recoveriesMs.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!;
  console.log(
    `power loss: writes accepted ${Math.round(median)} ms after three processes were started ` +
      `(median of ${rounds}), ${writers.acknowledgedCount} acknowledged, ` +
      `${writers.count("unknown")} unknown`,
  );
});
