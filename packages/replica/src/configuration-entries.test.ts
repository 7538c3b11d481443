/** Entries of the leader's own between batches: changes of membership, and host commands that wait for them. */

import {
  type ChangeResult,
  type ConfigurationChange,
  EntryKind,
  MessageType,
  withLearner,
  withoutMember,
  withReplacement,
} from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { INDETERMINATE, LOADING } from "./errors.js";
import type { TestClient } from "./testing/test-client.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

const UNKNOWN = `-${INDETERMINATE}`;

function addition(leader: TestNode, id: number, promote = true): ConfigurationChange {
  const { configuration } = leader.replica.status();
  const member = { id, incarnation: 0, peerAddress: `test:${id}` };
  const lists = withLearner(configuration, promote ? { ...member, promote: true } : member);
  return { expectedIndex: 0, force: false, ...lists };
}

function indexOf(result: ChangeResult): number {
  if ("refused" in result) throw new Error(`${result.refused} ${result.text}`);
  return result.index;
}

/** `CONFIG REWRITE` changes the membership: a host command whose reply waits for its entry. */
function withChangeCommand(node: TestNode, change: (node: TestNode) => ConfigurationChange): void {
  node.host.overrides.set("config|rewrite", (session) => {
    const result = node.replica.changeMembership(change(node));
    if ("refused" in result) {
      session.reply.error(`REFUSED ${result.refused}`);
      return;
    }
    session.hostNeedsCommit = result.index;
    session.reply.integer(result.index);
  });
}

/** The leader's log is what was sealed: batches and configurations, each once, behind the no-op. */
function kindsBehind(node: TestNode, index: number): number[] {
  return node.disk.entries.filter((entry) => entry.index > index).map(({ kind }) => kind);
}

describe("trap-41 an open batch keeps its predicted index", () => {
  test("when membership is changed: it is sealed first, and its replies are its own", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    cluster.advance(100);
    const start = leader.replica.status().appended;
    leader.disk.held = true;
    const client = leader.connect().send("SET first 1");
    cluster.settle();
    client.send("SET open 1", "INCR n");
    cluster.settle();
    expect(leader.replica.status().executed).toBe(start + 2);
    expect(indexOf(leader.replica.changeMembership(addition(leader, 4, false)))).toBe(start + 3);
    client.send("INCR n");
    cluster.settle();
    expect(client.take()).toEqual([]);
    leader.disk.held = false;
    cluster.advance(50);
    expect(client.take()).toEqual(["+OK", "+OK", ":1", ":2"]);
    expect(kindsBehind(leader, start)).toEqual([
      EntryKind.batch,
      EntryKind.batch,
      EntryKind.configuration,
      EntryKind.batch,
    ]);
  });

  test("when a host command in the middle of a pipeline changes it: each reply in its place", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    withChangeCommand(leader, (node) => addition(node, 4, false));
    const start = leader.replica.status().appended;
    const client = leader
      .connect()
      .send("SET a 1", "CONFIG REWRITE", "SET b 1", "CONFIG REWRITE", "GET a");
    cluster.withholdCommits();
    cluster.settle();
    expect(client.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(200);
    expect(client.take()).toEqual([
      "+OK",
      `:${start + 2}`,
      "+OK",
      "-REFUSED CHANGE_IN_PROGRESS",
      "$1 1",
    ]);
  });

  test("when the core goes on by itself: a learner is promoted under load, the joint one left", () => {
    let besideOpenBatch = 0;
    for (let seed = 1; seed <= 10; seed += 1) besideOpenBatch += promotion(seed);
    expect(besideOpenBatch).toBeGreaterThan(0);
  });

  /** Returns how many configurations were due while a batch was open. */
  function promotion(seed: number): number {
    const cluster = new TestCluster({ seed });
    const leader = cluster.elect();
    const index = indexOf(leader.replica.changeMembership(addition(leader, 4)));
    cluster.settle();
    cluster.join(4, index);
    const client = leader.connect();
    let sent = 0;
    let besideOpenBatch = 0;
    const isVoter = () =>
      leader.replica.status().configuration.voters.some(({ id }) => id === 4) &&
      leader.replica.status().configuration.votersOutgoing.length === 0;
    for (; !isVoter() && sent < 500; sent += 1) {
      client.send("INCR n");
      // A slow disk keeps a batch open while the followers commit what makes the core go on.
      leader.disk.held = cluster.below(4) > 0;
      const before = leader.replica.status();
      cluster.advance(cluster.below(4), 1);
      const isOpen = before.executed > before.appended;
      if (isOpen && leader.replica.configurationIndex > before.appended) besideOpenBatch += 1;
    }
    leader.disk.held = false;
    cluster.advance(200);
    expect(isVoter()).toBe(true);
    expect(client.take()).toEqual(Array.from({ length: sent }, (_, at) => `:${at + 1}`));
    const digests = cluster.nodes.map((node) => node.replica.stateDigest().digest);
    expect(new Set(digests).size).toBe(1);
    expect(cluster.nodes).toHaveLength(4);
    return besideOpenBatch;
  }

  test("whatever is mixed with whatever: counters are what clients were told, and nodes agree", () => {
    for (let seed = 1; seed <= 12; seed += 1) mixed(seed);
  });

  function mixed(seed: number): void {
    const cluster = new TestCluster({ seed });
    const told = { done: 0, unknown: 0 };
    const clients: TestClient[] = [];
    for (let step = 0; step < 120; step += 1) {
      const leader = cluster.leader;
      if (leader === undefined) {
        cluster.heal();
        cluster.advance(50);
        continue;
      }
      const dice = cluster.below(12);
      if (dice < 6) clients.push(leader.connect().send("INCR n", "GET n"));
      else if (dice === 6) leader.disk.held = !leader.disk.held;
      else if (dice === 7) {
        // A learner comes or goes.
        const { configuration } = leader.replica.status();
        const has = configuration.learners.length > 0;
        const gone = { expectedIndex: 0, force: false, ...withoutMember(configuration, 4) };
        leader.replica.changeMembership(has ? gone : addition(leader, 4, false));
      } else if (dice === 8) leader.replica.transferLeadership(0);
      else if (dice === 9) cluster.isolate(leader);
      else cluster.heal();
      cluster.advance(cluster.below(20), 1);
    }
    for (const node of cluster.nodes) node.disk.held = false;
    cluster.heal();
    cluster.until(() => clients.every((client) => client.replies.length === 2));
    cluster.advance(500);
    for (const client of clients) {
      const [reply] = client.replies;
      if (reply!.startsWith(":")) told.done += 1;
      else if (reply === UNKNOWN) told.unknown += 1;
      else expect(reply).toMatch(/^-(MOVED|CLUSTERDOWN)/);
    }
    const count = Number(cluster.leader!.replica.keyspace.peek("n") ?? 0);
    expect(count).toBeGreaterThanOrEqual(told.done);
    expect(count).toBeLessThanOrEqual(told.done + told.unknown);
    const digests = cluster.nodes.slice(0, 3).map((node) => node.replica.stateDigest().digest);
    expect(new Set(digests).size).toBe(1);
  }
});

describe("a host command that waits for its entry", () => {
  test("is answered when the entry is committed, and not before", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    withChangeCommand(leader, (node) => addition(node, 4, false));
    cluster.withholdCommits();
    const client = leader.connect().send("CONFIG REWRITE");
    cluster.advance(30);
    expect(client.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(client.take()).toEqual([expect.stringMatching(/^:\d+$/)]);
  });

  test("trap-37 is INDETERMINATE when leadership is lost, whether its entry survives or not", () => {
    for (const survives of [true, false]) {
      const cluster = new TestCluster();
      const leader = cluster.elect();
      withChangeCommand(leader, (node) => addition(node, 4, false));
      if (survives) cluster.withholdAcknowledgements();
      else cluster.isolate(leader);
      const client = leader.connect().send("CONFIG REWRITE", "PING");
      cluster.settle();
      expect(client.take()).toEqual([]);
      cluster.isolate(leader);
      cluster.loseNothing();
      const next = cluster.depose(leader);
      cluster.heal();
      cluster.advance(300);
      expect(client.take()).toEqual([UNKNOWN, "+PONG"]);
      for (const node of cluster.nodes) {
        expect(node.replica.status().configuration.learners.length).toBe(survives ? 1 : 0);
      }
      expect(next.replica.status().configurationIndex > 1).toBe(survives);
    }
  });

  test("trap-37 a refusal is told at once, also when leadership is lost right after", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    withChangeCommand(leader, (node) => ({ ...addition(node, 4), expectedIndex: 99 }));
    cluster.isolate(leader);
    const client = leader.connect().send("CONFIG REWRITE");
    cluster.settle();
    expect(client.take()).toEqual(["-REFUSED STALE"]);
  });

  test("trap-01 a new leader changes nothing before an entry of its own term is committed", () => {
    const cluster = new TestCluster();
    const old = cluster.elect();
    cluster.isolate(old);
    cluster.withholdCommits();
    const isLeader = (node: TestNode) => node !== old && node.replica.role === "leader";
    cluster.until(() => cluster.nodes.some(isLeader));
    const next = cluster.nodes.find(isLeader)!;
    const appended = next.replica.status().appended;
    expect(next.replica.changeMembership(addition(next, 4))).toMatchObject({
      refused: "NOT_READY",
    });
    expect(next.replica.status().appended).toBe(appended);
    cluster.loseNothing();
    cluster.until(() => next.serving);
    indexOf(next.replica.changeMembership(addition(next, 4)));
  });
});

describe("who is no member any more", () => {
  test("trap-11 a leader that is removed sees it through, goes, and answers nothing falsely", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const writer = leader.connect().send("INCR n");
    cluster.settle();
    const { configuration } = leader.replica.status();
    const lists = withoutMember(configuration, leader.id);
    indexOf(leader.replica.changeMembership({ expectedIndex: 0, force: false, ...lists }));
    writer.send("INCR n", "GET n");
    cluster.until(() => leader.replica.isRemoved && !leader.serving);
    cluster.until(() => cluster.nodes.some((node) => node.serving));
    const next = cluster.nodes.find((node) => node.serving)!;
    cluster.advance(3000);
    expect(leader.replica.role).toBe("follower");
    const replies = writer.take();
    expect(replies[0]).toBe(":1");
    const count = replies.filter((reply) => reply.startsWith(":")).length;
    const unknown = replies.filter((reply) => reply === UNKNOWN).length;
    const value = Number(next.replica.keyspace.peek("n"));
    expect(value).toBeGreaterThanOrEqual(count);
    expect(value).toBeLessThanOrEqual(count + unknown);
    expect(replies).toHaveLength(3);
    // It neither serves nor disturbs.
    const late = leader.connect().send("GET n", "SET n 9");
    const { term } = next.replica;
    cluster.advance(5000);
    expect(late.take()).toEqual([
      expect.stringMatching(/^-(MOVED|CLUSTERDOWN)/),
      expect.stringMatching(/^-(MOVED|CLUSTERDOWN)/),
    ]);
    expect(next.replica.term).toBe(term);
    expect(next.serving).toBe(true);
  });

  test("trap-11 a follower that knows that it was removed shows its old state to nobody", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const removed = cluster.nodes.find((node) => node !== leader)!;
    const reader = removed.connect().send("READONLY", "GET n", "DBSIZE");
    cluster.advance(100);
    expect(reader.take()).toEqual(["+OK", "$-1", ":0"]);
    const { configuration } = leader.replica.status();
    const lists = withoutMember(configuration, removed.id);
    indexOf(leader.replica.changeMembership({ expectedIndex: 0, force: false, ...lists }));
    cluster.until(() => removed.replica.isRemoved);
    reader.send("GET n", "WATCH n", "MULTI", "GET n", "EXEC", "DBSIZE");
    cluster.advance(5000);
    const refused = expect.stringMatching(/^-(MOVED|CLUSTERDOWN|READONLY|EXECABORT)/);
    expect(reader.take()).toEqual([refused, refused, "+OK", refused, refused, refused]);
  });

  test("trap-22 trap-43 a node that lost its disk shows nothing before it has what was shown with the old one", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const wiped = cluster.nodes.find((node) => node !== leader)!;
    const client = leader.connect().send("SET k v");
    cluster.advance(100);
    const reader = wiped.connect().send("READONLY", "GET k");
    const subscriber = wiped.connect().send("SUBSCRIBE c");
    cluster.settle();
    expect(reader.take()).toEqual(["+OK", "$1 v"]);
    client.send("PUBLISH c told");
    cluster.advance(100);
    const heard = subscriber.take();
    expect(heard.at(-1)).toContain("told");
    wiped.stopped = true;
    const { configuration } = leader.replica.status();
    const lists = withReplacement(configuration, wiped.id, "test:again")!;
    const index = indexOf(
      leader.replica.changeMembership({ expectedIndex: 0, force: false, ...lists }),
    );
    cluster.settle();
    const reborn = cluster.join(wiped.id, index);
    cluster.lose = ({ type, to }) => type === MessageType.append && to === reborn.id;
    cluster.advance(100);
    const again = reborn.connect().send("READONLY", "GET k", "MULTI", "GET k", "EXEC");
    cluster.settle();
    expect(again.take()).toEqual(["+OK", `-${LOADING}`, "+OK", "+QUEUED", `-${LOADING}`]);
    expect(reborn.replica.status().loading).toBe(true);
    const subscribed = reborn.connect().send("SUBSCRIBE c");
    cluster.settle();
    subscribed.take();
    cluster.loseNothing();
    cluster.until(() => !reborn.replica.status().loading);
    expect(reborn.replica.status().applied).toBeGreaterThanOrEqual(index);
    again.send("GET k");
    client.send("SET k w", "PUBLISH c new");
    cluster.settle();
    expect(again.take()).toEqual(["$1 v"]);
    // Nor does anybody hear again what was told with the old disk.
    cluster.advance(100);
    const told = subscribed.take();
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("new");
  });

  test("trap-43 a node that lost its disk counts for nothing until it has everything again", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const [wiped, other] = cluster.nodes.filter((node) => node !== leader);
    const client = leader.connect().send("SET k v");
    cluster.advance(100);
    client.take();
    // Its disk is gone; the process is, too.
    wiped!.stopped = true;
    cluster.isolate(wiped!);
    cluster.advance(600);
    const { configuration } = leader.replica.status();
    const lists = withReplacement(configuration, wiped!.id, "test:again")!;
    const index = indexOf(
      leader.replica.changeMembership({ expectedIndex: 0, force: false, ...lists }),
    );
    cluster.settle();
    expect(leader.replica.status().commit).toBeGreaterThanOrEqual(index);
    // Without the other voter nothing commits, though the leader and the reborn one are two of three.
    const reborn = cluster.join(wiped!.id, index);
    cluster.isolate(other!);
    cluster.lose = () => false;
    const writer = leader.connect().send("SET k w");
    cluster.heal();
    cluster.lose = (message) => message.from === other!.id || message.to === other!.id;
    cluster.advance(200);
    expect(writer.take()).toEqual([]);
    expect(reborn.replica.status().appended).toBe(leader.replica.status().appended);
    cluster.loseNothing();
    cluster.until(() => {
      const { voters, votersOutgoing } = leader.replica.status().configuration;
      return votersOutgoing.length === 0 && voters.some((voter) => voter.incarnation === index);
    });
    expect(writer.take()).toEqual(["+OK"]);
    // Now it counts: the other one may go.
    cluster.isolate(other!);
    writer.send("SET k x");
    cluster.advance(50);
    expect(writer.take()).toEqual(["+OK"]);
    expect(reborn.replica.keyspace.peek("k")).toBe("x");
  });
});
