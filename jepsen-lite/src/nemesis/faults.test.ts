import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { probe } from "../cluster/capabilities.js";
import { ProcessCluster } from "../cluster/process-cluster.js";
import { proxyGround } from "../cluster/proxies.js";
import { targets } from "../cluster/targets.js";
import type { FaultEvent } from "../history/event.js";
import { Random } from "../random.js";
import type { Fault } from "./fault.js";
import { faults, needsOf } from "./faults.js";
import { Nemesis } from "./nemesis.js";
import { NotNow } from "./strike.js";

/** Without a node: what a nemesis does with faults does not depend on whom they strike. */
async function emptyCluster(target: string): Promise<ProcessCluster> {
  const description = targets.get(target)!;
  return new ProcessCluster({
    description,
    ground: await proxyGround(0, description.software === "redoubt", new Random(1)),
    capabilities: await probe(),
    directory: mkdtempSync(join(tmpdir(), "jepsen-lite-nemesis-")),
    nodes: [],
    spare: null,
  });
}

test("a kind stands under its own name and under that of each variant", () => {
  expect([...faults.keys()].filter((name) => name.startsWith("partition"))).toEqual([
    "partition",
    "partition:isolate-leader",
    "partition:halves",
    "partition:majorities-ring",
    "partition:one-way",
    "partition:leader-and-one",
  ]);
  for (const [name, fault] of faults) expect(fault.name).toBe(name);
});

test("a cluster is started with what its faults need", () => {
  expect(needsOf(["kill", "partition"])).toEqual({
    clockShim: false,
    diskShim: false,
    disk: "plain",
  });
  expect(needsOf(["clock-jump:all"])).toEqual({ clockShim: true, diskShim: false, disk: "plain" });
  expect(needsOf(["lying-fsync"])).toEqual({ clockShim: false, diskShim: true, disk: "loop" });
});

test("what proxies can't do to a target is said in words", async () => {
  const redoubt = await emptyCluster("redoubt-raft");
  const redis = await emptyCluster("redis-async");
  const lack = (name: string, cluster: ProcessCluster) => faults.get(name)!.unavailable(cluster);
  expect(lack("partition", redoubt)).toBeNull();
  expect(lack("delay", redoubt)).toBeNull();
  expect(lack("loss", redoubt)).toContain("needs namespaces");
  expect(lack("partition", redis)).toContain("needs namespaces");
  expect(lack("membership", redis)).toBe("its membership is fixed");
  await redoubt.stop();
  await redis.stop();
});

async function eventsOf(list: readonly Fault[], seconds: number): Promise<FaultEvent[]> {
  const cluster = await emptyCluster("redoubt-raft");
  const events: FaultEvent[] = [];
  await new Nemesis(cluster, list, new Random(7), (event) => events.push(event)).run(seconds);
  await cluster.stop();
  return events;
}

/** On a machine that stands still for all of a run nothing begins in it: then again. */
async function someEventsOf(list: readonly Fault[], seconds: number): Promise<FaultEvent[]> {
  for (;;) {
    const events = await eventsOf(list, seconds);
    if (events.length > 0) return events;
  }
}

const harmless = (name: string, change: Partial<Fault> = {}): Fault => ({
  name,
  unavailable: () => null,
  begin: async () => ({ text: `${name} in force`, end: async () => {} }),
  ...change,
});

test("every fault that begins is taken back, also when the time is over", async () => {
  const events = await someEventsOf([harmless("a"), harmless("b")], 1);
  const open = new Set<number>();
  for (const { value } of events) {
    if (value.phase === "begin") open.add(value.id);
    else expect(open.delete(value.id)).toBe(true);
  }
  expect(open.size).toBe(0);
  const times = events.map(({ time }) => time);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test("a fault that did not come to be, or can't be taken back, is an event of its own", async () => {
  const fails = async (): Promise<never> => {
    throw new Error("no such device");
  };
  const never = harmless("never", { begin: fails });
  const stuck = harmless("stuck", { begin: async () => ({ text: "stuck", end: fails }) });
  const phases = (events: readonly FaultEvent[]): Set<string> =>
    new Set(events.map(({ value }) => `${value.phase}: ${value.text}`));
  expect(phases(await someEventsOf([never], 0.5))).toEqual(new Set(["failed: no such device"]));
  expect(phases(await someEventsOf([stuck], 0.5))).toEqual(
    new Set(["begin: stuck", "failed: no such device"]),
  );
});

test("what can't be struck just now is put off without a word", async () => {
  const begin = async (): Promise<never> => {
    throw new NotNow("nobody leads");
  };
  expect(await eventsOf([harmless("later", { begin })], 0.5)).toEqual([]);
});

test("a fault that is not available is refused before the run", async () => {
  const cluster = await emptyCluster("redoubt-raft");
  const fault = harmless("absent", { unavailable: () => "no cgroup" });
  expect(() => new Nemesis(cluster, [fault], new Random(1), () => {})).toThrow(
    "absent is not available: no cgroup",
  );
  await cluster.stop();
});
