/** The leader's active expiry: how much of it, when, and that nobody else deletes. By a clock that tests move. */

import { describe, expect, test } from "vitest";
import { ActiveExpiry, EXPIRY_CYCLE_INTERVAL_MS, expiryEffort } from "./active-expiry.js";
import { EXPIRY_SAMPLE_KEYS, EXPIRY_SAMPLES_PER_TURN_MAX } from "./constants.js";
import { Speculation } from "./speculation.js";
import { TestCluster, type TestClusterOptions } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

/** A leader alone with `count` keys of `lifeMs`, sent by one client that then says nothing. */
function filled(count: number, lifeMs: number, options: TestClusterOptions = {}) {
  const cluster = new TestCluster(options);
  const leader = cluster.elect();
  const client = leader.connect();
  for (let i = 0; i < count; i++) client.send(`SET k${i} v PX ${lifeMs}`);
  cluster.settle();
  return { cluster, leader };
}

/** Keys that one turn of the node deletes. */
function deletedByTurn(node: TestNode): number {
  const before = node.replica.keyspace.size;
  node.turn();
  return before - node.replica.keyspace.size;
}

describe("effort", () => {
  test("1 and 10 are Redis's numbers, and each step between them does more", () => {
    expect(expiryEffort(1)).toEqual({
      sampleKeys: 20,
      stalePercentMax: 10,
      cycleMsMax: 25,
      fastMsMax: 1,
    });
    expect(expiryEffort(10)).toEqual({
      sampleKeys: 65,
      stalePercentMax: 1,
      cycleMsMax: 43,
      fastMsMax: 3.25,
    });
    for (let effort = 2; effort <= 10; effort++) {
      const [less, more] = [expiryEffort(effort - 1), expiryEffort(effort)];
      expect(more.sampleKeys).toBeGreaterThan(less.sampleKeys);
      expect(more.stalePercentMax).toBeLessThan(less.stalePercentMax);
      expect(more.cycleMsMax).toBeGreaterThan(less.cycleMsMax);
    }
    expect(() => expiryEffort(0)).toThrow();
    expect(() => expiryEffort(11)).toThrow();
  });

  test("is read at every cycle: the greatest leaves fewer expired keys than the least", () => {
    const left = [1, 10].map((effort) => {
      const { cluster, leader } = filled(1000, 50, { nodes: 1, activeExpireEffort: () => effort });
      const client = leader.connect();
      for (let i = 0; i < 2000; i++) client.send(`SET later${i} v PX 10000000`);
      cluster.settle();
      cluster.advance(3000);
      return leader.replica.keyspace.size - 2000;
    });
    expect(left[0]).toBeGreaterThan(left[1]!);
    // Of 2000 keys with a deadline that are left, about this share may be expired.
    expect(left[0]).toBeLessThan(2000 * 0.25);
    expect(left[1]).toBeLessThan(2000 * 0.05);
  });
});

describe("work is bounded", () => {
  test("a turn ends its part of a cycle by samples when its clock stands still, and goes on in the next", () => {
    const { cluster, leader } = filled(4000, 50, { nodes: 1 });
    cluster.nowMs += 60;
    const most = EXPIRY_SAMPLE_KEYS * EXPIRY_SAMPLES_PER_TURN_MAX;
    // The cycle is due within its interval.
    let first = 0;
    for (let step = 0; step < 20 && first === 0; step++) {
      cluster.nowMs += 10;
      first = deletedByTurn(leader);
    }
    expect(first).toBe(most);
    expect(leader.wantsTurn).toBe(true);
    cluster.settle();
    expect(leader.replica.keyspace.size).toBe(0);
  });

  test("a turn ends its part by time when the clock runs, and so does the cycle, which is counted", () => {
    const { cluster, leader } = filled(4000, 50, { nodes: 1 });
    cluster.nowMs += 60;
    // Each look at the clock costs half a millisecond: a turn's share is a few samples.
    leader.lookCostMs = 0.5;
    let most = 0;
    for (let turn = 0; turn < 400; turn++) {
      most = Math.max(most, deletedByTurn(leader));
      leader.disk.complete();
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(10 * EXPIRY_SAMPLE_KEYS);
    expect(leader.replica.status().counters.expiredTimeCapReached).toBeGreaterThan(0);
    expect(leader.replica.status().counters.expiredStaleShare).toBeGreaterThan(0);
  });

  test("behind a cycle that ran out of time short ones follow before the next, until few are expired", () => {
    const speculation = new Speculation();
    speculation.begin(1);
    const { txn, keyspace } = speculation;
    txn.begin(speculation.open(1, 1000), "lead");
    for (let i = 0; i < 3000; i++) txn.putString(`k${i}`, "v", 1001);
    let nowMs = 5000;
    let lookCostMs = 0.5;
    const clock = {
      wallMs: () => 2000,
      monotonicMs: () => {
        nowMs += lookCostMs;
        return nowMs;
      },
    };
    const expiry = new ActiveExpiry(speculation, clock, { next: () => 0.5 }, () => 1);
    const cycleBeganMs = nowMs;
    while (expiry.timeCapReached === 0) expiry.run(nowMs, 1);
    expect(nowMs - cycleBeganMs).toBeLessThan(EXPIRY_CYCLE_INTERVAL_MS / 2);
    // Every other millisecond, and a millisecond long: two samples by this clock.
    for (let short = 0; short < 5; short++) {
      const before = keyspace.size;
      const dueMs = expiry.nextDeadlineMs(true);
      expect(dueMs - nowMs).toBeLessThanOrEqual(2);
      nowMs = Math.max(nowMs, dueMs);
      expiry.run(nowMs, 1);
      expect(before - keyspace.size).toBe(2 * EXPIRY_SAMPLE_KEYS);
    }
    lookCostMs = 0;
    while (keyspace.size > 0) {
      nowMs = Math.max(nowMs, expiry.nextDeadlineMs(true));
      expiry.run(nowMs, 1);
    }
    expect(nowMs).toBeLessThan(cycleBeganMs + EXPIRY_CYCLE_INTERVAL_MS);
    expect(expiry.nextDeadlineMs(true)).toBe(Number.POSITIVE_INFINITY);
  });

  test("clients are served in the turns between", () => {
    const { cluster, leader } = filled(4000, 50, { nodes: 1 });
    const client = leader.connect();
    cluster.nowMs += 160;
    leader.lookCostMs = 0.5;
    while (leader.replica.keyspace.size > 2000) {
      const before = client.take().length;
      expect(before).toBeLessThanOrEqual(1);
      client.send("PING");
      leader.turn();
      leader.disk.complete();
      leader.turn();
      leader.disk.complete();
      expect(client.take()).toEqual(["+PONG"]);
    }
  });

  test("keys whose time is far off cost one turn a cycle, none of them cost none", () => {
    const { cluster, leader } = filled(500, 10_000_000, { nodes: 1 });
    cluster.advance(200, 1);
    const { turns } = leader;
    const { executed } = leader.replica.status();
    cluster.advance(1000, 1);
    const withKeys = leader.turns - turns;
    leader.connect().send("FLUSHALL");
    cluster.advance(200, 1);
    const after = leader.turns;
    cluster.advance(1000, 1);
    const withoutKeys = leader.turns - after;
    expect(withKeys - withoutKeys).toBeLessThanOrEqual(10);
    expect(leader.replica.status().executed).toBe(executed + 1);
    expect(leader.replica.status().counters.expiredTimeCapReached).toBe(0);
  });
});

describe("who decides", () => {
  test("trap-31 trap-34 only a serving leader deletes: followers, and a leader cut off, wait for the entry", () => {
    const { cluster, leader } = filled(50, 100);
    const others = cluster.nodes.filter((node) => node !== leader);
    cluster.withholdCommits();
    for (const node of cluster.nodes) node.wallOffsetMs = 1_000_000;
    cluster.advance(300);
    // Executed ahead on the leader, and nowhere else.
    expect(leader.replica.keyspace.size).toBe(0);
    for (const node of others) {
      expect(node.replica.keyspace.size).toBe(50);
      expect(node.replica.status().counters.expiredKeys).toBe(0);
    }
    // Deposed, it has its keys again, and lets them be.
    cluster.isolate(leader);
    cluster.loseNothing();
    const next = cluster.depose(leader);
    expect(leader.replica.keyspace.size).toBe(50);
    cluster.heal();
    cluster.advance(1000);
    for (const node of cluster.nodes) expect(node.replica.keyspace.size).toBe(0);
    expect(next.replica.status().counters.expiredKeys).toBe(50);
  });

  test("without any client log time moves on, and every follower loses what has expired", () => {
    const { cluster, leader } = filled(30, 5000);
    const before = leader.replica.status().logTimeMs;
    cluster.advance(6000);
    for (const node of cluster.nodes) {
      expect(node.replica.keyspace.size).toBe(0);
      expect(node.replica.status().logTimeMs).toBeGreaterThan(before + 5000);
    }
    expect(new Set(cluster.nodes.map((node) => node.replica.stateDigest().digest)).size).toBe(1);
  });

  test("expired keys are counted once, on access and by the cycle, and not when the command is undone", () => {
    const { cluster, leader } = filled(3, 50, { nodes: 1 });
    cluster.nowMs += 60;
    leader.connect().send("GET k0", "WATCH k1");
    cluster.settle();
    cluster.advance(300);
    expect(leader.replica.status().counters.expiredKeys).toBe(3);
    leader.replica.resetCounters();
    expect(leader.replica.status().counters.expiredKeys).toBe(0);
    expect(leader.replica.status().counters.expiredStaleShare).toBe(0);
  });

  test("trap-34 a key that expired under one leader stays gone under the next, whose clock is slow, and on followers", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET k v PX 50", "SET kept v PX 900000");
    cluster.settle();
    for (const node of cluster.nodes) if (node !== leader) node.wallOffsetMs = -60_000;
    cluster.nowMs += 60;
    client.send("GET k");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "+OK", "$-1"]);
    const next = cluster.depose(leader);
    const reader = next.connect().send("GET k", "EXISTS k", "PTTL k", "GET kept");
    const follower = cluster.nodes.find((node) => node !== leader && node !== next)!;
    cluster.advance(100);
    const observer = follower.connect().send("READONLY", "GET k", "TTL k", "GET kept");
    cluster.settle();
    expect(reader.take()).toEqual(["$-1", ":0", ":-2", "$1 v"]);
    expect(observer.take()).toEqual(["+OK", "$-1", ":-2", "$1 v"]);
  });
});
