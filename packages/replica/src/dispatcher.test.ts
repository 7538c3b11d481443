/** Which request goes where: executed, observed, queued, redirected, held, refused, silent. */

import { describe, expect, test } from "vitest";
import { CLUSTERDOWN, LOADING, MULTI_TOO_LARGE, READONLY, WAIT_ON_REPLICA } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

const MIB = 1024 * 1024;

function followerOf(cluster: TestCluster, leader: TestNode): TestNode {
  return cluster.nodes.find((node) => node !== leader)!;
}

/** No node can win an election, so nobody leads. */
function withoutLeader(): TestCluster {
  const cluster = new TestCluster();
  const [first, second, third] = cluster.nodes as [TestNode, TestNode, TestNode];
  for (const node of [first, second, third]) cluster.isolate(node);
  return cluster;
}

describe("on a follower", () => {
  test("keys are redirected, reads too; READONLY lets reads in, READWRITE ends that", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.connect().send("SET foo bar");
    cluster.advance(100);
    const client = followerOf(cluster, leader).connect();
    const moved = `-MOVED 12182 node:${leader.id}`;
    client.send("GET foo", "SET foo 1", "READONLY", "GET foo", "SET foo 1", "READWRITE", "GET foo");
    client.send("DBSIZE", "FLUSHALL", "WAIT 0 0", "PING");
    cluster.settle();
    expect(client.take()).toEqual([
      ...[moved, moved, "+OK", "$3 bar", moved, "+OK", moved],
      ...[":1", `-${READONLY}`, `-${WAIT_ON_REPLICA}`, "+PONG"],
    ]);
  });

  test("a redirect while commands are queued aborts the transaction", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    cluster.advance(100);
    const client = followerOf(cluster, leader).connect();
    client.send("MULTI", "SET foo 1", "PING", "EXEC", "READONLY", "MULTI", "GET foo", "EXEC");
    cluster.settle();
    expect(client.take()).toEqual([
      ...["+OK", `-MOVED 12182 node:${leader.id}`, "+QUEUED"],
      "-EXECABORT Transaction discarded because of previous errors.",
      ...["+OK", "+OK", "+QUEUED", "*1 $-1"],
    ]);
  });

  test("WATCH with READONLY sees what the follower applies", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    cluster.advance(100);
    const node = followerOf(cluster, leader);
    const client = node.connect().send("WATCH foo", "READONLY", "WATCH foo", "MULTI", "GET foo");
    cluster.settle();
    leader.connect().send("SET foo bar");
    cluster.advance(100);
    client.send("EXEC", "WATCH foo", "MULTI", "GET foo", "EXEC");
    cluster.settle();
    expect(client.take()).toEqual([
      ...[`-MOVED 12182 node:${leader.id}`, "+OK", "+OK", "+OK", "+QUEUED", "*-1"],
      ...["+OK", "+OK", "+QUEUED", "*1 $3 bar"],
    ]);
    expect(node.replica.keyspace.watchedSize).toBe(0);
  });
});

describe("without a leader", () => {
  test("commands are held for two election timeouts, then all of them get CLUSTERDOWN at once", () => {
    const cluster = withoutLeader();
    const node = cluster.nodes[0]!;
    const client = node.connect().send("PING", "GET foo", "SET foo 1", "DBSIZE", "PING");
    cluster.settle();
    expect(client.take()).toEqual(["+PONG"]);
    const { turns } = node;
    cluster.advance(2 * ELECTION_TIMEOUT_MS - 20);
    expect(client.take()).toEqual([]);
    // Held, not polled.
    expect(node.turns - turns).toBeLessThan(40);
    cluster.advance(40);
    const down = `-${CLUSTERDOWN}`;
    expect(client.take()).toEqual([down, down, `-${LOADING}`, "+PONG"]);
    client.send("GET foo");
    cluster.settle();
    expect(client.take()).toEqual([]);
    cluster.advance(2 * ELECTION_TIMEOUT_MS + 20);
    expect(client.take()).toEqual([down]);
  });

  test("held commands go on when a leader is found: here or elsewhere", () => {
    const cluster = withoutLeader();
    const clients = cluster.nodes.map((node) =>
      node.connect().send("INCR n", "MULTI", "INCR n", "EXEC"),
    );
    cluster.settle();
    cluster.heal();
    const leader = cluster.elect();
    cluster.advance(300);
    for (const [at, client] of clients.entries()) {
      const here = cluster.nodes[at] === leader;
      const moved = expect.stringMatching(new RegExp(`^-MOVED \\d+ node:${leader.id}$`));
      expect(client.take()).toEqual(
        here
          ? [":1", "+OK", "+QUEUED", "*1 :2"]
          : [moved, "+OK", moved, expect.stringMatching(/^-EXECABORT/)],
      );
    }
  });

  test("a leader whose address is not known yet is no place to send anybody", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    cluster.advance(100);
    const node = followerOf(cluster, leader);
    node.unknownAddresses.add(leader.id);
    const client = node.connect().send("GET foo");
    cluster.advance(100);
    expect(client.take()).toEqual([]);
    cluster.advance(2 * ELECTION_TIMEOUT_MS);
    expect(client.take()).toEqual([`-${CLUSTERDOWN}`]);
  });

  test("a connection that goes while it is held leaves nothing", () => {
    const cluster = withoutLeader();
    const node = cluster.nodes[0]!;
    const client = node.connect().send("GET foo");
    const killed = node.connect().send("GET foo", "PING");
    cluster.settle();
    expect(node.replica.status().counters.parkedSessions).toBe(2);
    client.session.close();
    killed.session.closeAfterReply();
    cluster.advance(20);
    expect(node.replica.status().counters).toMatchObject({ parkedSessions: 0, sessions: 1 });
    expect([client.ends, killed.ends]).toEqual([0, 1]);
    expect(killed.take()).toEqual([]);
  });
});

describe("transactions", () => {
  test("Redis's rules of MULTI, EXEC, DISCARD and WATCH", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    client.send("EXEC", "DISCARD", "MULTI", "MULTI", "WATCH k", "NOSUCH", "EXEC");
    client.send("MULTI", "SET k", "EXEC", "MULTI", "SET k v", "DISCARD", "EXISTS k");
    client.send("MULTI", "INCR n", "SET n word", "INCR n", "EXEC", "GET n");
    client.send("WATCH n", "SET n 1", "MULTI", "GET n", "EXEC", "WATCH n", "UNWATCH", "SET n 2");
    client.send("MULTI", "GET n", "EXEC", "MULTI", "WAIT 0 0", "UNWATCH", "READONLY", "EXEC");
    cluster.settle();
    const abort = "-EXECABORT Transaction discarded because of previous errors.";
    expect(client.take()).toEqual([
      ...["-ERR EXEC without MULTI", "-ERR DISCARD without MULTI", "+OK"],
      ...["-ERR MULTI calls can not be nested", "-ERR WATCH inside MULTI is not allowed"],
      ...[expect.stringMatching(/^-ERR unknown command/), abort],
      ...["+OK", expect.stringMatching(/^-ERR wrong number/), abort],
      ...["+OK", "+QUEUED", "+OK", ":0"],
      ...["+OK", "+QUEUED", "+QUEUED", "+QUEUED"],
      ...["*3 :1 +OK -ERR value is not an integer or out of range", "$4 word"],
      ...["+OK", "+OK", "+OK", "+QUEUED", "*-1", "+OK", "+OK", "+OK"],
      ...["+OK", "+QUEUED", "*1 $1 2", "+OK", "+QUEUED", "+QUEUED", "+QUEUED"],
      expect.stringMatching(/^\*3 :\d \+OK \+OK$/),
    ]);
    expect(client.session.watchCount).toBe(0);
    expect(leader.replica.keyspace.watchedSize).toBe(0);
  });

  test("references of watched keys never leak, whatever ends the watch", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const endings = [
      ...["UNWATCH", "RESET", "QUIT", "MULTI|EXEC", "MULTI|DISCARD", "MULTI|NOSUCH|EXEC"],
      ...["MULTI|RESET", "MULTI|QUIT", "MULTI|SET a 1|EXEC"],
    ];
    for (const ending of endings) {
      const client = leader.connect().send("WATCH a b a", "WATCH b c");
      client.send(...ending.split("|"));
      cluster.settle();
      if (ending.endsWith("QUIT")) client.session.close();
      expect(leader.replica.keyspace.watchedSize, ending).toBe(0);
    }
    const client = leader.connect().send("WATCH a b", "MULTI", "GET a");
    cluster.settle();
    expect(leader.replica.keyspace.watchedSize).toBe(2);
    client.session.close();
    expect(leader.replica.keyspace.watchedSize).toBe(0);
  });

  test("a MULTI that could never be one entry is refused while it is queued", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const leader = cluster.elect();
    const client = leader.connect().send("MULTI");
    for (let i = 0; i < 14; i++) client.sendWords(["SET", `k${i}`, Buffer.alloc(8 * MIB)]);
    client.send("EXEC", "DBSIZE");
    cluster.settle();
    const replies = client.take();
    expect(replies.filter((reply) => reply === `-${MULTI_TOO_LARGE}`).length).toBeGreaterThan(0);
    expect(replies.slice(-2)).toEqual([expect.stringMatching(/^-EXECABORT/), ":0"]);
  });
});

describe("CLIENT REPLY", () => {
  test("OFF silences until ON, SKIP the next one only; effects happen all the same", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    client.send("CLIENT REPLY SKIP", "INCR n", "INCR n", "CLIENT REPLY OFF", "INCR n", "GET n");
    client.send("NOSUCH", "CLIENT REPLY ON", "INCR n", "CLIENT REPLY SKIP", "GET n", "GET n");
    cluster.settle();
    expect(client.take()).toEqual([":2", "+OK", ":4", "$1 4"]);
  });

  test("a SKIP is kept for a command that is held", () => {
    const cluster = withoutLeader();
    const client = cluster.nodes[0]!.connect().send("CLIENT REPLY SKIP", "GET foo", "PING");
    cluster.advance(3 * ELECTION_TIMEOUT_MS);
    expect(client.take()).toEqual(["+PONG"]);
  });
});

describe("WAIT", () => {
  test("counts followers that hold this connection's writes, and gives up at its timeout", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const silent = followerOf(cluster, leader);
    cluster.lose = (m) => m.to === silent.id && "entries" in m && m.entries.length > 0;
    const client = leader.connect().send("SET k v", "WAIT 1 0", "WAIT 2 100", "PING");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", ":1"]);
    expect(client.session.blocked).toBe(true);
    cluster.advance(90);
    expect(client.take()).toEqual([]);
    cluster.advance(20);
    expect(client.take()).toEqual([":1", "+PONG"]);
    client.send("WAIT 2 0");
    cluster.advance(100);
    expect(client.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(client.take()).toEqual([":2"]);
    client.send("WAIT x 0", "WAIT 1 x", "WAIT 1 -1");
    cluster.settle();
    expect(client.take()).toEqual([
      "-ERR value is not an integer or out of range",
      "-ERR timeout is not an integer or out of range",
      "-ERR timeout is negative",
    ]);
  });
});

describe("followers that no quorum needs", () => {
  test("get a write later, unless WAIT or WAITAOF asks for more of them than a quorum", () => {
    const cluster = new TestCluster({ reserveDelayMs: 1000 });
    const leader = cluster.elect();
    const client = leader.connect().send("SET k v", "WAIT 1 0");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", ":1"]);
    client.send("SET k w", "WAIT 2 0");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", ":2"]);
    client.send("SET k x");
    cluster.settle();
    expect(client.take()).toEqual(["+OK"]);
    client.send("WAITAOF 1 2 0");
    cluster.settle();
    expect(client.take()).toEqual(["*2 :1 :2"]);
  });
});

describe("WAITAOF", () => {
  test("tells whose disks hold this connection's writes, this node's and its followers'", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const silent = followerOf(cluster, leader);
    cluster.lose = (m) => m.to === silent.id && "entries" in m && m.entries.length > 0;
    const client = leader.connect().send("SET k v", "WAITAOF 1 1 0", "WAITAOF 1 2 100", "PING");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "*2 :1 :1"]);
    cluster.advance(110);
    expect(client.take()).toEqual(["*2 :1 :1", "+PONG"]);
    cluster.loseNothing();
    client.send("WAITAOF 0 2 0", "MULTI", "WAITAOF 1 5 0", "EXEC");
    cluster.advance(100);
    expect(client.take()).toEqual([...["*2 :1 :2", "+OK", "+QUEUED", "*1 *2 :1 :2"]]);
    client.send(
      "WAITAOF 2 0 0",
      "WAITAOF x 0 0",
      "WAITAOF 0 -1 0",
      "WAITAOF 0 0 x",
      "WAITAOF 0 0 -1",
    );
    cluster.settle();
    expect(client.take()).toEqual([
      "-ERR value is out of range, must be between 0 and 1",
      "-ERR value is out of range, must be between 0 and 1",
      "-ERR value is out of range, must be positive",
      "-ERR timeout is not an integer or out of range",
      "-ERR timeout is negative",
    ]);
  });
});

describe("connections", () => {
  test("authentication is asked for before anything else is done", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.host.authenticated = false;
    const client = leader
      .connect()
      .send("GET k", "MULTI", "NOSUCH", "AUTH x", "GET k", "RESET", "GET k");
    cluster.settle();
    const noAuth = "-NOAUTH Authentication required.";
    expect(client.take()).toEqual([
      ...[noAuth, noAuth, expect.stringMatching(/^-ERR unknown/), "+OK", "$-1", "+RESET", noAuth],
    ]);
  });

  test("RESET forgets MULTI, WATCH, READONLY, reply mode and protocol", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    client.send("HELLO 3", "READONLY", "WATCH k", "MULTI", "GET k", "RESET", "GET missing");
    cluster.settle();
    expect(client.take().slice(-2)).toEqual(["+RESET", "$-1"]);
    expect(client.session).toMatchObject({ inMulti: false, watchCount: 0, readonlyMode: false });
    expect(leader.host.resets).toBe(1);
  });

  test("a host command that closes its own connection stops nobody", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.host.overrides.set("client|kill", (session) => session.close());
    const client = leader.connect().send("SET a 1", "CLIENT KILL me", "SET b 1");
    cluster.settle();
    const other = leader.connect().send("MGET a b");
    cluster.settle();
    expect(client.take()).toEqual([]);
    expect(other.take()).toEqual(["*2 $1 1 $-1"]);
    expect(client.ends).toBe(0);
  });

  test("a handler that throws is an error of its own command only", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.host.overrides.set("client|getname", () => {
      throw new Error("a bug");
    });
    const client = leader.connect();
    client.send(
      "SET a 1",
      "CLIENT GETNAME",
      "MULTI",
      "SET b 1",
      "CLIENT GETNAME",
      "EXEC",
      "MGET a b",
    );
    cluster.settle();
    const internal = "-ERR internal error, nothing was done";
    expect(client.take()).toEqual([
      ...["+OK", internal, "+OK", "+QUEUED", "+QUEUED", internal, "*2 $1 1 $-1"],
    ]);
    expect(leader.replica.status().counters.hazards).toBe(0);
  });

  test("one connection's long pipeline does not keep the others waiting", () => {
    const cluster = new TestCluster({ nodes: 1 });
    const leader = cluster.elect();
    const long = leader.connect();
    for (let i = 0; i < 3000; i++) long.send("INCR n");
    const short = leader.connect().send("GET n");
    cluster.settle();
    expect(Number(short.take()[0]!.split(" ")[1])).toBeLessThan(3000);
    expect(long.take()).toEqual(Array.from({ length: 3000 }, (_, i) => `:${i + 1}`));
    // One write a turn, not one a reply.
    expect(long.writes).toBeLessThan(60);
  });
});
