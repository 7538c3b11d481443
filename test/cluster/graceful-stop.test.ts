/** A leader that is asked to stop hands over first: a rolling restart is hardly seen. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const stops = 10;
const writesBetween = 200;
/** Milliseconds. An election alone takes more than the election timeout of 500; machines are noisy. */
const pauseMsMax = 500;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

test("trap-13 leaders stopped by SIGTERM under load hand over, and lose nothing", async () => {
  const writers = new Writers(cluster.addresses);
  const pausesMs: number[] = [];
  const goOn = async (): Promise<void> => {
    const enough = writers.acknowledgedCount + writesBetween;
    await until("writes go on", () => writers.acknowledgedCount >= enough);
  };
  try {
    for (let round = 0; round < stops; round++) {
      const leader = await cluster.settled();
      await goOn();
      const askedMs = performance.now();
      await leader.signal("SIGTERM");
      expect(leader.exitCode).toBe(0);
      await goOn();
      pausesMs.push(writers.longestPauseMs(askedMs));
      leader.start();
    }
    await cluster.settled();
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
  expect(cluster.errorLines()).toEqual([]);
  const sorted = pausesMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(stops / 2)]!;
  console.log(
    `graceful stop: ${Math.round(median)} ms without an acknowledgement (median of ` +
      `${pausesMs.map(Math.round).join(", ")}), ${writers.acknowledgedCount} acknowledged, ` +
      `${writers.count("unknown")} unknown, ${writers.count("refused")} refused`,
  );
  // A handover that does not work costs an election each time.
  expect(median).toBeLessThan(pauseMsMax);
});

test("with shutdown-timeout 0 nothing is handed over, and the others elect", async () => {
  const leader = await cluster.settled();
  const transfers = () =>
    leader.logLines().filter(({ msg }) => msg === "leadership transfer begins").length;
  const before = transfers();
  expect(before).toBeGreaterThan(0);
  await leader.withClient((client) => client.text("CONFIG", "SET", "shutdown-timeout", "0"));
  await leader.signal("SIGTERM");
  expect(leader.exitCode).toBe(0);
  expect(transfers()).toBe(before);
  await cluster.leader();
  leader.start();
  await cluster.settled();
});
