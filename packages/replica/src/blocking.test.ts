/** Commands that wait for a key: who is served when, what a wait tells, and how it ends. */

import { describe, expect, test } from "vitest";
import { COMMIT_DELAY_MS } from "./constants.js";
import { UNBLOCKED } from "./errors.js";
import { TestCluster } from "./testing/test-cluster.js";

const popped = (key: string, value: string) => `*2 $${key.length} ${key} $${value.length} ${value}`;

function started() {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  return { cluster, leader };
}

/** Replies on one line each. */
function flat(replies: readonly string[]): string[] {
  return replies.map((reply) => reply.replaceAll("\r\n", " ").trim());
}

describe("a client that waits for a key", () => {
  test("is served by the write that feeds it, in its turn and its entry", () => {
    const { cluster, leader } = started();
    const waiting = leader.connect().send("BLPOP q 0");
    cluster.settle();
    expect(waiting.take()).toEqual([]);
    expect(waiting.session.blocked).toBe(true);
    const before = leader.replica.status().executed;
    const feeding = leader.connect().send("RPUSH q a");
    cluster.settle();
    expect(flat(feeding.take())).toEqual([":1"]);
    expect(flat(waiting.take())).toEqual([popped("q", "a")]);
    expect(leader.replica.status().executed).toBe(before + 1);
    expect(waiting.session.blocked).toBe(false);
  });

  test("is served in order of arrival, one element each", () => {
    const { cluster, leader } = started();
    const clients = Array.from({ length: 5 }, () => {
      const client = leader.connect().send("BRPOP other q 0");
      cluster.settle();
      return client;
    });
    leader.connect().send("RPUSH q a b c");
    cluster.settle();
    const answers = clients.map((client) => flat(client.take())[0] ?? "");
    expect(answers).toEqual([popped("q", "c"), popped("q", "b"), popped("q", "a"), "", ""]);
    // Nobody who asks later is served before: neither a client, nor one that came back.
    clients[0]!.send("BRPOP q 0");
    cluster.settle();
    leader.connect().send("RPUSH q d");
    cluster.settle();
    expect(flat(clients[3]!.take())).toEqual([popped("q", "d")]);
    expect(clients[0]!.take()).toEqual([]);
  });

  test("is served though one who came before it waits for another type", () => {
    const { cluster, leader } = started();
    const clients = ["BLPOP q 0", "XREAD BLOCK 0 STREAMS q $", "BZPOPMAX q 0", "BRPOP q 0"].map(
      (line) => {
        const client = leader.connect().send(line);
        cluster.settle();
        return client;
      },
    );
    const [list, stream, sorted, last] = clients;
    leader.connect().send("ZADD q 1 m");
    cluster.settle();
    expect(flat(sorted!.take())).toEqual(["*3 $1 q $1 m $1 1"]);
    leader.connect().send("RPUSH q a b");
    cluster.settle();
    expect(flat(list!.take())).toEqual([popped("q", "a")]);
    expect(flat(last!.take())).toEqual([popped("q", "b")]);
    leader.connect().send("XADD q 1-1 f v");
    cluster.settle();
    expect(flat(stream!.take())).toHaveLength(1);
  });

  test("keeps its place when another takes what woke it", () => {
    const { cluster, leader } = started();
    const first = leader.connect().send("BLMPOP 0 1 q LEFT COUNT 2");
    cluster.settle();
    const second = leader.connect().send("BLPOP q 0");
    cluster.settle();
    leader.connect().send("MULTI", "RPUSH q a", "DEL q", "EXEC", "SET q string", "DEL q");
    cluster.settle();
    expect([...first.take(), ...second.take()]).toEqual([]);
    leader.connect().send("RPUSH q x y z");
    cluster.settle();
    expect(flat(first.take())).toEqual(["*2 $1 q *2 $1 x $1 y"]);
    expect(flat(second.take())).toEqual([popped("q", "z")]);
  });

  test("is fed by whatever makes the key: RENAME, a MULTI, another's BLMOVE", () => {
    const { cluster, leader } = started();
    const waiting = leader.connect().send("BLPOP q 0");
    const moving = leader.connect().send("BLMOVE source q LEFT RIGHT 0");
    cluster.settle();
    leader.connect().send("RPUSH source m");
    cluster.settle();
    expect(flat(moving.take())).toEqual(["$1 m"]);
    expect(flat(waiting.take())).toEqual([popped("q", "m")]);
    waiting.send("BLPOP q 0");
    cluster.settle();
    leader.connect().send("RPUSH elsewhere r", "RENAME elsewhere q");
    cluster.settle();
    expect(flat(waiting.take())).toEqual([popped("q", "r")]);
    waiting.send("BLPOP q 0");
    cluster.settle();
    const exec = leader.connect().send("MULTI", "RPUSH q 1", "RPUSH q 2", "LLEN q", "EXEC");
    cluster.settle();
    expect(flat(exec.take()).at(-1)).toBe("*3 :1 :2 :2");
    expect(flat(waiting.take())).toEqual([popped("q", "1")]);
  });

  test("does not wait inside MULTI", () => {
    const { cluster, leader } = started();
    const client = leader.connect();
    client.send("MULTI", "BLPOP q 0", "BLMOVE q p LEFT LEFT 0", "EXEC");
    cluster.settle();
    expect(flat(client.take()).at(-1)).toBe("*2 *-1 $-1");
  });

  test("what stands behind it in its pipeline waits with it", () => {
    const { cluster, leader } = started();
    const client = leader.connect().send("BLPOP q 0", "SET k v", "GET k");
    cluster.settle();
    expect(client.take()).toEqual([]);
    expect(leader.replica.keyspace.peek("k")).toBeUndefined();
    leader.connect().send("LPUSH q a");
    cluster.settle();
    expect(flat(client.take())).toEqual([popped("q", "a"), "+OK", "$1 v"]);
  });

  test("is told nil when its time is over, in order of time", () => {
    const { cluster, leader } = started();
    const late = leader.connect().send("BLPOP q 0.2");
    const early = leader.connect().send("BLMOVE q p LEFT LEFT 0.1", "PING");
    const never = leader.connect().send("BLPOP q 0");
    cluster.settle();
    cluster.advance(110);
    expect(flat(early.take())).toEqual(["*-1", "+PONG"]);
    expect(late.take()).toEqual([]);
    cluster.advance(110);
    expect(flat(late.take())).toEqual(["*-1"]);
    cluster.advance(10_000);
    expect(never.take()).toEqual([]);
    never.session.close();
    expect(leader.replica.status().counters.blockedSessions).toBe(0);
  });

  test("that leaves is served nothing", () => {
    const { cluster, leader } = started();
    const gone = leader.connect().send("BLPOP q 0");
    const waiting = leader.connect().send("BLPOP q 0");
    cluster.settle();
    gone.session.close();
    leader.connect().send("RPUSH q a");
    cluster.settle();
    expect(flat(waiting.take())).toEqual([popped("q", "a")]);
    expect(leader.replica.keyspace.watchedSize).toBe(0);
  });

  test("is unblocked by command, as if its time were over or with an error", () => {
    const { cluster, leader } = started();
    const client = leader.connect().send("BLPOP q 0", "PING");
    cluster.settle();
    expect(leader.replica.unblockSession(client.session.id, null)).toBe(true);
    expect(leader.replica.unblockSession(999, null)).toBe(false);
    cluster.settle();
    expect(flat(client.take())).toEqual(["*-1", "+PONG"]);
    expect(leader.replica.unblockSession(client.session.id, null)).toBe(false);
    client.send("BLPOP q 0", "PING");
    cluster.settle();
    expect(leader.replica.unblockSession(client.session.id, "UNBLOCKED by hand")).toBe(true);
    cluster.settle();
    expect(flat(client.take())).toEqual(["-UNBLOCKED by hand", "+PONG"]);
  });
});

test("trap-38 many who wait are served over several turns, and nobody comes between them", () => {
  const { cluster, leader } = started();
  const waiting = Array.from({ length: 300 }, () => leader.connect().send("BLPOP q 0"));
  cluster.settle();
  const values = Array.from({ length: 300 }, (_, i) => `v${i}`);
  leader.connect().send(`RPUSH q ${values.join(" ")}`, "LPOP q");
  const late = leader.connect().send("LPOP q");
  leader.lookCostMs = 15;
  const before = leader.turns;
  leader.turn();
  const servedAtOnce = waiting.filter((client) => !client.session.blocked).length;
  expect(servedAtOnce).toBeGreaterThan(0);
  expect(servedAtOnce).toBeLessThan(100);
  while (leader.replica.status().counters.blockedSessions > 0) leader.turn();
  expect(leader.turns - before).toBeGreaterThan(2);
  leader.lookCostMs = 0;
  cluster.settle();
  const told = waiting.map((client) => flat(client.take())[0]);
  expect(told).toEqual(values.map((value) => popped("q", value)));
  expect(late.take()).toEqual(["$-1"]);
});

describe("sorted sets and streams", () => {
  test("BZPOPMIN, BZPOPMAX and BZMPOP wait for a member", () => {
    const { cluster, leader } = started();
    const lowest = leader.connect().send("BZPOPMIN z 0");
    cluster.settle();
    const highest = leader.connect().send("BZPOPMAX z 0");
    cluster.settle();
    const many = leader.connect().send("BZMPOP 0 2 y z MAX COUNT 5");
    cluster.settle();
    leader.connect().send("ZADD z 1 a 2 b 3 c 4 d");
    cluster.settle();
    expect(flat(lowest.take())).toEqual(["*3 $1 z $1 a $1 1"]);
    expect(flat(highest.take())).toEqual(["*3 $1 z $1 d $1 4"]);
    expect(flat(many.take())).toEqual(["*2 $1 z *2 *2 $1 c $1 3 *2 $1 b $1 2"]);
  });

  test("XREAD waits for entries above the last id of when it came, on the leader and on a follower", () => {
    const { cluster, leader } = started();
    const follower = cluster.nodes.find((node) => node !== leader)!;
    leader.connect().send("XADD s 1-1 f v");
    cluster.settle();
    cluster.advance(COMMIT_DELAY_MS);
    const here = leader.connect().send("XREAD BLOCK 0 STREAMS s other $ 0");
    const there = follower.connect().send("READONLY", "XREAD BLOCK 0 STREAMS s $");
    cluster.settle();
    there.take();
    expect(here.take()).toEqual([]);
    cluster.withholdCommits();
    leader.connect().send("XADD s 1-2 f v");
    cluster.settle();
    expect([here.take(), there.take()]).toEqual([[], []]);
    cluster.loseNothing();
    cluster.advance(200);
    const entry = "*1 *2 $1 s *1 *2 $3 1-2 *2 $1 f $1 v";
    expect(flat(here.take())).toEqual([entry]);
    expect(flat(there.take())).toEqual([entry]);
  });

  test("XREADGROUP gives each entry to one consumer, in order of arrival, and says that its group is gone", () => {
    const { cluster, leader } = started();
    leader.connect().send("XGROUP CREATE s g $ MKSTREAM");
    cluster.settle();
    const consumers = ["a", "b", "c"].map((name) => {
      const client = leader
        .connect()
        .send(`XREADGROUP GROUP g ${name} COUNT 1 BLOCK 0 STREAMS s >`);
      cluster.settle();
      return client;
    });
    leader.connect().send("XADD s 1-1 f v", "XADD s 1-2 f v");
    cluster.settle();
    expect(flat(consumers[0]!.take())[0]).toContain(" 1-1 ");
    expect(flat(consumers[1]!.take())[0]).toContain(" 1-2 ");
    expect(consumers[2]!.take()).toEqual([]);
    leader.connect().send("XGROUP DESTROY s g");
    cluster.settle();
    expect(flat(consumers[2]!.take())[0]).toMatch(/^-NOGROUP /);
  });
});

describe("uncommitted, a wait tells nothing", () => {
  test("trap-33 neither the element nor the nil leaves before what they rest on is committed", () => {
    const { cluster, leader } = started();
    const waiting = leader.connect().send("BLPOP q 0");
    cluster.settle();
    cluster.withholdCommits();
    leader.connect().send("RPUSH q a");
    const timed = leader.connect().send("BLPOP q 0.05");
    cluster.settle();
    cluster.advance(60);
    expect([...waiting.take(), ...timed.take()]).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(flat(waiting.take())).toEqual([popped("q", "a")]);
    expect(flat(timed.take())).toEqual(["*-1"]);
  });

  test("trap-32 who was served by a write that is taken back is not: nobody gets the element twice", () => {
    const { cluster, leader } = started();
    const waiting = leader.connect().send("BLPOP q 0", "PING");
    const second = leader.connect().send("BLPOP q 0", "PING");
    cluster.settle();
    cluster.isolate(leader);
    const writer = leader.connect().send("RPUSH q a");
    cluster.settle();
    const others = () => cluster.nodes.find((node) => node !== leader && node.serving);
    cluster.until(() => others() !== undefined);
    const next = others()!;
    next.connect().send("RPUSH q b");
    cluster.settle();
    cluster.heal();
    cluster.advance(2000);
    expect(leader.serving).toBe(false);
    // Its entry was sealed: whether it survives was unknown. Who still waited is told so.
    expect(flat(waiting.take())).toEqual([expect.stringMatching(/^-INDETERMINATE/), "+PONG"]);
    expect(flat(second.take())).toEqual([`-${UNBLOCKED}`, "+PONG"]);
    expect(flat(writer.take())).toEqual([expect.stringMatching(/^-INDETERMINATE/)]);
    const reader = next.connect().send("LRANGE q 0 -1");
    cluster.settle();
    expect(flat(reader.take())).toEqual(["*1 $1 b"]);
    expect(leader.replica.status().counters.blockedSessions).toBe(0);
    expect(leader.replica.keyspace.watchedSize).toBe(0);
  });
});
