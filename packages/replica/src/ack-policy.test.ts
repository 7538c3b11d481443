/** The weak modes are the canaries of who checks for lost writes: what they lose here, they must lose. */

import { describe, expect, test } from "vitest";
import type { ReplicationMode } from "./ack-policy.js";
import { INDETERMINATE } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

function led(replicationMode: ReplicationMode) {
  const cluster = new TestCluster({ replicationMode });
  return { cluster, leader: cluster.elect() };
}

/** Another node leads without having heard of what this leader sealed last; then they see each other again. */
function succeed(cluster: TestCluster, leader: TestNode): TestNode {
  cluster.depose(leader);
  cluster.heal();
  cluster.until(() => !leader.serving);
  return cluster.nodes.find((node) => node.serving)!;
}

/** The leader, cut off, seals the write: nobody else hears of it. */
function writeApart(cluster: TestCluster, leader: TestNode, ...lines: string[]) {
  cluster.isolate(leader);
  const client = leader.connect().send(...lines);
  cluster.settle();
  return client;
}

test("raft: nothing is told before a majority holds it", () => {
  const { cluster, leader } = led("raft");
  const client = writeApart(cluster, leader, "SET k v", "GET k");
  cluster.advance(60);
  expect(client.take()).toEqual([]);
});

describe.each(["wait", "async"] as const)("%s", (mode) => {
  test("a write is acknowledged and a read answered at once, in order, whoever holds them", () => {
    const { cluster, leader } = led(mode);
    const client = writeApart(cluster, leader, "SET k v", "GET k", "SET k w NX", "MULTI");
    client.send("INCR n", "GET k", "EXEC", "BLPOP none 0.01", "DBSIZE");
    cluster.advance(30);
    expect(client.take().slice(0, 6)).toEqual(["+OK", "$1 v", "$-1", "+OK", "+QUEUED", "+QUEUED"]);
    const other = leader.connect().send("GET n");
    cluster.settle();
    expect(other.take()).toEqual(["$1 1"]);
  });

  test("what was acknowledged is lost with leadership, and nobody is told", () => {
    const { cluster, leader } = led(mode);
    const client = writeApart(cluster, leader, "SET k v", "GET k");
    expect(client.take()).toEqual(["+OK", "$1 v"]);
    const next = succeed(cluster, leader);
    expect(client.take()).toEqual([]);
    const reader = next.connect().send("GET k");
    cluster.settle();
    expect(reader.take()).toEqual(["$-1"]);
    expect(leader.replica.keyspace.peek("k")).toBeUndefined();
  });

  test("WAIT counts the followers that hold the last write durably", () => {
    const { cluster, leader } = led(mode);
    const client = leader.connect().send("SET k v", "WAIT 2 0", "WAITAOF 1 2 0");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", ":2", "*2 :1 :2"]);
    cluster.withholdCommits();
    client.send("SET k w", "WAIT 1 100", "GET k");
    cluster.advance(50);
    expect(client.take()).toEqual(["+OK"]);
    cluster.advance(100);
    expect(client.take()).toEqual([":0", "$1 w"]);
  });

  test("messages are told when they are committed", () => {
    const { cluster, leader } = led(mode);
    const listener = leader.connect().send("SUBSCRIBE c");
    cluster.settle();
    listener.take();
    cluster.withholdCommits();
    const publisher = leader.connect().send("PUBLISH c hello");
    cluster.advance(60);
    expect([publisher.take(), listener.take()]).toEqual([[":1"], []]);
    cluster.loseNothing();
    cluster.advance(120);
    expect(listener.take()).toHaveLength(1);
  });

  test("a serving node says that it is unsafe, once a term", () => {
    const { leader } = led(mode);
    const said = leader.events.filter(({ event }) => event.startsWith("UNSAFE"));
    expect(said).toEqual([
      { event: expect.any(String), fields: { replicationMode: mode, term: leader.replica.term } },
    ]);
  });
});

describe("WAIT behind a write that was lost", () => {
  test.each(["raft", "wait", "async"] as const)(
    "%s: nobody holds it, whatever took its index",
    (mode) => {
      const { cluster, leader } = led(mode);
      const client = writeApart(cluster, leader, "SET k v");
      const next = succeed(cluster, leader);
      // Entries of the new leader take the index of the lost one, and every node holds them.
      for (let i = 0; i < 5; i++) next.connect().send(`SET other ${i}`);
      cluster.advance(50);
      cluster.enthrone(leader);
      // Whoever was cut off until now is found by the next heartbeat.
      cluster.advance(50);
      expect(leader.serving).toBe(true);
      expect(client.take()).toEqual([mode === "raft" ? `-${INDETERMINATE}` : "+OK"]);
      client.send("WAIT 1 0", "WAITAOF 1 1 0", "SET k again", "WAIT 2 0");
      cluster.settle();
      expect(client.take()).toEqual([":0", "*2 :0 :0", "+OK", ":2"]);
    },
  );
});
