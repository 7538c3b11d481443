/** Two of three nodes are gone: writes stop with a clear error, reads by READONLY go on, memory stays flat. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { pause, until } from "./support/until.js";
import { Writers } from "./support/writers.js";

/** Seconds without a quorum; the figure of a minute is a long run's. */
const withoutQuorumMs = 1000 * Number(process.env["REDOUBT_QUORUM_LOSS_SECONDS"] ?? "10");
const lookMs = 250;
/** MiB. Collections of garbage come and go; what is queued without bound shows far above it. */
const growthMiBMax = 150;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

test("trap-20 without a quorum nothing is promised, nothing piles up, and all comes back by itself", async () => {
  const survivor = await cluster.settled();
  await survivor.withClient((client) => client.send("SET", "kept", "value"));
  const writers = new Writers(cluster.addresses, 64);
  const resident: number[] = [];
  const answersMs: number[] = [];
  try {
    await until("writes go on", () => writers.acknowledgedCount > 500);
    const followers = await cluster.followers();
    await Promise.all(followers.map((node) => node.signal("SIGKILL")));
    const lostMs = performance.now();
    const acknowledged = writers.acknowledgedCount;
    for (let looks = 0; performance.now() < lostMs + withoutQuorumMs; looks++) {
      resident.push(survivor.rssBytes());
      const askedMs = performance.now();
      const reply = await survivor.withClient((client) => client.send("GET", "kept"));
      // The first may still be held by the leader that has not noticed yet.
      if (looks > 2) {
        answersMs.push(performance.now() - askedMs);
        expect(reply).toMatchObject({ text: expect.stringContaining("CLUSTERDOWN") });
      }
      await pause(lookMs);
    }
    // What was on its way when the quorum went may still have had one.
    expect(writers.acknowledgedCount - acknowledged).toBeLessThan(200);
    const local = await survivor.withClient(async (client) => {
      await client.send("READONLY");
      return client.send("GET", "kept");
    });
    expect(local).toBe("value");
    for (const node of followers) node.start();
    const enough = writers.acknowledgedCount + 500;
    await until("writes go on", () => writers.acknowledgedCount > enough);
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
  const mib = resident.map((bytes) => Math.round(bytes / 1024 / 1024));
  console.log(
    `quorum loss of ${withoutQuorumMs / 1000} s: resident MiB first ${mib[0]}, last ${mib.at(-1)}, ` +
      `greatest ${Math.max(...mib)}; refused after ${Math.round(Math.max(...answersMs))} ms at most`,
  );
  expect(Math.max(...mib) - mib[0]!).toBeLessThan(growthMiBMax);
});
