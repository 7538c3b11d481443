/** How a wait for a key ends other than by its key: errors, a node that begins to lead, deadlines that pass. */

import { describe, expect, test } from "vitest";
import { BlockedClients } from "./blocked-clients.js";
import { COMMAND_EFFECT_BYTES_MAX, IN_FLIGHT_BYTES_MAX } from "./constants.js";
import { CLUSTERDOWN, EFFECTS_TOO_LARGE, OOM } from "./errors.js";
import { Speculation } from "./speculation.js";
import type { TestClient } from "./testing/test-client.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS } from "./testing/test-node.js";

const ENTRY = "*1 *2 $1 s *1 *2 $3 1-2 *2 $1 f $1 v";

/** Replies on one line each. */
function flat(replies: readonly string[]): string[] {
  return replies.map((reply) => reply.replaceAll("\r\n", " ").trim());
}

/** Reads that wait on every follower, and one of those followers, elected, that can't commit: it serves nobody. */
function electedInVain(request: string): { cluster: TestCluster; reader: TestClient } {
  const cluster = new TestCluster();
  const old = cluster.elect();
  old.connect().send("XADD s 1-1 f v");
  cluster.advance(100);
  const readers = cluster.nodes.map((node) => node.connect().send("READONLY", request));
  cluster.settle();
  for (const reader of readers) reader.take();
  cluster.isolate(old);
  cluster.withholdCommits();
  const elected = () =>
    cluster.nodes.find((node) => node !== old && node.replica.status().role === "leader");
  cluster.until(() => elected() !== undefined);
  return { cluster, reader: readers[cluster.nodes.indexOf(elected()!)]! };
}

describe("a wait that ends with an error", () => {
  test("leaves nothing behind: the next one waits for its own keys", () => {
    let limit = 0;
    const cluster = new TestCluster({ maxmemoryBytes: () => limit });
    const leader = cluster.elect();
    const client = leader.connect().send("BLMOVE source target LEFT LEFT 0", "BLPOP q 0", "PING");
    cluster.settle();
    limit = leader.replica.usedMemoryBytes() + 5000;
    leader.connect().sendWords(["RPUSH", "source", "a".repeat(10_000)]);
    cluster.advance(100);
    expect(flat(client.take())).toEqual([`-${OOM}`]);
    limit = 0;
    leader.connect().send("RPUSH q b");
    cluster.settle();
    expect(flat(client.take())).toEqual(["*2 $1 q $1 b", "+PONG"]);
    expect(client.session.blocked).toBe(false);
  });

  test("trap-35 expired keys with long names, waited for, make no entry that is too large", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const leader = cluster.elect();
    const client = leader.connect();
    const half = COMMAND_EFFECT_BYTES_MAX / 2;
    const names = ["a", "b"].map((fill) => Buffer.alloc(half + 1, fill));
    for (const name of names) {
      client.sendWords(["SET", name, "v", "PX", "50"]);
      cluster.settle();
    }
    cluster.nowMs += 60;
    client.take();
    client.sendWords(["BLPOP", ...names, "0"]);
    cluster.settle();
    expect(client.take()).toEqual([`-${EFFECTS_TOO_LARGE}`]);
    expect(client.session.blocked).toBe(false);
  });
});

test("a wait that is over is told nil, whatever its keys have become", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const requests = ["BLPOP k 0.1", "BLMOVE k other LEFT LEFT 0.1", "BZMPOP 0.1 1 k MIN"];
  requests.push("XREAD BLOCK 100 STREAMS k $");
  const clients = requests.map((request) => leader.connect().send(request, "PING"));
  cluster.settle();
  leader.connect().send("SET k string");
  cluster.advance(150);
  for (const client of clients) expect(flat(client.take())).toEqual(["*-1", "+PONG"]);
  clients[0]!.send("BLPOP k 0.1");
  cluster.settle();
  expect(flat(clients[0]!.take())).toEqual([expect.stringMatching(/^-WRONGTYPE/)]);
});

describe("a node that begins to lead", () => {
  test("tells who reads from it what it applied just before", () => {
    const cluster = new TestCluster();
    const old = cluster.elect();
    old.connect().send("XADD s 1-1 f v");
    cluster.advance(100);
    const readers = cluster.nodes
      .filter((node) => node !== old)
      .map((node) => node.connect().send("READONLY", "XREAD BLOCK 0 STREAMS s $"));
    cluster.settle();
    for (const reader of readers) reader.take();
    // The entry reaches the followers, and the next leader commits it.
    cluster.withholdAcknowledgements();
    old.connect().send("XADD s 1-2 f v");
    cluster.settle();
    cluster.loseNothing();
    cluster.depose(old);
    cluster.advance(1000);
    expect(readers.map((reader) => flat(reader.take()))).toEqual([[ENTRY], [ENTRY]]);
  });

  test("answers a wait that is over when it serves, and does not spin until then", () => {
    const { cluster, reader } = electedInVain("XREAD BLOCK 4000 STREAMS s $");
    cluster.advance(4000);
    expect(reader.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(200);
    expect(flat(reader.take())).toEqual(["*-1"]);
    expect(reader.session.blocked).toBe(false);
  });

  test("does not keep it for ever, or from CLIENT UNBLOCK", () => {
    const { cluster, reader } = electedInVain("XREAD BLOCK 2500 STREAMS s $");
    cluster.advance(2500 + 3 * ELECTION_TIMEOUT_MS);
    expect(flat(reader.take())).toEqual([`-${CLUSTERDOWN}`]);
    const again = electedInVain("XREAD BLOCK 0 STREAMS s $");
    const { id } = again.reader.session;
    const { replica } = again.cluster.nodes.find(
      (node) => node.replica.status().role === "leader" && !node.serving,
    )!;
    expect(replica.unblockSession(id, null)).toBe(true);
    again.cluster.settle();
    expect(replica.unblockSession(id, "UNBLOCKED by hand")).toBe(false);
    again.cluster.loseNothing();
    again.cluster.advance(200);
    expect(flat(again.reader.take())).toEqual(["*-1"]);
  });
});

/**
 * The element a client was served is taken back in a batch that nobody ever saw, and the same node leads again: the
 * client waits again. `requests` see to that it is served; who fed it is gone.
 */
function waitsAgain(key: string, ...requests: readonly string[]) {
  for (let seed = 1; seed < 100; seed++) {
    const cluster = new TestCluster({ seed });
    const leader = cluster.elect();
    cluster.isolate(leader);
    // What is executed behind this one stays in the open batch.
    leader.disk.held = true;
    leader.connect().send("SET blocker sealed");
    cluster.settle();
    const feeder = leader.connect().send(`RPUSH ${key} a`);
    cluster.settle();
    const client = leader.connect().send(...requests);
    cluster.settle();
    expect(leader.replica.keyspace.peek(key)).toBeUndefined();
    feeder.session.close();
    cluster.until(() => !leader.serving);
    leader.disk.held = false;
    for (const { unknownAddresses } of cluster.nodes) unknownAddresses.add(1).add(2).add(3);
    cluster.heal();
    cluster.until(() => cluster.leader !== undefined);
    cluster.advance(100);
    if (cluster.leader === leader) return { cluster, leader, client };
  }
  throw new Error("no seed lets the node lead again");
}

describe("a wait that is repeated by the same node, leader again", () => {
  test("does not keep messages from its connection", () => {
    const { cluster, leader, client } = waitsAgain("q", "HELLO 3", "SUBSCRIBE c", "BLPOP q 0");
    expect(client.session.blocked).toBe(true);
    client.take();
    leader.connect().send("PUBLISH c m");
    cluster.advance(100);
    expect(flat(client.take())).toEqual([">3 $7 message $1 c $1 m"]);
    leader.connect().send("RPUSH q b", "PUBLISH c n");
    cluster.advance(100);
    const served = "*2 $1 q $1 b";
    expect(flat(client.take())).toEqual([served, ">3 $7 message $1 c $1 n"]);
  });

  test("does not keep a connection that has said QUIT", () => {
    const { client } = waitsAgain("q", "BLPOP q 0", "QUIT");
    expect(flat(client.take())).toEqual(["*-1", "+OK"]);
    expect(client.ends).toBe(1);
  });
});

test("a ready key whose last client left while the window was full does not keep the node awake", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const clients = [leader.connect(), leader.connect()];
  for (const client of clients) {
    client.send("BLMOVE q target LEFT RIGHT 0");
    cluster.settle();
  }
  cluster.withholdCommits();
  const value = Buffer.alloc(IN_FLIGHT_BYTES_MAX / 2 + 1, "x");
  leader.connect().sendWords(["RPUSH", "q", value, "second"]);
  cluster.settle();
  // The first was served, and its effects filled the window.
  expect(clients.map(({ session }) => session.blocked)).toEqual([false, true]);
  clients[1]!.session.close();
  cluster.loseNothing();
  // A node that spins makes this throw.
  cluster.advance(500);
  expect(clients[0]!.take()).toHaveLength(1);
});

test("consumers that wait for new entries are not executed again for everything else", () => {
  const cluster = new TestCluster({ nodes: 1 });
  const leader = cluster.elect();
  leader.connect().send("XGROUP CREATE s g $ MKSTREAM");
  const consumers = Array.from({ length: 100 }, (_, i) => {
    const client = leader.connect().send(`XREADGROUP GROUP g c${i} COUNT 1 BLOCK 0 STREAMS s >`);
    cluster.settle();
    return client;
  });
  const writer = leader.connect().send("XADD s 1-1 f v", "XADD s 1-2 f v");
  cluster.settle();
  expect(consumers.filter((client) => client.take().length > 0)).toEqual(consumers.slice(0, 2));
  const before = leader.replica.status().counters.commandsExecuted;
  writer.send("XACK s g 1-1", "XACK s g 1-2", "XGROUP CREATECONSUMER s g other", "EXPIRE s 100");
  cluster.settle();
  expect(leader.replica.status().counters.commandsExecuted).toBe(before + 4);
  writer.send("XGROUP SETID s g 0");
  cluster.settle();
  expect(consumers.filter((client) => client.take().length > 0)).toEqual(consumers.slice(2, 4));
  writer.send("RENAME s t");
  cluster.settle();
  for (const client of consumers.slice(4)) expect(client.take()[0]).toMatch(/^-NOGROUP/);
});

test("a client that is served over and over leaves no deadlines behind", () => {
  const { keyspace } = new Speculation();
  const clients = new BlockedClients(keyspace);
  const cluster = new TestCluster({ nodes: 1 });
  const sessions = Array.from({ length: 100 }, () => cluster.nodes[0]!.connect().session);
  const request = {
    kind: "keys",
    request: [],
    keys: ["q"],
    type: "list",
    mayServe: null,
    timedOut: false,
  } as const;
  for (let i = 0; i < 20_000; i++) {
    const session = sessions[i % sessions.length]!;
    clients.remove(session);
    clients.block(session, { ...request, deadlineMs: 1_000_000 + ((i * 7919) % 1000) });
  }
  expect(clients.size).toBe(100);
  expect(clients.timedSize).toBeLessThan(300);
  let previousMs = 0;
  for (let rest = 100; rest > 0; rest--) {
    const deadlineMs = clients.nextDeadlineMs();
    expect(deadlineMs).toBeGreaterThanOrEqual(previousMs);
    previousMs = deadlineMs;
    clients.remove(clients.nextExpired(deadlineMs)!);
  }
  expect(clients.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
  expect(clients.timedSize).toBe(0);
});
