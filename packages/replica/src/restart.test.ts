/** What a node says and shows across syncs, stops and restarts. */

import { describe, expect, test } from "vitest";
import { LOADING } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

function followersOf(cluster: TestCluster, leader: TestNode): [TestNode, TestNode] {
  return cluster.nodes.filter((node) => node !== leader) as [TestNode, TestNode];
}

describe("promises", () => {
  test("trap-03 a follower acknowledges only what its disk has synced", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const [first, second] = followersOf(cluster, leader);
    first.disk.held = true;
    second.disk.held = true;
    const client = leader.connect().send("SET k v");
    cluster.advance(100);
    expect(first.disk.pending).toBeGreaterThan(0);
    expect(client.take()).toEqual([]);
    second.disk.held = false;
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
  });

  test("a leader shows nothing that its own disk has not synced, though a majority has it", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.disk.held = true;
    const client = leader.connect().send("SET k v");
    cluster.advance(100);
    expect(leader.replica.status().commit).toBe(leader.replica.status().appended);
    expect(client.take()).toEqual([]);
    leader.disk.held = false;
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
  });
});

describe("a stop", () => {
  test("trap-15 a leader that was stopped knows before it reads what it was sent", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    cluster.advance(100);
    leader.stopped = true;
    client.send("GET k");
    cluster.advance(3 * ELECTION_TIMEOUT_MS);
    leader.stopped = false;
    leader.turn();
    expect(leader.serving).toBe(false);
    expect(client.take()).not.toContain("$-1");
  });
});

describe("after a restart", () => {
  test("a node shows nothing before it has applied again what it had", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.connect().send("SET k v");
    cluster.advance(200);
    const [follower] = followersOf(cluster, leader);
    const again = cluster.restart(follower);
    cluster.isolate(again);
    expect(again.replica.status()).toMatchObject({ loading: true, applied: 0 });
    const client = again.connect().send("READONLY", "GET k", "WATCH k", "MULTI", "GET k", "EXEC");
    cluster.settle();
    expect(client.take()).toEqual([
      ...["+OK", `-${LOADING}`, "+OK", "+OK", "+QUEUED", `-${LOADING}`],
    ]);
    // An EXEC that was refused has forgotten its watches, too.
    expect(client.session.watchCount).toBe(0);
    cluster.heal();
    cluster.advance(200);
    client.send("GET k");
    cluster.settle();
    expect(client.take()).toEqual(["$1 v"]);
    expect(again.replica.status().loading).toBe(false);
  });

  test("trap-30 a whole cluster that starts again has every acknowledged write once", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    for (let i = 0; i < 20; i++) client.send("INCR n", "APPEND log x");
    cluster.settle();
    expect(client.take()).toHaveLength(40);
    for (const node of [...cluster.nodes]) cluster.restart(node);
    const next = cluster.elect();
    const reader = next.connect().send("GET n", "STRLEN log");
    cluster.settle();
    expect(reader.take()).toEqual(["$2 20", ":20"]);
    cluster.advance(200);
    expect(new Set(cluster.nodes.map((node) => node.replica.stateDigest().digest)).size).toBe(1);
  });
});
