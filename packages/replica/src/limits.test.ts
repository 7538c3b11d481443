/** What one node may hold: windows, back-pressure, sizes, memory. */

import { describe, expect, test } from "vitest";
import {
  COMMAND_EFFECT_BYTES_MAX,
  ENTRY_BYTES_MAX,
  IN_FLIGHT_BATCHES_MAX,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_UNDO_BYTES_MAX,
  SESSION_QUEUED_BYTES_MAX,
  SESSION_WAITING_REQUEST_BYTES_MAX,
} from "./constants.js";
import { EFFECTS_TOO_LARGE, OOM } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

const MIB = 1024 * 1024;

function payloadSizes(node: TestNode): number[] {
  return node.disk.entries.map((entry) => entry.payload.length);
}

describe("the in-flight window", () => {
  test("trap-20 a full window stops the leader, holds memory, and opens again", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const value = Buffer.alloc(4 * MIB, "x");
    cluster.withholdCommits();
    const clients = Array.from({ length: 40 }, (_, i) =>
      leader.connect().sendWords(["SET", `k${i}`, value]),
    );
    cluster.advance(60);
    const executed = leader.replica.keyspace.size;
    expect(executed * 4 * MIB).toBeGreaterThanOrEqual(IN_FLIGHT_BYTES_MAX - 4 * MIB);
    expect(executed * 4 * MIB).toBeLessThanOrEqual(IN_FLIGHT_BYTES_MAX + 4 * MIB);
    const used = leader.replica.status().memory.usedBytes;
    cluster.advance(300);
    expect(leader.replica.keyspace.size).toBe(executed);
    expect(leader.replica.status().memory.usedBytes).toBeLessThanOrEqual(used + MIB);
    cluster.loseNothing();
    cluster.advance(300);
    for (const client of clients) expect(client.take()).toEqual(["+OK"]);
  });

  test("a node with a full window and keys to expire rests between its heartbeats", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET volatile v PX 100");
    cluster.settle();
    cluster.withholdCommits();
    for (let i = 0; i < 12; i++) client.sendWords(["SET", `k${i}`, Buffer.alloc(8 * MIB, "x")]);
    // A node that spins makes this throw.
    cluster.advance(300);
    const { turns } = leader;
    cluster.advance(100, 1);
    expect(leader.turns - turns).toBeLessThan(50);
    cluster.loseNothing();
    cluster.advance(500);
    expect(leader.replica.keyspace.peek("volatile")).toBeUndefined();
  });

  test("small effects that pin large values count, too", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    for (let i = 0; i < 20; i++) {
      client.sendWords(["SET", `k${i}`, Buffer.alloc(16 * MIB, "x")]);
      cluster.settle();
    }
    client.take();
    cluster.withholdCommits();
    for (let i = 0; i < 20; i++) client.send(`DEL k${i}`);
    cluster.settle();
    const pinned = leader.replica.status().memory.undoBytes;
    expect(pinned).toBeGreaterThan(IN_FLIGHT_UNDO_BYTES_MAX - 17 * MIB);
    expect(pinned).toBeLessThan(IN_FLIGHT_UNDO_BYTES_MAX + 17 * MIB);
    cluster.loseNothing();
    cluster.advance(500);
    expect(client.take()).toHaveLength(20);
    expect(leader.replica.status().memory.undoBytes).toBe(0);
  });

  test("the number of batches in flight is bounded", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    cluster.withholdCommits();
    for (let i = 0; i < IN_FLIGHT_BATCHES_MAX + 20; i++) {
      client.send(`SET k${i} v`);
      cluster.settle();
    }
    const status = leader.replica.status();
    expect(status.appended - status.commit).toBeLessThanOrEqual(IN_FLIGHT_BATCHES_MAX + 1);
    expect(leader.replica.keyspace.size).toBeLessThan(IN_FLIGHT_BATCHES_MAX + 20);
    cluster.loseNothing();
    cluster.advance(300);
    expect(client.take()).toHaveLength(IN_FLIGHT_BATCHES_MAX + 20);
  });
});

describe("an in-flight window that is set", () => {
  /** Far enough for everything that is going to be executed to be. */
  const longMs = 300;

  test("trap-20 followers silent, the leader stops admitting at the bound in bytes; lowered, once that is drained", () => {
    let bytesMax = 4 * MIB;
    const inFlightWindow = { bytesMax: () => bytesMax, batchesMax: () => IN_FLIGHT_BATCHES_MAX };
    const cluster = new TestCluster({ inFlightWindow });
    const leader = cluster.elect();
    const size = MIB / 4;
    const value = Buffer.alloc(size, "x");
    cluster.withholdCommits();
    const clients = Array.from({ length: 60 }, (_, i) =>
      leader.connect().sendWords(["SET", `k${i}`, value]),
    );
    cluster.advance(longMs);
    const executed = leader.replica.keyspace.size;
    expect(executed * size).toBeGreaterThanOrEqual(bytesMax - size);
    expect(executed * size).toBeLessThanOrEqual(bytesMax + size);
    const { inFlight } = leader.replica.status();
    expect(inFlight.full).toBe(true);
    expect(inFlight.bytes).toBeGreaterThanOrEqual(bytesMax);

    // Raised, it goes on at once; lowered below what is in flight, nobody is told or lost.
    bytesMax = 8 * MIB;
    leader.connect().send("PING");
    cluster.advance(longMs);
    const more = leader.replica.keyspace.size;
    expect(more * size).toBeGreaterThanOrEqual(bytesMax - size);
    bytesMax = MIB;
    cluster.advance(longMs);
    expect(leader.replica.keyspace.size).toBe(more);
    expect(leader.serving).toBe(true);
    cluster.loseNothing();
    cluster.advance(1000);
    for (const client of clients) expect(client.take()).toEqual(["+OK"]);
    expect(leader.replica.status().inFlight).toEqual({ bytes: 0, batches: 0, full: false });
    for (const node of cluster.nodes) expect(node.replica.keyspace.size).toBe(60);
  });

  test("trap-20 the same in entries; nothing is lost, and order holds", () => {
    let batchesMax = 8;
    const inFlightWindow = { bytesMax: () => IN_FLIGHT_BYTES_MAX, batchesMax: () => batchesMax };
    const cluster = new TestCluster({ inFlightWindow });
    const leader = cluster.elect();
    const client = leader.connect();
    cluster.withholdCommits();
    for (let i = 0; i < 30; i++) {
      client.send(`RPUSH list ${i}`);
      cluster.settle();
    }
    const { inFlight, appended, commit } = leader.replica.status();
    expect(inFlight.batches).toBe(8);
    expect(inFlight.full).toBe(true);
    expect(appended - commit).toBe(8);
    expect(client.take()).toEqual([]);
    batchesMax = 2;
    cluster.loseNothing();
    cluster.until(() => leader.replica.status().inFlight.bytes === 0);
    cluster.advance(1000);
    client.send("LRANGE list 0 -1");
    cluster.settle();
    const numbers = Array.from({ length: 30 }, (_, i) => i);
    expect(client.take()).toEqual([
      ...numbers.map((i) => `:${i + 1}`),
      `*30 ${numbers.map((i) => `$${String(i).length} ${i}`).join(" ")}`,
    ]);
  });

  test("deposed with a full window, it takes back what was not committed and says so", () => {
    const inFlightWindow = { bytesMax: () => MIB, batchesMax: () => 4 };
    const cluster = new TestCluster({ inFlightWindow });
    const leader = cluster.elect();
    const client = leader.connect();
    cluster.isolate(leader);
    for (let i = 0; i < 10; i++) {
      client.send(`SET k${i} v`);
      cluster.settle();
    }
    expect(leader.replica.status().inFlight.batches).toBe(4);
    cluster.depose(leader);
    cluster.heal();
    cluster.advance(2000);
    const replies = client.take();
    expect(replies).toHaveLength(10);
    expect(replies.slice(0, 4).every((reply) => reply.startsWith("-INDETERMINATE"))).toBe(true);
    expect(replies.slice(4).every((reply) => reply.startsWith("-MOVED"))).toBe(true);
    expect(leader.replica.status().inFlight).toEqual({ bytes: 0, batches: 0, full: false });
    expect(leader.replica.keyspace.size).toBe(0);
  });
});

describe("back-pressure of one connection", () => {
  test("requests pause the socket at the limit, and it goes on when they are executed", () => {
    const cluster = new TestCluster();
    const node = cluster.nodes[0]!;
    const client = node.connect();
    const value = Buffer.alloc(SESSION_QUEUED_BYTES_MAX / 4, "x");
    for (let i = 0; i < 5; i++) client.sendWords(["ECHO", value]);
    expect(client.paused).toBe(true);
    cluster.settle();
    expect(client.paused).toBe(false);
    expect(client.pauses).toBe(1);
    expect(client.take()).toHaveLength(5);
  });

  test("replies that wait hold further requests back, and nobody else's", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().sendWords(["SET", "k", Buffer.alloc(MIB, "x")]);
    cluster.settle();
    client.take();
    cluster.withholdConfirmations();
    for (let i = 0; i < 10; i++) client.send("GET k", `SETNX k${i} 1`);
    cluster.settle();
    expect(leader.replica.keyspace.size).toBeLessThan(4);
    const other = leader.connect().send("SET other 1");
    cluster.settle();
    expect(other.take()).toEqual(["+OK"]);
    cluster.loseNothing();
    cluster.advance(200);
    expect(client.take()).toHaveLength(20);
  });

  test("requests that are kept for a repeat count: large arguments, small replies", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    cluster.withholdCommits();
    client.send("SET k v");
    for (let i = 0; i < 40; i++) client.sendWords(["SETNX", "k", Buffer.alloc(MIB, "x")]);
    cluster.advance(100);
    expect(client.session.waiting.requestBytes).toBeLessThan(
      SESSION_WAITING_REQUEST_BYTES_MAX + 2 * MIB,
    );
    expect(client.paused).toBe(true);
    expect(leader.replica.status().memory.usedBytes).toBeGreaterThan(30 * MIB);
    cluster.loseNothing();
    cluster.advance(200);
    expect(client.take()).toEqual(["+OK", ...new Array(40).fill(":0")]);
    expect(client.session.waiting.requestBytes).toBe(0);
    expect(client.paused).toBe(false);
  });
});

describe("sizes", () => {
  test("trap-51 an EXEC above the batch bound is one entry, beside others' batches", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const big = leader.connect().send("MULTI");
    for (let i = 0; i < 6; i++) big.sendWords(["SET", `big${i}`, Buffer.alloc(MIB, "b")]);
    big.send("EXEC");
    const others = [leader.connect(), leader.connect()];
    for (const [at, other] of others.entries()) {
      for (let i = 0; i < 3; i++) other.sendWords(["SET", `o${at}${i}`, Buffer.alloc(MIB, "o")]);
    }
    cluster.settle();
    expect(big.take().at(-1)).toBe("*6 +OK +OK +OK +OK +OK +OK");
    expect(payloadSizes(leader).filter((size) => size > 6 * MIB)).toHaveLength(1);
    // Others' batches are sealed at the bound.
    expect(payloadSizes(leader).filter((size) => size > MIB && size < 3 * MIB).length).toBe(6);
    for (const other of others) expect(other.take()).toEqual(["+OK", "+OK", "+OK"]);
  });

  test("a command whose effects are too large is refused and undone, with what was open kept", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET before 1");
    client.sendWords(["SET", "k", Buffer.alloc(COMMAND_EFFECT_BYTES_MAX + 1, "x")]);
    client.send("SET after 1", "GET k", "DBSIZE");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", `-${EFFECTS_TOO_LARGE}`, "+OK", "$-1", ":2"]);
    expect(leader.replica.status().counters.hazards).toBe(0);
    expect(leader.replica.status().memory.undoBytes).toBe(0);
  });

  test("hazards of an EXEC that was undone do not stay behind", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    const tooMuch = (prefix: string): void => {
      client.send("MULTI");
      for (let i = 0; i < 10; i++) {
        client.sendWords(["SET", `${prefix}${i}`, Buffer.alloc(8 * MIB, "x")]);
      }
      client.send("EXEC");
    };
    // Nothing in flight, then behind an open batch.
    tooMuch("a");
    cluster.settle();
    expect(leader.replica.status().counters.hazards).toBe(0);
    client.send("SET k 1");
    tooMuch("b");
    cluster.settle();
    expect(client.take().filter((reply) => reply === `-${EFFECTS_TOO_LARGE}`)).toHaveLength(2);
    expect(leader.replica.status().counters.hazards).toBe(0);
    expect(leader.replica.keyspace.size).toBe(1);
  });

  test("trap-35 deletions of expired keys with long names never make an entry that is too large", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const leader = cluster.elect();
    const client = leader.connect();
    const names = ["a", "b"].map((fill) => Buffer.alloc(45 * MIB, fill));
    for (const name of names) {
      client.sendWords(["SET", name, "v", "PX", "50"]);
      cluster.settle();
    }
    // Both WATCH and EXEC would delete both keys.
    cluster.nowMs += 60;
    client.take();
    client.sendWords(["WATCH", ...names]);
    cluster.settle();
    expect(client.take()).toEqual([`-${EFFECTS_TOO_LARGE}`]);
    expect(client.session.watchCount).toBe(0);
    cluster.advance(400, 50);
    expect(leader.replica.keyspace.size).toBe(0);
    expect(Math.max(...payloadSizes(leader))).toBeLessThan(ENTRY_BYTES_MAX);
    expect(leader.replica.status().counters.expiredKeys).toBe(2);
  });
});

describe("maxmemory", () => {
  test("only what may grow the dataset is refused, alone, queued and in EXEC", () => {
    let limit = 0;
    const cluster = new TestCluster({ maxmemoryBytes: () => limit });
    const leader = cluster.elect();
    const client = leader.connect().send("SET k v");
    const late = leader.connect().send("MULTI", "SET late 1", "GET k");
    cluster.settle();
    client.take();
    late.take();
    limit = 1;
    client.send("SET a 1", "APPEND k x", "GET k", "DEL nothing", "EXPIRE k 100", "PING", "DEL k");
    client.send("MULTI", "SET b 1", "EXEC");
    late.send("EXEC");
    cluster.settle();
    expect(client.take()).toEqual([
      ...[`-${OOM}`, `-${OOM}`, "$1 v", ":0", ":1", "+PONG", ":1"],
      ...["+OK", `-${OOM}`, "-EXECABORT Transaction discarded because of previous errors."],
    ]);
    expect(late.take()).toEqual([`-${OOM}`]);
    expect(leader.replica.keyspace.size).toBe(0);
  });
});
