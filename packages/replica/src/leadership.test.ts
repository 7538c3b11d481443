/** What happens to state and replies when leadership is lost, found again, or passes on. */

import { type AppendRequest, EntryKind, MessageType } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { INDETERMINATE, UNBLOCKED } from "./errors.js";
import type { EntryObserver } from "./ports.js";
import type { TestClient } from "./testing/test-client.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

const UNKNOWN = `-${INDETERMINATE}`;

/** The leader executes what follows and seals it, and no one will ever hear of it. */
function cutOff(cluster: TestCluster): TestNode {
  const leader = cluster.elect();
  cluster.isolate(leader);
  return leader;
}

/** What is executed now stays in the open batch: the batch before it never becomes durable here. */
function holdOpen(leader: TestNode): TestClient {
  leader.disk.held = true;
  const blocker = leader.connect().send("SET blocker sealed");
  leader.cluster.settle();
  return blocker;
}

function digests(cluster: TestCluster): Set<string> {
  return new Set(cluster.nodes.map((node) => node.replica.stateDigest().digest));
}

describe("state", () => {
  test("trap-05 a new leader executes nothing before its own no-op is applied", () => {
    const cluster = new TestCluster();
    const old = cluster.elect();
    old.connect().send("SET k v");
    cluster.advance(100);
    const client = new Map(cluster.nodes.map((node) => [node, node.connect()] as const));
    cluster.isolate(old);
    // Elections succeed, but what the winner appends is never acknowledged.
    cluster.withholdCommits();
    cluster.until(() =>
      cluster.nodes.some((n) => n !== old && n.replica.status().role === "leader"),
    );
    const next = cluster.nodes.find((n) => n !== old && n.replica.status().role === "leader")!;
    client.get(next)!.send("GET k", "SET k w", "INCR n");
    cluster.advance(100);
    expect(next.serving).toBe(false);
    expect(next.replica.status()).toMatchObject({
      role: "leader",
      counters: { commandsExecuted: 0 },
    });
    expect(client.get(next)!.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(200);
    expect(next.serving).toBe(true);
    expect(client.get(next)!.take()).toEqual(["$1 v", "+OK", ":1"]);
  });

  test("trap-32 everything executed and not committed is rolled back: values, deadlines, expiries", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.connect().send("MSET a 1 b 2 c 3", "SET gone v PX 30", "EXPIRE c 1000");
    cluster.settle();
    const before = leader.replica.stateDigest();
    cutOff(cluster);
    const client = leader.connect().send("SET a 9", "DEL b", "PERSIST c", "RENAME c d");
    cluster.settle();
    cluster.nowMs += 40;
    client.send("GET gone", "FLUSHALL", "SET after flush");
    cluster.settle();
    expect(leader.replica.stateDigest().digest).not.toBe(before.digest);
    cluster.until(() => !leader.serving);
    expect(leader.replica.stateDigest()).toEqual(before);
    expect(leader.replica.status()).toMatchObject({ counters: { hazards: 0 } });
    expect(leader.replica.status().memory.undoBytes).toBe(0);
    cluster.heal();
    cluster.advance(1500);
    expect(digests(cluster).size).toBe(1);
  });

  test("trap-49 role change, truncation and commit of another history arrive in one turn", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    leader.connect().send("SET k mine", "INCR n");
    cluster.settle();
    leader.stopped = true;
    const held: AppendRequest[] = [];
    cluster.lose = (m) => {
      if (m.type === MessageType.append && m.to === leader.id && m.from !== leader.id) held.push(m);
      return false;
    };
    const next = cluster.elect();
    next.connect().send("SET k theirs", "INCR n");
    cluster.advance(100);
    const probe = held.find((m) => m.from === next.id && m.entries.length > 0)!;
    expect(probe.prevIndex).toBe(leader.replica.status().applied);
    // It wakes up leading, and finds term, conflicting entries and their commit in its inbox.
    leader.replica.receive({ ...probe, commit: probe.prevIndex + probe.entries.length });
    leader.stopped = false;
    leader.turn();
    expect(leader.serving).toBe(false);
    expect(leader.replica.status()).toMatchObject({
      term: probe.term,
      commit: probe.prevIndex + 1,
    });
    cluster.settle();
    expect(leader.replica.status().applied).toBe(probe.prevIndex + 1);
    expect(leader.replica.keyspace.size).toBe(0);
    cluster.heal();
    cluster.advance(500);
    expect(leader.replica.keyspace.peek("n")).toBe("1");
    expect(digests(cluster).size).toBe(1);
  });

  test("trap-30 each entry is applied exactly once on every node, through changes of leadership", () => {
    const applied = new Map<number, number[]>();
    const observer = (node: TestNode): EntryObserver => ({
      sealed: () => undefined,
      applied: (entry) => {
        const list = applied.get(node.id) ?? [];
        list.push(entry.index);
        applied.set(node.id, list);
      },
      rolledBack: () => undefined,
      turnEnded: () => undefined,
    });
    const cluster = new TestCluster({ observer });
    let acknowledged = 0;
    for (let round = 0; round < 6; round++) {
      const leader = cluster.elect();
      const client = leader.connect();
      for (let i = 0; i < 5; i++) client.send("INCR n", "APPEND log x");
      cluster.settle();
      cluster.isolate(leader);
      client.send("INCR lost");
      cluster.settle();
      cluster.depose(leader);
      cluster.heal();
      acknowledged += client.take().filter((reply) => reply.startsWith(":")).length / 2;
    }
    cluster.elect();
    cluster.advance(300);
    expect(acknowledged).toBe(30);
    for (const node of cluster.nodes) {
      expect(node.replica.keyspace.peek("n")).toBe("30");
      const list = applied.get(node.id)!;
      expect(list).toEqual(list.map((_, i) => i + 1));
    }
    expect(digests(cluster).size).toBe(1);
  });

  test("trap-41 a batch gets the index that was predicted: nothing is appended beside it", () => {
    const sealed: number[] = [];
    const cluster = new TestCluster({
      nodes: 1,
      observer: () => ({
        sealed: (index) => sealed.push(index),
        applied: () => undefined,
        rolledBack: () => undefined,
        turnEnded: () => undefined,
      }),
    });
    const leader = cluster.elect();
    const client = holdOpen(leader).send("SET a 1");
    cluster.settle();
    const status = leader.replica.status();
    expect(status.executed).toBe(status.appended + 1);
    leader.disk.held = false;
    cluster.advance(100);
    expect(client.take()).toEqual(["+OK", "+OK"]);
    const batches = leader.disk.entries.filter(({ kind }) => kind === EntryKind.batch);
    expect(sealed).toEqual(batches.map(({ index }) => index));
    expect(sealed.at(-1)).toBe(status.executed);
  });

  test("an open batch is sealed when the sync before it completes and nothing else happens", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const blocker = holdOpen(leader);
    const client = leader.connect().send("SET k v");
    cluster.settle();
    expect(client.take()).toEqual([]);
    leader.disk.held = false;
    // No time passes, no request comes: the sync's completion alone must do it.
    cluster.settle();
    expect([...blocker.take(), ...client.take()]).toEqual(["+OK", "+OK"]);
  });
});

describe("replies", () => {
  test("trap-37 sealed writes are unknown, reads and the open batch are done again", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const blocker = holdOpen(leader);
    const client = leader
      .connect()
      .send("SET open 1", "GET open", "INCR n", "EXISTS blocker", "PING");
    cluster.settle();
    const next = cluster.depose(leader);
    leader.disk.held = false;
    cluster.heal();
    cluster.advance(300);
    expect(blocker.take()).toEqual([UNKNOWN]);
    expect(client.take()).toEqual([
      ...new Array(4).fill(expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${next.id}$`))),
      "+PONG",
    ]);
    expect(next.replica.keyspace.peek("open")).toBeUndefined();
  });

  test("trap-37 a sealed write that survives its leader was told as unknown, and is there once", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    cluster.withholdAcknowledgements();
    const client = leader.connect().send("INCR n", "MULTI", "INCR n", "EXEC", "GET n");
    cluster.advance(20);
    expect(client.take()).toEqual([]);
    cluster.isolate(leader);
    cluster.loseNothing();
    const next = cluster.elect();
    expect(next.replica.keyspace.peek("n")).toBe("2");
    cluster.heal();
    cluster.until(() => client.replies.length === 5);
    const [first, multi, queued, exec, get] = client.take();
    expect([first, multi, queued, exec]).toEqual([UNKNOWN, "+OK", "+QUEUED", UNKNOWN]);
    expect(get).toMatch(/^-MOVED/);
    cluster.advance(200);
    for (const node of cluster.nodes) expect(node.replica.keyspace.peek("n")).toBe("2");
  });

  test("trap-37 what is done again by the same node, leader again, is done once", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    holdOpen(leader);
    const client = leader.connect().send("INCR n", "INCR n", "GET n");
    client.send("MULTI", "INCR n", "GET n", "EXEC");
    cluster.settle();
    cluster.until(() => !leader.serving);
    leader.disk.held = false;
    // Nobody else may win: the others hear only this node.
    cluster.heal();
    for (const other of cluster.nodes) other.unknownAddresses.add(1).add(2).add(3);
    cluster.enthrone(leader);
    cluster.advance(200);
    const replies = client.take();
    expect(replies).toHaveLength(7);
    if (!replies[0]!.startsWith("-")) {
      expect(replies).toEqual([":1", ":2", "$1 2", "+OK", "+QUEUED", "+QUEUED", "*2 :3 $1 3"]);
    }
    cluster.advance(300);
    expect(digests(cluster).size).toBe(1);
  });

  test("trap-36 what a connection said behind a command does not change how it is repeated", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const client = leader.connect();
    client.send("GET missing", "HELLO 3", "GET missing", "READONLY", "GET k");
    client.send("MULTI", "GET missing", "CLIENT REPLY OFF");
    client.send("GET unseen");
    cluster.settle();
    expect(client.take()).toEqual([]);
    cluster.until(() => !leader.serving);
    cluster.enthrone(leader);
    client.send("DISCARD", "CLIENT REPLY ON", "PING");
    cluster.advance(200);
    const replies = client.take();
    expect(replies.slice(1, 2)).toEqual(["%1 $5 proto :3"]);
    expect(replies.slice(3, 4)).toEqual(["+OK"]);
    // Whoever answers them, the first speaks RESP2 and the others RESP3, and none is from a follower.
    expect(replies[0]).toMatch(/^(\$-1$|-MOVED|-CLUSTERDOWN)/);
    expect(replies[2]).toMatch(/^(_$|-MOVED|-CLUSTERDOWN)/);
    expect(replies[4]).toMatch(/^(_$|-MOVED|-CLUSTERDOWN)/);
    expect(replies.slice(5, 7)).toEqual(["+OK", "+QUEUED"]);
  });

  test("trap-36 a READONLY said behind a read never lets a follower answer its repeat", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const client = leader.connect().send("GET k", "MULTI", "GET k", "EXEC", "READONLY", "GET k");
    cluster.settle();
    cluster.depose(leader);
    cluster.heal();
    cluster.advance(300);
    const moved = expect.stringMatching(/^-MOVED/);
    // The last one was executed behind READONLY, by a leader: its repeat is as careful as the others'.
    expect(client.take()).toEqual([moved, "+OK", "+QUEUED", moved, "+OK", moved]);
    client.send("GET k");
    cluster.settle();
    expect(client.take()).toEqual(["$-1"]);
  });

  test("trap-36 the first reply keeps its protocol when the same node answers it again", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const leader = cluster.elect();
    const blocker = holdOpen(leader);
    const client = leader.connect().send("GET blocker", "GET missing", "HELLO 3", "GET missing");
    cluster.settle();
    // A single voter loses leadership only by a higher term that somebody in its configuration claims.
    expect(client.take()).toEqual([]);
    leader.disk.held = false;
    cluster.settle();
    expect(blocker.take()).toEqual(["+OK"]);
    expect(client.take()).toEqual(["$6 sealed", "$-1", "%1 $5 proto :3", "_"]);
  });

  test("trap-36 a MULTI that is open when leadership is lost stays open, with its commands", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const client = leader.connect().send("GET before", "MULTI", "SET k v");
    cluster.settle();
    expect(client.take()).toEqual([]);
    const next = cluster.depose(leader);
    cluster.heal();
    cluster.advance(200);
    const moved = expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${next.id}$`));
    expect(client.take()).toEqual([moved, "+OK", "+QUEUED"]);
    expect(client.session.multiLength).toBe(1);
    client.send("EXEC", "PING");
    cluster.settle();
    expect(client.take()).toEqual([expect.stringMatching(/^-MOVED/), "+PONG"]);
    expect(client.session.inMulti).toBe(false);
  });

  test("a transaction of nothing but connection commands is answered though it is repeated", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const client = leader.connect().send("MULTI", "PING", "EXEC", "MULTI", "EXEC");
    cluster.settle();
    cluster.depose(leader);
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual(["+OK", "+QUEUED", "*1 +PONG", "+OK", "*0"]);
  });

  test("trap-52 a watched key that was changed, rolled back and changed again breaks the EXEC", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.connect().send("SET k original");
    cluster.settle();
    const watcher = leader.connect().send("WATCH k");
    const late = leader.connect();
    const untouched = leader.connect().send("WATCH other");
    cluster.settle();
    expect(watcher.take()).toEqual(["+OK"]);
    cutOff(cluster);
    leader.connect().send("SET k changed");
    cluster.settle();
    // It watches the value that is going to vanish.
    late.send("WATCH k");
    cluster.until(() => !leader.serving);
    expect(leader.replica.keyspace.peek("k")).toBe("original");
    cluster.enthrone(leader);
    for (const client of [watcher, late, untouched]) {
      client.take();
      client.send("MULTI", "SET k mine", "EXEC");
    }
    cluster.advance(200);
    expect(watcher.take()).toEqual(["+OK", "+QUEUED", "*-1"]);
    expect(late.take()).toEqual(["+OK", "+QUEUED", "*-1"]);
    // No watch outlives the term it was seen in, changed or not.
    expect(untouched.take()).toEqual(["+OK", "+QUEUED", "*-1"]);
    expect(leader.replica.keyspace.watchedSize).toBe(0);
  });

  test("WAIT ends with UNBLOCKED when leadership is lost, in its place among the replies", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const client = leader.connect().send("SET k v", "WAIT 2 0", "PING");
    cluster.settle();
    expect(client.session.blocked).toBe(true);
    cluster.depose(leader);
    cluster.heal();
    cluster.advance(300);
    expect(client.take()).toEqual([UNKNOWN, `-${UNBLOCKED}`, "+PONG"]);
    expect(client.session.blocked).toBe(false);
  });

  test("WAIT of a leader that is leader again still asks for the writes it had acknowledged", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    // One follower votes and confirms, but has none of the entries.
    const behind = cluster.nodes.find((node) => node !== leader)!;
    cluster.lose = (m) => m.to === behind.id && "entries" in m && m.entries.length > 0;
    const client = leader.connect().send("SET k v");
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
    cluster.isolate(leader);
    cluster.advance(2000);
    cluster.enthrone(leader);
    client.send("WAIT 2 100");
    cluster.advance(200);
    expect(client.take()).toEqual([":1"]);
  });

  test("QUIT and protocol errors behind waiting replies end the connection once, after all replies", () => {
    const cluster = new TestCluster();
    const leader = cutOff(cluster);
    const quits = leader.connect().send("SET k v", "GET k", "QUIT", "SET k never");
    const broken = leader.connect().send("GET k");
    broken.session.protocolError("ERR Protocol error: invalid bulk length");
    const gone = leader.connect().send("SET gone v", "GET gone");
    cluster.settle();
    gone.session.close();
    expect([quits.ends, broken.ends]).toEqual([0, 0]);
    cluster.depose(leader);
    cluster.heal();
    cluster.advance(300);
    expect(quits.take()).toEqual([UNKNOWN, expect.stringMatching(/^-MOVED/), "+OK"]);
    expect(broken.take()).toEqual([
      expect.stringMatching(/^-MOVED/),
      "-ERR Protocol error: invalid bulk length",
    ]);
    expect([quits.ends, broken.ends, gone.ends]).toEqual([1, 1, 0]);
    expect(gone.take()).toEqual([]);
    quits.session.close();
    broken.session.close();
    expect(leader.replica.status().counters).toMatchObject({ sessions: 0, waitingSessions: 0 });
  });
});
