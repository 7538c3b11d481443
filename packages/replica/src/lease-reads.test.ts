/** When a read may leave without a round, and when it must not: a lease and the clocks it counts by. */

import { type Message, MessageType } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { READ_ROUND_INTERVAL_MS } from "./constants.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

/** Less the default drift bound of 10 percent. */
const LEASE_MS = ELECTION_TIMEOUT_MS * 0.9;

function leasing(seed = 1): TestCluster {
  return new TestCluster({ readMode: () => "lease", seed });
}

function leaseOf(node: TestNode): number {
  return node.replica.status().leaseRemainingMs;
}

/** A leader with a lease, a key `k`, and nothing else under way. */
function leaderWithLease(cluster: TestCluster): TestNode {
  const leader = cluster.elect();
  leader.connect().send("SET k old");
  cluster.advance(100);
  expect(leaseOf(leader)).toBeGreaterThan(LEASE_MS / 2);
  return leader;
}

/** The others go on without `node`, which stands still meanwhile, and one of them writes `k`. */
function overtake(cluster: TestCluster, node: TestNode): TestNode {
  const wasStopped = node.stopped;
  node.stopped = true;
  cluster.isolate(node);
  cluster.until(() => cluster.nodes.some((one) => one !== node && one.serving));
  const next = cluster.nodes.find((one) => one !== node && one.serving)!;
  const writer = next.connect().send("SET k new");
  cluster.until(() => writer.replies.length === 1);
  expect(writer.take()).toEqual(["+OK"]);
  node.stopped = wasStopped;
  return next;
}

describe("a lease", () => {
  test("answers a read at once, without a round; without a lease it waits for one", () => {
    for (const mode of ["lease", "quorum"] as const) {
      const cluster = new TestCluster({ readMode: () => mode });
      const leader = leaderWithLease(cluster);
      cluster.withholdConfirmations();
      const client = leader.connect().send("GET k", "GET missing", "EXISTS k");
      cluster.settle();
      expect(client.take()).toEqual(mode === "lease" ? ["$3 old", "$-1", ":1"] : []);
      cluster.loseNothing();
      cluster.advance(100);
      expect(client.replies).toEqual(["$3 old", "$-1", ":1"]);
    }
  });

  test("vouches for no write, and for no read of what is not committed", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    cluster.withholdCommits();
    const client = leader.connect().send("SET k new", "GET k");
    const other = leader.connect().send("GET k", "GET free", "DBSIZE");
    cluster.settle();
    expect(client.take()).toEqual([]);
    expect(other.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(client.take()).toEqual(["+OK", "$3 new"]);
    expect(other.take()).toEqual(["$3 new", "$-1", ":1"]);
  });

  test("trap-14 counts from when the confirmed round was sent, however late its answers come", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    const held: Message[] = [];
    cluster.lose = (message) => {
      if (message.to !== leader.id || message.type !== MessageType.heartbeatResponse) return false;
      held.push(message);
      return true;
    };
    // Heartbeats go on; the first one sent from now on is the one whose answers will arrive.
    const before = cluster.nowMs;
    cluster.until(() => held.length === 2);
    const sentMs = cluster.nowMs;
    expect(sentMs - before).toBeLessThanOrEqual(60);
    const answers = held.slice();
    cluster.lose = (message) => message.type === MessageType.heartbeatResponse;
    cluster.advance(300);
    for (const answer of answers) leader.replica.receive(answer);
    cluster.settle();
    expect(leaseOf(leader)).toBe(sentMs + LEASE_MS - cluster.nowMs);
    cluster.advance(sentMs + LEASE_MS - 1 - cluster.nowMs, 1);
    const inside = leader.connect().send("GET k");
    cluster.settle();
    expect(inside.take()).toEqual(["$3 old"]);
    cluster.advance(1, 1);
    const outside = leader.connect().send("GET k");
    cluster.settle();
    expect(leader.serving).toBe(true);
    expect(outside.take()).toEqual([]);
  });

  test("trap-14 is over before the first follower may vote for another", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const cluster = leasing(seed);
      const leader = leaderWithLease(cluster);
      cluster.isolate(leader);
      const leaseEndMs = cluster.nowMs + leaseOf(leader);
      const voted = () =>
        cluster.nodes.some((one) => one !== leader && one.replica.term > leader.replica.term);
      while (!voted()) cluster.advance(1, 1);
      expect(cluster.nowMs).toBeGreaterThan(leaseEndMs);
    }
  });

  test("trap-14 a follower that restarts still honours the lease it may have granted", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const cluster = leasing(seed);
      const leader = leaderWithLease(cluster);
      const [granter, rival] = cluster.nodes.filter((node) => node !== leader);
      // The rival hears nothing of the leader and asks for votes whenever its patience ends.
      const pair = new Set([leader.id, rival!.id]);
      cluster.lose = (message) => pair.has(message.from) && pair.has(message.to);
      cluster.advance(1000 + cluster.below(500), 1);
      expect(leader.serving).toBe(true);
      const leaseEndMs = cluster.nowMs + leaseOf(leader);
      cluster.restart(granter!);
      cluster.isolate(leader);
      while (!cluster.nodes.some((one) => one.replica.term > leader.replica.term)) {
        cluster.advance(1, 1);
      }
      expect(cluster.nowMs).toBeGreaterThan(leaseEndMs);
      expect(leaseOf(cluster.restart(leader))).toBe(0);
    }
  });
});

describe("clocks", () => {
  test("trap-15 a process that was paused answers nothing by the lease it had", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    const client = leader.connect();
    overtake(cluster, leader);
    client.send("GET k");
    leader.turn();
    expect(client.take()).toEqual([]);
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual([expect.stringMatching(/^-MOVED/)]);
  });

  test("trap-15 a machine that was suspended: its monotonic clock stood still, the lease is void", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    const client = leader.connect();
    const suspendedMs = cluster.nowMs;
    overtake(cluster, leader);
    // By its own clock hardly any time has passed, and it leads as far as it knows.
    leader.clockLostMs = cluster.nowMs - suspendedMs;
    client.send("GET k", "EXISTS k");
    leader.turn();
    expect(leader.serving).toBe(true);
    expect(leaseOf(leader)).toBe(0);
    cluster.settle();
    expect(client.take()).toEqual([]);
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual([
      expect.stringMatching(/^-MOVED/),
      expect.stringMatching(/^-MOVED/),
    ]);
  });

  test("trap-15 suspended between two turns without reads: the jump is seen all the same", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    const client = leader.connect();
    const suspendedMs = cluster.nowMs;
    overtake(cluster, leader);
    leader.clockLostMs = cluster.nowMs - suspendedMs;
    // Turns without reads come first: each samples the clocks, none may take the jump for the new normal.
    for (let turn = 0; turn < 5; turn += 1) leader.turn();
    client.send("GET k");
    leader.turn();
    expect(leader.serving).toBe(true);
    expect(client.take()).toEqual([]);
  });

  test.each([3_600_000, -3_600_000, 60])(
    "trap-15 the wall clock jumps by %d ms: reads go by rounds until one that began later",
    (jumpMs) => {
      const cluster = leasing();
      const leader = leaderWithLease(cluster);
      cluster.withholdConfirmations();
      leader.wallOffsetMs += jumpMs;
      const client = leader.connect().send("GET k");
      cluster.settle();
      expect(client.take()).toEqual([]);
      cluster.loseNothing();
      cluster.advance(100);
      expect(client.take()).toEqual(["$3 old"]);
      // Trust returns with rounds of the time after.
      cluster.withholdConfirmations();
      client.send("GET k");
      cluster.settle();
      expect(client.take()).toEqual(["$3 old"]);
    },
  );

  test("a wall clock that is slewed within the drift bound costs no lease", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    const client = leader.connect();
    for (let step = 0; step < 200; step += 1) {
      // 500 parts in a million: as fast as time servers slew.
      leader.wallOffsetMs += 0.005;
      cluster.advance(10);
      cluster.withholdConfirmations();
      client.send("GET k");
      cluster.settle();
      cluster.loseNothing();
    }
    expect(client.take()).toEqual(new Array(200).fill("$3 old"));
  });

  test("trap-46 stopped inside the turn, before the read: the turn's own time would still be inside", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    let stopped = 0;
    leader.host.overrides.set("info", (session) => {
      stopped += 1;
      leader.stopped = true;
      overtake(cluster, leader);
      leader.stopped = false;
      session.reply.ok();
    });
    const client = leader.connect().send("INFO", "GET k", "EXISTS k");
    cluster.settle();
    expect(stopped).toBe(1);
    expect(client.take()).toEqual(["+OK"]);
    cluster.heal();
    cluster.advance(1000);
    expect(client.take()).toEqual([
      expect.stringMatching(/^-MOVED/),
      expect.stringMatching(/^-MOVED/),
    ]);
  });

  test("trap-46 suspended inside the turn, before the read: no clock but the wall clock shows it", () => {
    const cluster = leasing();
    const leader = leaderWithLease(cluster);
    leader.host.overrides.set("info", (session) => {
      const beganMs = cluster.nowMs;
      leader.stopped = true;
      overtake(cluster, leader);
      leader.stopped = false;
      leader.clockLostMs = cluster.nowMs - beganMs;
      session.reply.ok();
    });
    const client = leader.connect().send("INFO", "GET k");
    leader.turn();
    expect(leader.serving).toBe(true);
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
    cluster.heal();
    cluster.advance(1000);
    expect(client.take()).toEqual([expect.stringMatching(/^-MOVED/)]);
  });

  test("trap-16 a round that began before the read was executed does not vouch for it", () => {
    const cluster = new TestCluster({ readMode: () => "quorum" });
    const leader = leaderWithLease(cluster);
    const held: Message[] = [];
    cluster.lose = (message) => {
      if (message.to !== leader.id || message.type !== MessageType.heartbeatResponse) return false;
      held.push(message);
      return true;
    };
    const first = leader.connect().send("GET k");
    cluster.settle();
    const answers = held.splice(0);
    expect(answers.length).toBe(2);
    const second = leader.connect().send("GET k");
    cluster.settle();
    // Only what was said to the first round arrives, after the second read was executed.
    for (const answer of answers) leader.replica.receive(answer);
    cluster.settle();
    expect(first.take()).toEqual(["$3 old"]);
    expect(second.take()).toEqual([]);
    cluster.loseNothing();
    for (const answer of held) leader.replica.receive(answer);
    cluster.settle();
    expect(second.take()).toEqual(["$3 old"]);
  });
});

test("a read that came while a round was under way gets one of its own when that takes long", () => {
  const cluster = new TestCluster({ readMode: () => "quorum" });
  const leader = leaderWithLease(cluster);
  cluster.lose = ({ to, type }) => to === leader.id && type === MessageType.heartbeatResponse;
  const first = leader.connect().send("GET k");
  cluster.settle();
  cluster.loseNothing();
  const second = leader.connect().send("GET k");
  cluster.settle();
  expect(second.take()).toEqual([]);
  cluster.advance(READ_ROUND_INTERVAL_MS);
  expect(second.take()).toEqual(["$3 old"]);
  expect(first.take()).toEqual(["$3 old"]);
});

describe("random schedules", () => {
  test("traps 14, 15, 16, 46: no read misses what was acknowledged before it was sent", () => {
    let answered = 0;
    for (let seed = 1; seed <= 40; seed += 1) answered += readsAgainstFaults(seed);
    expect(answered).toBeGreaterThan(500);
  });

  /** Registers only grow: a read that returns less than was acknowledged when it was sent is stale. */
  function readsAgainstFaults(seed: number): number {
    const cluster = leasing(seed);
    let acknowledged = 0;
    let next = 1;
    let answered = 0;
    const clients = cluster.nodes.map((node) => ({
      node,
      writer: node.connect(),
      reader: node.connect(),
    }));
    const writes: number[][] = clients.map(() => []);
    const floors: number[][] = clients.map(() => []);
    const look = (): void => {
      clients.forEach(({ writer, reader }, at) => {
        for (const reply of writer.take()) {
          const value = writes[at]!.shift()!;
          if (reply === "+OK") acknowledged = Math.max(acknowledged, value);
        }
        for (const reply of reader.take()) {
          const floor = floors[at]!.shift()!;
          if (!/^\$\d/.test(reply)) continue;
          answered += 1;
          expect(Number(reply.split(" ")[1])).toBeGreaterThanOrEqual(floor);
        }
      });
    };
    cluster.elect().connect().send("SET r 0");
    for (let step = 0; step < 150; step += 1) {
      const dice = cluster.below(20);
      const node = cluster.nodes[cluster.below(3)]!;
      if (dice === 0) cluster.isolate(node);
      else if (dice === 1) cluster.heal();
      else if (dice === 2) node.stopped = !node.stopped;
      else if (dice === 3) node.wallOffsetMs += cluster.below(2000) - 1000;
      else if (dice === 4) {
        // The machine sleeps: nothing runs, nothing reaches it, and its monotonic clock does not move.
        node.stopped = true;
        cluster.isolate(node);
        const beganMs = cluster.nowMs;
        cluster.advance(cluster.below(1500));
        look();
        node.clockLostMs += cluster.nowMs - beganMs;
        node.stopped = false;
      }
      clients.forEach(({ node: own, writer, reader }, at) => {
        if (own.serving && cluster.below(2) === 0) {
          writes[at]!.push(next);
          writer.send(`SET r ${next}`);
          next += 1;
        }
        if (cluster.below(2) === 0) {
          floors[at]!.push(acknowledged);
          reader.send("GET r");
        }
      });
      cluster.advance(cluster.below(60), 5);
      look();
    }
    return answered;
  }
});
