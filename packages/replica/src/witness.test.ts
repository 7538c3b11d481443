/** A log-only voter: it votes, persists and acknowledges, and it neither executes nor serves. */

import { type Message, MessageType, withLearner } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { INDETERMINATE } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

const CLUSTERDOWN = expect.stringMatching(/^-CLUSTERDOWN/);
const ABORTED = expect.stringMatching(/^-EXECABORT/);
const WITNESS = 3;

/** Two data nodes and a witness. */
function twoAndAWitness(seed = 1) {
  const cluster = new TestCluster({ witnesses: [WITNESS], seed });
  const leader = cluster.elect();
  cluster.advance(100);
  const witness = cluster.nodes[WITNESS - 1]!;
  const other = cluster.nodes.find((node) => node !== leader && node !== witness)!;
  return { cluster, leader, other, witness };
}

/** `other` lags: the leader and the witness alone hold what is acknowledged now. Then the leader is gone. */
function witnessKnowsMore(seed = 1) {
  const parts = twoAndAWitness(seed);
  const { cluster, leader, other } = parts;
  cluster.lose = (message) => message.to === other.id && message.type === MessageType.append;
  const client = leader.connect().send("SET k acknowledged", "INCR n");
  cluster.settle();
  expect(client.take()).toEqual(["+OK", ":1"]);
  leader.stopped = true;
  cluster.isolate(leader);
  cluster.loseNothing();
  expect(other.replica.keyspace.size).toBe(0);
  return parts;
}

function untilWitnessLeads(cluster: TestCluster, witness: TestNode): void {
  cluster.until(() => witness.replica.role === "leader");
}

describe("trap-48 a witness with the longer log", () => {
  test("leads only to bring the data node level, hands over, and nothing acknowledged is lost", () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { cluster, other, witness } = witnessKnowsMore(seed);
      cluster.until(() => other.serving);
      expect(witness.events.filter(({ event }) => event === "witness leads")).toHaveLength(1);
      expect(other.replica.keyspace.peek("k")).toBe("acknowledged");
      expect(witness.replica.role).toBe("follower");
      const client = other.connect().send("GET k", "INCR n");
      cluster.settle();
      expect(client.take()).toEqual(["$12 acknowledged", ":2"]);
    }
  });

  test("grants the survivor nothing before it has everything: without the witness's help none leads", () => {
    const { cluster, other, witness } = witnessKnowsMore();
    // The witness may not lead: nobody hears its requests. The data node alone is not up to date.
    cluster.lose = (message) => message.from === witness.id && message.type === MessageType.preVote;
    cluster.advance(20 * ELECTION_TIMEOUT_MS);
    expect(other.replica.role).not.toBe("leader");
    expect(other.replica.keyspace.size).toBe(0);
    cluster.loseNothing();
    cluster.until(() => other.serving);
    expect(other.replica.keyspace.peek("n")).toBe("1");
  });

  test("a data node that is level leads sooner than the witness", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { cluster, leader, other, witness } = twoAndAWitness(seed);
      leader.stopped = true;
      cluster.isolate(leader);
      let witnessLed = false;
      cluster.until(() => {
        witnessLed ||= witness.replica.role === "leader";
        return other.serving;
      });
      expect(witnessLed).toBe(false);
    }
  });
});

describe("what clients are told", () => {
  test("a witness holds no keyspace and executes nothing, READONLY or not: it names the leader", () => {
    const { cluster, leader, witness } = twoAndAWitness();
    const writer = leader.connect().send("MSET a 1 b 2", "INCR n");
    cluster.advance(100);
    expect(writer.take()).toEqual(["+OK", ":1"]);
    const client = witness.connect();
    client.send("GET a", "SET a 9", "READONLY", "GET a", "MULTI", "GET a", "EXEC", "PING");
    cluster.advance(100);
    const moved = expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${leader.id}$`));
    expect(client.take()).toEqual([moved, moved, "+OK", moved, "+OK", moved, ABORTED, "+PONG"]);
    expect(witness.replica.keyspace.size).toBe(0);
    expect(witness.replica.status()).toMatchObject({
      witness: true,
      serving: false,
      // PING.
      counters: { commandsExecuted: 1 },
    });
    expect(witness.replica.status().applied).toBe(leader.replica.status().applied);
  });

  test("while a witness leads, clients are held and then told CLUSTERDOWN, never sent to it", () => {
    const { cluster, other, witness } = witnessKnowsMore();
    // The data node can't come level, so the witness goes on leading.
    cluster.lose = (message) => message.type === MessageType.append && message.entries.length > 0;
    untilWitnessLeads(cluster, witness);
    cluster.advance(200);
    const clients = [other.connect().send("GET k", "SET k w"), witness.connect().send("GET k")];
    cluster.settle();
    expect(clients.map((client) => client.take())).toEqual([[], []]);
    cluster.advance(4 * ELECTION_TIMEOUT_MS);
    expect(clients.map((client) => client.take())).toEqual([
      [CLUSTERDOWN, CLUSTERDOWN],
      [CLUSTERDOWN],
    ]);
    expect(witness.serving).toBe(false);
    expect(other.replica.status().leaderIsWitness).toBe(true);
    // Who is held when it hands over is sent to the node that serves.
    const held = witness.connect().send("GET k");
    const here = other.connect().send("GET k");
    cluster.loseNothing();
    cluster.until(() => other.serving && held.replies.length === 1 && here.replies.length === 1);
    expect(held.take()).toEqual([
      expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${other.id}$`)),
    ]);
    expect(here.take()).toEqual(["$12 acknowledged"]);
  });

  test("WAIT counts data voters only", () => {
    const { cluster, leader, other } = twoAndAWitness();
    const client = leader.connect().send("SET k v", "WAIT 2 50");
    cluster.advance(100);
    expect(client.take()).toEqual(["+OK", ":1"]);
    cluster.lose = (message) => message.to === other.id && message.type === MessageType.append;
    client.send("SET k w", "WAIT 1 50");
    cluster.advance(100);
    // The witness has it, so it is acknowledged; no other data node does.
    expect(client.take()).toEqual(["+OK", ":0"]);
  });

  test("a leader never hands over to a witness, and answers go on", () => {
    const { cluster, leader, other } = twoAndAWitness();
    expect(leader.replica.transferLeadership(WITNESS)).toBe("the target is a witness");
    cluster.isolate(other);
    cluster.advance(ELECTION_TIMEOUT_MS + 100);
    expect(leader.replica.transferLeadership(0)).toBe("no member can take over now");
    const client = leader.connect().send("INCR n");
    cluster.settle();
    expect(client.take()).toEqual([":1"]);
  });
});

describe("a witness that leads answers for the membership", () => {
  /** One data node is gone for good; `CONFIG REWRITE` on the witness adds node 4 in its place. */
  function leadingAlone() {
    const cluster = new TestCluster({ witnesses: [2, 3] });
    const data = cluster.elect();
    expect(data.id).toBe(1);
    const client = data.connect().send("SET k v", "INCR n");
    cluster.advance(100);
    expect(client.take()).toEqual(["+OK", ":1"]);
    data.stopped = true;
    cluster.isolate(data);
    cluster.until(() => [2, 3].some((id) => cluster.nodes[id - 1]!.replica.role === "leader"));
    const witness = cluster.nodes.find((node) => node !== data && node.replica.role === "leader")!;
    cluster.advance(100);
    witness.host.overrides.set("config|rewrite", (session) => {
      const { configuration } = witness.replica.status();
      const member = { id: 4, incarnation: 0, peerAddress: "test:4", promote: true as const };
      const lists = withLearner(configuration, member);
      const change = { expectedIndex: 0, force: false, ...lists };
      const result = witness.replica.changeMembership(change);
      if ("refused" in result) return session.reply.error(`REFUSED ${result.refused}`);
      session.hostNeedsCommit = result.index;
      session.reply.integer(result.index);
    });
    return { cluster, data, witness };
  }

  test("one data node and two witnesses: a new data node gets the whole log and serves", () => {
    const { cluster, witness } = leadingAlone();
    const client = witness.connect().send("CONFIG REWRITE");
    cluster.advance(100);
    const [answer] = client.take();
    expect(answer).toMatch(/^:\d+$/);
    const born = cluster.join(4, Number(answer!.slice(1)));
    cluster.until(() => born.serving);
    expect(born.replica.keyspace.peek("k")).toBe("v");
    const writer = born.connect().send("INCR n");
    cluster.advance(100);
    expect(writer.take()).toEqual([":2"]);
  });

  test("it serves nobody, though it leads and its term's first entry is committed", () => {
    const { cluster, witness } = leadingAlone();
    const { commit, appended } = witness.replica.status();
    expect(commit).toBe(appended);
    const client = witness.connect().send("GET k", "SET k w", "DBSIZE");
    cluster.advance(4 * ELECTION_TIMEOUT_MS);
    expect(witness.replica).toMatchObject({ role: "leader", serving: false });
    expect(client.take()).toEqual([CLUSTERDOWN, CLUSTERDOWN, CLUSTERDOWN]);
    expect(witness.replica.status().appended).toBe(appended);
  });

  test("trap-37 its answer is INDETERMINATE when it loses its place before the entry is committed", () => {
    const { cluster, witness } = leadingAlone();
    const held: Message[] = [];
    cluster.lose = (message) => {
      if (message.type !== MessageType.append || message.from !== witness.id) return false;
      held.push(message);
      return true;
    };
    const client = witness.connect().send("CONFIG REWRITE", "PING");
    cluster.advance(30);
    expect(client.take()).toEqual([]);
    expect(held.length).toBeGreaterThan(0);
    cluster.isolate(witness);
    cluster.until(() => witness.replica.role !== "leader");
    cluster.advance(10);
    expect(client.take()).toEqual([`-${INDETERMINATE}`, "+PONG"]);
  });
});
