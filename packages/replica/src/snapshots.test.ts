/** Snapshots from the replica's side: a state that takes another's place, and a log that begins behind it. */

import { describe, expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";
import type { TestNode } from "./testing/test-node.js";

function write(cluster: TestCluster, leader: TestNode, count: number, prefix = "k"): void {
  const client = leader.connect();
  for (let i = 0; i < count; i++) {
    client.send(`SET ${prefix}${i} ${prefix}-value-${i}`);
    cluster.settle();
  }
  expect(client.take()).toEqual(Array(count).fill("+OK"));
}

function digests(cluster: TestCluster): string[] {
  return [...new Set(cluster.nodes.map(({ replica }) => JSON.stringify(replica.stateDigest())))];
}

function names(node: TestNode): string[] {
  return node.events.map(({ event }) => event);
}

function settled(options = {}): { cluster: TestCluster; leader: TestNode; others: TestNode[] } {
  const cluster = new TestCluster(options);
  const leader = cluster.elect();
  const others = cluster.nodes.filter((node) => node !== leader);
  return { cluster, leader, others };
}

/** A follower that is away while `leader` trims everything it lacks. */
function outrun(cluster: TestCluster, leader: TestNode, away: TestNode): void {
  write(cluster, leader, 5, "before");
  cluster.isolate(away);
  write(cluster, leader, 20, "while");
  leader.makeSnapshot();
  cluster.settle();
  expect(leader.disk.anchor.index).toBe(leader.replica.status().applied);
}

describe("a follower that lacks what was trimmed", () => {
  test("trap-21 gets the state, then entries, and answers like the others", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    outrun(cluster, leader, away);
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot installed"));
    write(cluster, leader, 3, "after");
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
    const client = away.connect().send("READONLY").send("GET while7").send("GET after2");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "$13 while-value-7", "$13 after-value-2"]);
    expect(away.replica.status().firstIndex).toBe(away.disk.anchor.index + 1);
  });

  test("trap-22 shows its old state, whole, until the new one is durable", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    outrun(cluster, leader, away);
    const { applied } = away.replica.status();
    cluster.heal();
    away.disk.held = true;
    cluster.until(() => names(away).includes("snapshot installed"));
    cluster.advance(200);
    expect(away.replica.status().applied).toBe(applied);
    const client = away.connect().send("READONLY").send("GET before4").send("GET while7");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "$14 before-value-4", "$-1"]);
    // Entries behind the snapshot come in meanwhile; its power fails, and the old state is what is there.
    const again = cluster.restart(away);
    expect(again.replica.status().firstIndex).toBe(1);
    cluster.until(() => names(again).includes("snapshot installed"));
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("trap-50 a snapshot that does not match its digest is asked for again", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    outrun(cluster, leader, away);
    cluster.heal();
    away.disk.damagesNext = true;
    cluster.until(() => names(away).includes("snapshot installed"));
    expect(names(away)).toContain("snapshot refused");
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("a session that watches on it is told that its key may have changed", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    const client = away.connect();
    outrun(cluster, leader, away);
    client.session.watched.set("before1", away.replica.keyspace.watch("before1"));
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot installed"));
    cluster.settle();
    expect(client.session.watchDirty).toBe(true);
  });

  test("a witness keeps the bytes and no keys", () => {
    const { cluster, leader } = settled({ witnesses: [3] });
    const witness = cluster.nodes[2]!;
    outrun(cluster, leader, witness);
    cluster.heal();
    cluster.until(() => names(witness).includes("snapshot installed"));
    cluster.advance(200);
    expect(witness.replica.keyspace.size).toBe(0);
    expect(witness.replica.status().applied).toBe(leader.replica.status().applied);
    expect(witness.disk.newest()).toEqual(leader.disk.newest());
  });
});

describe("a restart", () => {
  test("trap-23 begins from the snapshot: state, members and log", () => {
    const { cluster, leader, others } = settled();
    outrun(cluster, leader, others[0]!);
    cluster.heal();
    cluster.until(() => names(others[0]!).includes("snapshot installed"));
    write(cluster, leader, 2, "after");
    cluster.advance(200);
    for (const node of cluster.nodes) cluster.restart(node);
    for (const { replica } of cluster.nodes) {
      expect(replica.status().configuration.voters).toHaveLength(3);
    }
    const next = cluster.elect();
    const client = next.connect().send("GET while7").send("GET after1").send("DBSIZE");
    cluster.until(() => client.replies.length === 3);
    expect(client.take()).toEqual(["$13 while-value-7", "$13 after-value-1", ":27"]);
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("a log time that a snapshot carries does not go back", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    leader.wallOffsetMs = 60_000;
    outrun(cluster, leader, away);
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot installed"));
    cluster.settle();
    const { logTimeMs } = away.replica.status();
    expect(logTimeMs).toBe(leader.replica.status().logTimeMs);
    const again = cluster.restart(away);
    expect(again.replica.status().logTimeMs).toBe(logTimeMs);
  });
});

test("a leader trims nothing behind a snapshot that it is sending to a peer it hears (trap 21)", () => {
  const { cluster, leader, others } = settled();
  const away = others[0]!;
  outrun(cluster, leader, away);
  const { anchor } = leader.disk;
  away.disk.verifiesNothing = true;
  cluster.heal();
  cluster.until(() => names(leader).includes("snapshot begins"));
  write(cluster, leader, 30, "more");
  leader.makeSnapshot();
  cluster.settle();
  expect(leader.disk.anchor).toEqual(anchor);
  away.disk.verifiesNothing = false;
  cluster.until(() => away.replica.status().applied === leader.replica.status().applied);
  expect(names(leader).filter((name) => name === "snapshot begins")).toHaveLength(1);
});
