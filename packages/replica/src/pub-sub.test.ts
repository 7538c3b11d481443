/** trap-53 and trap-32: a message is heard in its place among the commits, on every node, or by nobody. */

import { keySlot } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { ackPolicy } from "./ack-policy.js";
import { MESSAGE_OVERHEAD_BYTES, TELL_CLOCK_CHECK, UNTOLD_BYTES_MAX } from "./constants.js";
import { PubSub } from "./pub-sub.js";
import { ReplyGate } from "./reply-gate.js";
import type { TestClient } from "./testing/test-client.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

function cluster() {
  const nodes = new TestCluster();
  const leader = nodes.elect();
  const [follower, other] = nodes.nodes.filter((node) => node !== leader) as [TestNode, TestNode];
  return { nodes, leader, follower, other };
}

function subscribed(nodes: TestCluster, node: TestNode, ...lines: readonly string[]): TestClient {
  const client = node.connect().send(...lines);
  nodes.settle();
  client.take();
  return client;
}

/** As Redis writes a message in RESP2, line ends as spaces. */
function message(channel: string, text: string): string {
  return `*3 $7 message $${channel.length} ${channel} $${text.length} ${text}`;
}

describe("trap-53 messages are committed", () => {
  test("subscribers of every node hear them in commit order, and nobody before the commit", () => {
    const { nodes, leader, follower } = cluster();
    const here = subscribed(nodes, leader, "SUBSCRIBE a");
    const there = subscribed(nodes, follower, "SUBSCRIBE a");
    nodes.withholdCommits();
    const publishers = [leader.connect(), leader.connect()];
    const said: string[] = [];
    for (let i = 0; i < 20; i++) {
      publishers[i % 2]!.send(`PUBLISH a ${i}`, `SET k${i} v`);
      said.push(message("a", String(i)));
      nodes.settle();
    }
    nodes.advance(60);
    expect([here.take(), there.take(), publishers[0]!.take()]).toEqual([[], [], []]);
    nodes.loseNothing();
    nodes.advance(120);
    expect(here.take()).toEqual(there.replies.slice(1));
    expect(there.take().toSorted()).toEqual(said.toSorted());
    // Each counts who listens to the node it was sent to.
    expect(publishers[0]!.take().filter((reply) => reply !== "+OK")).toEqual(Array(10).fill(":1"));
  });

  test("one of EXEC is heard where its writes are applied, never before", () => {
    const { nodes, leader, follower } = cluster();
    const there = subscribed(nodes, follower, "SUBSCRIBE a");
    const client = leader.connect().send("MULTI", "SET x 1", "PUBLISH a done", "SET y 2", "EXEC");
    nodes.until(() => there.replies.length > 1);
    expect(there.take()).toEqual([message("a", "done")]);
    expect(follower.replica.keyspace.peek("x")).toBeDefined();
    expect(follower.replica.keyspace.peek("y")).toBeDefined();
    expect(client.take()).toEqual(["+OK", "+QUEUED", "+QUEUED", "+QUEUED", "*3 +OK :0 +OK"]);
  });

  test("one that is rolled back was never said, not even to those who listen where it was sent", () => {
    const { nodes, leader, follower, other } = cluster();
    const listeners = [leader, follower, other].map((node) =>
      subscribed(nodes, node, "SUBSCRIBE a"),
    );
    nodes.isolate(leader);
    const publisher = leader.connect().send("PUBLISH a lost", "MULTI", "PUBLISH a too", "EXEC");
    const next = nodes.depose(leader);
    next.connect().send("PUBLISH a kept");
    nodes.heal();
    nodes.advance(2000);
    expect(listeners.map((client) => client.take())).toEqual(Array(3).fill([message("a", "kept")]));
    const [reply] = publisher.take();
    expect(reply).toMatch(/^-(INDETERMINATE|MOVED)/);
  });

  test("one that survives its leader is heard once by all, the deposed leader's subscribers too", () => {
    const { nodes, leader, follower, other } = cluster();
    const listeners = [leader, follower, other].map((node) =>
      subscribed(nodes, node, "SUBSCRIBE a"),
    );
    nodes.withholdAcknowledgements();
    const publisher = leader.connect().send("PUBLISH a survives");
    nodes.settle();
    expect(listeners.map((client) => client.take())).toEqual([[], [], []]);
    nodes.isolate(leader);
    nodes.loseNothing();
    nodes.depose(leader);
    nodes.heal();
    nodes.advance(2000);
    expect(listeners.map((client) => client.take())).toEqual(
      Array(3).fill([message("a", "survives")]),
    );
    expect(publisher.take()[0]).toMatch(/^-INDETERMINATE/);
  });

  test("trap-36 one stays behind the replies its reader waits for, also when leadership is lost", () => {
    const { nodes, leader } = cluster();
    const reader = leader.connect().send("HELLO 3", "SUBSCRIBE a");
    nodes.settle();
    reader.take();
    nodes.withholdConfirmations();
    // It can't be redirected: it is held until nobody waits any longer.
    for (const { id } of nodes.nodes) leader.unknownAddresses.add(id);
    reader.send("GET k");
    leader.connect().send("PUBLISH a 1");
    nodes.settle();
    leader.connect().send("PUBLISH a 2");
    nodes.settle();
    expect(reader.take()).toEqual([]);
    // The read is taken back; what was told waits behind it, and so does what is told later.
    const next = nodes.depose(leader);
    nodes.heal();
    nodes.loseNothing();
    next.connect().send("PUBLISH a 3");
    nodes.advance(200);
    expect([reader.take(), reader.session.queuedLength]).toEqual([[], 4]);
    nodes.advance(2000);
    const [first, ...messages] = reader.take();
    expect(first).toMatch(/^-CLUSTERDOWN/);
    expect(messages).toEqual(["1", "2", "3"].map((text) => `>${message("a", text).slice(1)}`));
  });

  test("trap-30 what a node had applied before a restart is not heard again", () => {
    const { nodes, leader, follower } = cluster();
    leader.connect().send("PUBLISH a old");
    nodes.advance(100);
    const again = nodes.restart(follower);
    const listener = again.connect().send("SUBSCRIBE a");
    nodes.advance(1000);
    nodes.elect().connect().send("PUBLISH a new");
    nodes.advance(200);
    expect(listener.take().slice(1)).toEqual([message("a", "new")]);
  });

  test("subscribers are cut where a snapshot stands for entries: they would miss messages", () => {
    const { nodes, leader, follower } = cluster();
    const listener = subscribed(nodes, follower, "SUBSCRIBE a");
    nodes.isolate(follower);
    const publisher = leader.connect();
    for (let i = 0; i < 30; i++) {
      publisher.send(`PUBLISH a ${i}`, `SET k${i} v`);
      nodes.advance(20);
    }
    for (const node of nodes.nodes) if (node !== follower) node.makeSnapshot();
    nodes.heal();
    nodes.until(() => listener.ends > 0);
    expect(listener.take()).toEqual([]);
  });
});

describe("who listens", () => {
  test("hears a channel by its name, each pattern that matches, shard channels apart", () => {
    const { nodes, leader } = cluster();
    const listener = leader
      .connect()
      .send("SUBSCRIBE news", "PSUBSCRIBE n* *s x", "SSUBSCRIBE news");
    const publisher = leader
      .connect()
      .send("PUBLISH news hi", "SPUBLISH news s", "PUBLISH other o");
    nodes.settle();
    expect(publisher.take()).toEqual([":3", ":1", ":0"]);
    expect(listener.take().slice(5)).toEqual([
      message("news", "hi"),
      "*4 $8 pmessage $2 n* $4 news $2 hi",
      "*4 $8 pmessage $2 *s $4 news $2 hi",
      "*3 $8 smessage $4 news $1 s",
    ]);
  });

  test("is told the count of channels and patterns, and of shard channels apart", () => {
    const { nodes, leader } = cluster();
    const client = leader.connect().send("SUBSCRIBE a a b", "PSUBSCRIBE x", "SSUBSCRIBE a");
    client.send(
      "UNSUBSCRIBE b",
      "UNSUBSCRIBE",
      "UNSUBSCRIBE",
      "PUNSUBSCRIBE",
      "SUNSUBSCRIBE a",
      "PING",
    );
    nodes.settle();
    expect(client.take()).toEqual([
      "*3 $9 subscribe $1 a :1",
      "*3 $9 subscribe $1 a :1",
      "*3 $9 subscribe $1 b :2",
      "*3 $10 psubscribe $1 x :3",
      "*3 $10 ssubscribe $1 a :1",
      "*3 $11 unsubscribe $1 b :2",
      "*3 $11 unsubscribe $1 a :1",
      "*3 $11 unsubscribe $-1 :1",
      "*3 $12 punsubscribe $1 x :0",
      "*3 $12 sunsubscribe $1 a :0",
      "+PONG",
    ]);
    expect(leader.replica.status().counters).toMatchObject({
      channels: 0,
      patterns: 0,
      shardChannels: 0,
    });
  });

  test("has few commands in RESP2 and all in RESP3", () => {
    const { nodes, leader } = cluster();
    const client = leader
      .connect()
      .send("SUBSCRIBE a", "GET k", "CLIENT ID", "EXEC", "PING", "PING x");
    client.send(
      "PING x y",
      "RESET",
      "GET k",
      "HELLO 3",
      "SUBSCRIBE a",
      "GET k",
      "PING",
      "HELLO 2",
      "GET k",
    );
    nodes.advance(60);
    const refused = (name: string) =>
      `Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
    expect(client.take().slice(1)).toEqual([
      `-ERR ${refused("get")}`,
      `-ERR ${refused("client|id")}`,
      `-EXECABORT Transaction discarded because of: ${refused("exec")}`,
      "*2 $4 pong $0",
      "*2 $4 pong $1 x",
      "-ERR wrong number of arguments for 'ping' command",
      "+RESET",
      "$-1",
      "%1 $5 proto :3",
      ">3 $9 subscribe $1 a :1",
      "_",
      "+PONG",
      "*2 $5 proto :2",
      `-ERR ${refused("get")}`,
    ]);
  });

  test("hears whatever CLIENT REPLY says, and its confirmations too", () => {
    const { nodes, leader } = cluster();
    const client = leader.connect().send("CLIENT REPLY OFF", "SUBSCRIBE a", "PING");
    nodes.settle();
    leader.connect().send("PUBLISH a 1");
    nodes.settle();
    expect(client.take()).toEqual(["*3 $9 subscribe $1 a :1", message("a", "1")]);
  });

  test("hears nothing more after RESET, UNSUBSCRIBE or the connection's end", () => {
    const { nodes, leader } = cluster();
    const reset = subscribed(nodes, leader, "SUBSCRIBE a", "PSUBSCRIBE *", "SSUBSCRIBE a", "RESET");
    const gone = subscribed(nodes, leader, "SUBSCRIBE a", "PSUBSCRIBE *");
    gone.session.close();
    const publisher = leader.connect().send("PUBLISH a 1", "SPUBLISH a 1", "PUBSUB CHANNELS");
    publisher.send("PUBSUB NUMPAT", "PUBSUB SHARDCHANNELS");
    nodes.settle();
    expect(publisher.take()).toEqual([":0", ":0", "*0", ":0", "*0"]);
    expect(reset.take()).toEqual([]);
  });

  test("may begin inside EXEC, and is counted by what follows there", () => {
    const { nodes, leader } = cluster();
    const client = leader.connect().send("HELLO 3", "MULTI", "SUBSCRIBE a b", "SSUBSCRIBE c");
    client.send("PUBLISH a 1", "UNSUBSCRIBE b", "PUBSUB NUMSUB a b", "EXEC");
    nodes.settle();
    expect(client.take().slice(7)).toEqual([
      // As in Redis each confirmation counts as an element, so the array's five end before its last.
      "*5 >3 $9 subscribe $1 a :1 >3 $9 subscribe $1 b :2 " +
        "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client :1 >3 $11 unsubscribe $1 b :1",
      "*4 $1 a :1 $1 b :0",
      ">3 $7 message $1 a $1 1",
    ]);
  });

  test("trap-36 does not go on where the EXEC that began it is cut: the connection ends", () => {
    const { nodes, leader } = cluster();
    nodes.isolate(leader);
    const written = leader.connect().send("MULTI", "SET x 1", "SUBSCRIBE a", "EXEC");
    const read = leader.connect().send("MULTI", "GET x", "SUBSCRIBE a", "EXEC", "UNSUBSCRIBE a");
    const clients = [written, read];
    nodes.settle();
    expect(clients.map((client) => client.take().length)).toEqual([3, 3]);
    const next = nodes.depose(leader);
    nodes.heal();
    next.connect().send("PUBLISH a 1");
    nodes.advance(2000);
    expect(written.take()).toEqual([expect.stringMatching(/^-INDETERMINATE/)]);
    expect(read.take()[0]).toMatch(/^-MOVED/);
    expect(clients.map(({ ends }) => ends)).toEqual([1, 1]);
  });

  test("does not go on where the EXEC that began it failed: the connection ends", () => {
    const { nodes, leader } = cluster();
    leader.host.overrides.set("client|getname", () => {
      throw new Error("a bug");
    });
    const client = leader.connect();
    client.send("MULTI", "SUBSCRIBE a", "PUBLISH a 1", "CLIENT GETNAME", "EXEC", "PING");
    nodes.settle();
    leader.connect().send("PUBLISH a 2");
    nodes.settle();
    expect(client.take().slice(4)).toEqual(["-ERR internal error, nothing was done"]);
    expect(client.ends).toBe(1);
  });

  test("does so on any node; publishing is the leader's alone", () => {
    const { nodes, leader, follower } = cluster();
    const client = follower.connect().send("PUBLISH a 1", "SPUBLISH a 1", "MULTI", "PUBLISH a 1");
    client.send("EXEC", "SUBSCRIBE a");
    nodes.settle();
    const moved = `-MOVED ${keySlot("a")} node:${leader.id}`;
    const replies = client.take();
    expect(replies.slice(0, 4)).toEqual([moved, moved, "+OK", moved]);
    expect(replies[4]).toMatch(/^-EXECABORT/);
    expect(replies[5]).toBe("*3 $9 subscribe $1 a :1");
    expect(leader.replica.status().counters.channels).toBe(0);
  });

  test("hears while a command of its own blocks or is held", () => {
    const { nodes, leader, follower } = cluster();
    const blocked = leader.connect().send("HELLO 3", "SUBSCRIBE a", "BLPOP k 0");
    const held = follower.connect().send("HELLO 3", "SUBSCRIBE a");
    for (const { id } of nodes.nodes) follower.unknownAddresses.add(id);
    nodes.settle();
    held.send("GET k");
    nodes.settle();
    leader.connect().send("PUBLISH a 1", "RPUSH k v");
    nodes.advance(60);
    const push = ">3 $7 message $1 a $1 1";
    expect(blocked.take().slice(2).toSorted()).toEqual(["*2 $1 k $1 v", push]);
    expect(held.take().slice(2)).toEqual([push]);
  });

  test("trap-11 is cut on a node that leaves the cluster, and may not begin there", () => {
    const { nodes, leader, follower } = cluster();
    const listener = subscribed(nodes, follower, "SUBSCRIBE a");
    const { configuration } = leader.replica.status();
    leader.replica.changeMembership({
      expectedIndex: 0,
      force: false,
      voters: configuration.voters.filter(({ id }) => id !== follower.id),
      learners: [],
    });
    nodes.until(() => follower.replica.isRemoved);
    leader.connect().send("PUBLISH a late");
    nodes.advance(60);
    expect([listener.take(), listener.ends]).toEqual([[], 1]);
    const late = follower.connect().send("SUBSCRIBE a", "PUBSUB CHANNELS");
    nodes.advance(60);
    expect(late.take()[0] ?? "-CLUSTERDOWN").toMatch(/^-(MOVED|CLUSTERDOWN)/);
    expect(follower.replica.status().counters.channels).toBe(0);
  });

  test("does not on a witness, where nothing is heard", () => {
    const nodes = new TestCluster({ witnesses: [3] });
    const leader = nodes.elect();
    const witness = nodes.nodes[2]!;
    const client = witness
      .connect()
      .send("SUBSCRIBE a", "PSUBSCRIBE a", "SSUBSCRIBE a", "UNSUBSCRIBE");
    nodes.settle();
    const moved = `-MOVED ${keySlot("a")} node:${leader.id}`;
    expect(client.take()).toEqual([moved, moved, moved, "*3 $11 unsubscribe $-1 :0"]);
  });
});

describe("many messages", () => {
  test("trap-38 are told in several turns, all of them and in order, to those who listened before", () => {
    const { nodes, leader } = cluster();
    const early = Array.from({ length: 40 }, () => subscribed(nodes, leader, "SUBSCRIBE a"));
    nodes.withholdCommits();
    const publisher = leader.connect();
    for (let i = 0; i < 2000; i++) publisher.send(`PUBLISH a ${i}`);
    nodes.settle();
    nodes.loseNothing();
    let sampledMs = 0;
    Object.defineProperty(leader, "monotonicMs", { get: () => nodes.nowMs + sampledMs++ / 2 });
    const turns = leader.turns;
    nodes.until(() => publisher.replies.length === 2000);
    nodes.settle();
    expect(leader.turns - turns).toBeGreaterThan(10);
    const late = subscribed(nodes, leader, "SUBSCRIBE a");
    nodes.advance(20);
    const all = Array.from({ length: 2000 }, (_, i) => message("a", String(i)));
    for (const client of early) expect(client.take()).toEqual(all);
    expect(late.take()).toEqual([]);
  });

  test("trap-38 among many patterns that do not match take no more of a turn", () => {
    const { nodes, leader } = cluster();
    const gate = new ReplyGate(ackPolicy("raft"));
    const pubSub = new PubSub(gate);
    const listener = leader.connect();
    pubSub.subscribe(listener.session, "channel", "a");
    const { session } = leader.connect();
    for (let i = 0; i < TELL_CLOCK_CHECK; i++) pubSub.subscribe(session, "pattern", `other${i}*`);
    for (let i = 0; i < 3; i++) pubSub.publish("a", Buffer.from(String(i)), false);
    const clock = { monotonicMs: () => 1, wallMs: () => 1 };
    pubSub.tell(clock, 1);
    gate.flush();
    expect(listener.take()).toEqual([message("a", "0")]);
    pubSub.tell(clock, Number.POSITIVE_INFINITY);
    gate.flush();
    expect(listener.take()).toEqual(["1", "2"].map((text) => message("a", text)));
    nodes.settle();
  });

  test("trap-20 that come faster than they are told end with the subscribers, not with the node", () => {
    const { leader } = cluster();
    const { session } = leader.connect();
    const pubSub = new PubSub(new ReplyGate(ackPolicy("raft")));
    pubSub.subscribe(session, "pattern", "*");
    const large = Buffer.alloc(1024 * 1024);
    const fitting = Math.floor(UNTOLD_BYTES_MAX / (large.length + MESSAGE_OVERHEAD_BYTES));
    for (let i = 0; i < fitting; i++) pubSub.publish("a", large, false);
    expect([session.closing, pubSub.untoldBytes <= UNTOLD_BYTES_MAX]).toEqual([false, true]);
    pubSub.publish("a", large, false);
    expect([session.closing, pubSub.untoldBytes, pubSub.memoryBytes]).toEqual([true, 0, 0]);
  });

  test("trap-20 whose reader's sink has too much are told no more", () => {
    const { nodes, leader } = cluster();
    const slow = subscribed(nodes, leader, "SUBSCRIBE a", "PSUBSCRIBE *");
    const quick = subscribed(nodes, leader, "SUBSCRIBE a");
    let asked = 0;
    Object.assign(slow, { overflows: () => ++asked > 8 });
    const publisher = leader.connect();
    for (let i = 0; i < 20; i++) publisher.send(`PUBLISH a ${i}`);
    nodes.settle();
    expect(slow.take()).toHaveLength(9);
    expect(quick.take()).toHaveLength(20);
    publisher.send("PUBLISH a x");
    nodes.settle();
    expect(publisher.take().at(-1)).toBe(":1");
  });
});
