/** Leadership on its way to another node: what is held, what goes on, and what must be true of every reply. */

import { type Message, MessageType } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

const MOVED = expect.stringMatching(/^-MOVED/);

function settled(options: ConstructorParameters<typeof TestCluster>[0] = {}) {
  const cluster = new TestCluster(options);
  const leader = cluster.elect();
  cluster.advance(100);
  return { cluster, leader, others: cluster.nodes.filter((node) => node !== leader) };
}

function executed(node: TestNode): number {
  return node.replica.status().counters.commandsExecuted;
}

/** Nothing that a leader needs to hand over reaches anybody. */
function withholdTimeoutNow(cluster: TestCluster): Message[] {
  const held: Message[] = [];
  cluster.lose = (message) => {
    if (message.type !== MessageType.timeoutNow) return false;
    held.push(message);
    return true;
  };
  return held;
}

describe("a transfer that succeeds", () => {
  test("leaves nobody's outcome unknown: sealed writes are done, the rest goes to the new leader", () => {
    const { cluster, leader, others } = settled();
    const client = leader.connect().send("SET a 1", "INCR n", "GET a");
    expect(leader.replica.transferLeadership(0)).toBeNull();
    client.send("INCR n", "GET n");
    cluster.until(() => others.some((node) => node.serving));
    cluster.advance(100);
    const next = others.find((node) => node.serving)!;
    const moved = expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${next.id}$`));
    const replies = client.take();
    expect(replies.filter((reply) => reply.startsWith("-INDETERMINATE"))).toEqual([]);
    expect(replies.slice(-2)).toEqual([moved, moved]);
    const done = replies.filter((reply) => reply === ":1").length;
    expect(next.replica.keyspace.peek("n") ?? "0").toBe(String(done));
  });

  test("a batch that is open when it begins is sealed first and acknowledged", () => {
    const { cluster, leader, others } = settled();
    leader.disk.held = true;
    const client = leader.connect().send("SET before sealed");
    cluster.settle();
    client.send("SET open 1");
    cluster.settle();
    expect(leader.replica.status().executed).toBe(leader.replica.status().appended + 1);
    expect(leader.replica.transferLeadership(0)).toBeNull();
    expect(leader.replica.status().executed).toBe(leader.replica.status().appended);
    leader.disk.held = false;
    cluster.until(() => others.some((node) => node.serving));
    expect(client.take()).toEqual(["+OK", "+OK"]);
    const next = others.find((node) => node.serving)!;
    expect(next.replica.keyspace.peek("open")).toBe("1");
  });

  test("it waits for the leader's own disk, so that a slow one makes no outcome unknown", () => {
    const { cluster, leader, others } = settled();
    leader.disk.held = true;
    const client = leader.connect().send("SET k v");
    cluster.settle();
    expect(leader.replica.transferLeadership(0)).toBeNull();
    cluster.advance(50);
    // Both followers have it, and the leader still does not know the end of it.
    expect(others.map((node) => node.replica.status().flushed)).toEqual(
      others.map(() => leader.replica.status().appended),
    );
    expect(leader.serving).toBe(true);
    leader.disk.held = false;
    cluster.until(() => others.some((node) => node.serving));
    expect(client.take()).toEqual(["+OK"]);
  });

  test("a follower that asks for the place gets it", () => {
    const { cluster, leader, others } = settled();
    const [wants] = others;
    expect(leader.replica.requestLeadership()).toBe(false);
    expect(wants!.replica.requestLeadership()).toBe(true);
    cluster.until(() => wants!.serving);
    expect(leader.serving).toBe(false);
  });

  test("under load, again and again: every counter is what its clients were told", () => {
    const { cluster } = settled({ seed: 7 });
    let acknowledged = 0;
    for (let round = 0; round < 12; round += 1) {
      const leader = cluster.elect();
      const client = leader.connect();
      for (let i = 0; i < 10; i += 1) {
        client.send("INCR n", "GET n");
        if (cluster.below(3) === 0) cluster.advance(cluster.below(3), 1);
        if (i === 5) leader.replica.transferLeadership(0);
      }
      cluster.until(() => client.replies.length === 20);
      const replies = client.take();
      expect(replies.filter((reply) => reply.startsWith("-INDET"))).toEqual([]);
      for (const [at, reply] of replies.entries()) {
        if (reply.startsWith("-MOVED")) continue;
        if (at % 2 === 0) acknowledged += 1;
        expect(reply).toBe(
          at % 2 === 0 ? `:${acknowledged}` : `$${`${acknowledged}`.length} ${acknowledged}`,
        );
      }
    }
    cluster.advance(300);
    for (const node of cluster.nodes)
      expect(node.replica.keyspace.peek("n")).toBe(`${acknowledged}`);
  });
});

describe("a transfer that is given up", () => {
  test("trap-13 nothing is executed while it lasts, nothing is lost or answered falsely after it", () => {
    const { cluster, leader } = settled();
    withholdTimeoutNow(cluster);
    const { term } = leader.replica;
    expect(leader.replica.transferLeadership(0)).toBeNull();
    const before = executed(leader);
    const client = leader.connect().send("INCR n", "GET n", "MULTI", "INCR n", "EXEC");
    const reader = leader.connect().send("GET n", "DBSIZE", "EXISTS n");
    cluster.advance(ELECTION_TIMEOUT_MS - 100);
    expect(leader.replica.transferring).toBe(true);
    expect(executed(leader)).toBe(before);
    expect([...client.take(), ...reader.take()]).toEqual([]);
    cluster.until(() => !leader.replica.transferring);
    cluster.advance(100);
    expect(leader.replica).toMatchObject({ role: "leader", term });
    expect(client.take()).toEqual([":1", "$1 1", "+OK", "+QUEUED", "*1 :2"]);
    expect(reader.take()).toEqual([
      expect.stringMatching(/^\$(1 \d|-1)$/),
      expect.stringMatching(/^:[01]$/),
      expect.stringMatching(/^:[01]$/),
    ]);
  });

  test("trap-13 its target never comes level: aborted on time, and another may follow", () => {
    const { cluster, leader, others } = settled();
    const [behind, other] = others;
    cluster.lose = (message) => message.to === behind!.id && message.type === MessageType.append;
    const client = leader.connect().send("SET k v");
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
    expect(leader.replica.transferLeadership(behind!.id)).toBeNull();
    expect(leader.replica.transferLeadership(other!.id)).toBe("another transfer is under way");
    const beganMs = cluster.nowMs;
    cluster.until(() => !leader.replica.transferring);
    expect(cluster.nowMs - beganMs).toBeLessThanOrEqual(ELECTION_TIMEOUT_MS + 10);
    expect(leader.serving).toBe(true);
    expect(leader.replica.transferLeadership(other!.id)).toBeNull();
    cluster.until(() => other!.serving);
    expect(other!.replica.keyspace.peek("k")).toBe("v");
  });

  test("a leader that loses its place meanwhile: what was held was not done, and is sent on", () => {
    const { cluster, leader } = settled();
    withholdTimeoutNow(cluster);
    expect(leader.replica.transferLeadership(0)).toBeNull();
    cluster.settle();
    const client = leader.connect().send("INCR n", "GET n");
    const next = cluster.depose(leader);
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual([MOVED, MOVED]);
    expect(next.replica.keyspace.peek("n")).toBeUndefined();
  });

  test("a watch and an open MULTI outlive it: the term is the same", () => {
    const { cluster, leader } = settled();
    const client = leader.connect().send("SET k 1");
    cluster.settle();
    client.send("WATCH k", "MULTI", "INCR k");
    cluster.settle();
    withholdTimeoutNow(cluster);
    expect(leader.replica.transferLeadership(0)).toBeNull();
    client.send("EXEC");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "+OK", "+OK", "+QUEUED"]);
    cluster.until(() => !leader.replica.transferring);
    cluster.advance(50);
    expect(client.take()).toEqual(["*1 :2"]);
  });

  test("keys that expire meanwhile expire afterwards, and no turn spins for them", () => {
    const { cluster, leader } = settled();
    const client = leader.connect().send("SET k v PX 200", "SET stays v");
    cluster.settle();
    withholdTimeoutNow(cluster);
    expect(leader.replica.transferLeadership(0)).toBeNull();
    cluster.advance(ELECTION_TIMEOUT_MS - 50);
    expect(leader.replica.keyspace.size).toBe(2);
    cluster.until(() => !leader.replica.transferring);
    cluster.advance(500);
    client.take();
    client.send("DBSIZE");
    cluster.settle();
    expect(client.take()).toEqual([":1"]);
  });

  test("what makes no sense is refused, and serving goes on", () => {
    const { cluster, leader, others } = settled();
    expect(others[0]!.replica.transferLeadership(0)).toBe("not the leader");
    expect(leader.replica.transferLeadership(leader.id)).toBe("the target is this node");
    expect(leader.replica.transferLeadership(9)).toBe("the target is not a voter");
    cluster.isolate(others[0]!);
    cluster.advance(ELECTION_TIMEOUT_MS + 100);
    expect(leader.replica.transferLeadership(others[0]!.id)).toBe("the target is not heard");
    const client = leader.connect().send("INCR n");
    cluster.settle();
    expect(client.take()).toEqual([":1"]);
  });
});

describe("leases and transfers", () => {
  test("trap-13 no lease from before TimeoutNow leaves until the end of the term, aborted or not", () => {
    const { cluster, leader } = settled({ readMode: () => "lease" });
    const lease = () => leader.replica.status().leaseRemainingMs;
    expect(lease()).toBeGreaterThan(0);
    const held = withholdTimeoutNow(cluster);
    leader.replica.transferLeadership(0);
    cluster.settle();
    expect(held.length).toBe(1);
    expect(lease()).toBe(0);
    cluster.until(() => !leader.replica.transferring);
    for (let step = 0; step < 100; step += 1) {
      cluster.advance(10);
      expect(lease()).toBe(0);
    }
    expect(leader.serving).toBe(true);
    // Its reads go by rounds.
    cluster.withholdConfirmations();
    const client = leader.connect().send("GET k");
    cluster.settle();
    expect(client.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(client.take()).toEqual(["$-1"]);
  });

  test("trap-13 a read that waited when the transfer began is not confirmed by the old lease", () => {
    const { cluster, leader, others } = settled({ readMode: () => "lease" });
    const writer = leader.connect().send("SET k old");
    cluster.advance(100);
    expect(writer.take()).toEqual(["+OK"]);
    // Its clock jumped, so it waits for a round; and from now on this node hears nothing.
    leader.wallOffsetMs += 3_600_000;
    cluster.lose = (message) => message.to === leader.id;
    const client = leader.connect().send("GET k");
    cluster.settle();
    leader.replica.transferLeadership(others[0]!.id);
    cluster.until(() => others.some((node) => node.serving));
    const next = others.find((node) => node.serving)!;
    const other = next.connect().send("SET k new");
    cluster.until(() => other.replies.length === 1);
    expect(client.take()).toEqual([]);
    cluster.loseNothing();
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual([MOVED]);
  });

  test("trap-45 a TimeoutNow that arrives after the abort: its target leads, the old leader has no lease", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { cluster, leader, others } = settled({ readMode: () => "lease", seed });
      const held = withholdTimeoutNow(cluster);
      leader.replica.transferLeadership(0);
      cluster.until(() => !leader.replica.transferring);
      cluster.advance(cluster.below(300), 1);
      expect(leader.serving).toBe(true);
      cluster.isolate(leader);
      const target = others.find((node) => node.id === held[0]!.to)!;
      target.replica.receive(held[0]!);
      cluster.settle();
      // No time has passed: every follower heard the old leader a moment ago.
      cluster.loseNothing();
      cluster.settle();
      expect(target.serving).toBe(true);
      const writer = target.connect().send("SET k new");
      const reader = leader.connect().send("GET k", "EXISTS k");
      cluster.settle();
      expect(writer.take()).toEqual(["+OK"]);
      expect(leader.serving).toBe(true);
      expect(reader.take()).toEqual([]);
      cluster.heal();
      cluster.advance(300);
      expect(reader.take()).toEqual([MOVED, MOVED]);
    }
  });
});
