/** Leaders are killed while clients write: nothing acknowledged is lost, the others go on. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { faultOf, Writers } from "./support/writers.js";

const kills = 5;
/** Acknowledged writes between two kills, so that every leader has led under load. */
const writesBetween = 200;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

test("trap-40 the check of what was acknowledged finds each kind of loss", () => {
  const attempt = (value: string, outcome: "acknowledged" | "refused" | "unknown") => ({
    value,
    outcome,
  });
  const attempts = [
    attempt("1", "acknowledged"),
    attempt("2", "unknown"),
    attempt("3", "refused"),
    attempt("4", "acknowledged"),
    attempt("5", "unknown"),
  ];
  const set = { key: "s", command: "set" as const, attempts };
  expect(["4", "5"].map((value) => faultOf(set, value))).toEqual([[], []]);
  for (const value of ["", "1", "2", "3", "6"]) expect(faultOf(set, value)).toHaveLength(1);
  const list = { key: "a", command: "append" as const, attempts };
  for (const value of [",1,4", ",1,2,4", ",1,2,4,5", ",1,4,5"]) {
    expect(faultOf(list, value)).toEqual([]);
  }
  for (const value of ["", ",1", ",4", ",1,3,4", ",1,4,2", ",1,1,4", ",1,4,4", ",1,4,6"]) {
    expect(faultOf(list, value), value).toHaveLength(1);
  }
});

test("trap-30 trap-37 five leaders killed in turn under load lose nothing that was acknowledged", async () => {
  const writers = new Writers(cluster.addresses);
  const recoveriesMs: number[] = [];
  try {
    for (let round = 0; round < kills; round++) {
      const leader = await cluster.settled();
      const enough = writers.acknowledgedCount + writesBetween;
      await until("writes go on", () => writers.acknowledgedCount >= enough);
      const killedMs = performance.now();
      await leader.signal("SIGKILL");
      recoveriesMs.push((await writers.nextAcknowledged()) - killedMs);
      leader.start();
    }
    await cluster.settled();
  } finally {
    await writers.stop();
  }
  const { index } = await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
  expect(writers.acknowledgedCount).toBeGreaterThan(kills * writesBetween);
  expect(cluster.errorLines()).toEqual([]);

  const median = recoveriesMs.toSorted((a, b) => a - b)[Math.floor(kills / 2)]!;
  console.log(
    `failover: writes accepted again after ${Math.round(median)} ms (median of ` +
      `${recoveriesMs.map(Math.round).join(", ")}), ${writers.acknowledgedCount} acknowledged, ` +
      `${writers.count("unknown")} unknown, ${writers.count("refused")} refused, log index ${index}`,
  );
});
