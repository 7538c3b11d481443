/** Snapshots from the replica's side: a state that takes another's place, and a log that begins behind it. */

import { crc32c, type Message, MessageType } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { COMMIT_DELAY_MS } from "./constants.js";
import type { EntryObserver } from "./ports.js";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, HEARTBEAT_INTERVAL_MS, type TestNode } from "./testing/test-node.js";

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
  cluster.advance(COMMIT_DELAY_MS);
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

describe("a state is read in slices", () => {
  /** A node with a snapshot of 25 keys, started again. */
  function restarted(): { cluster: TestCluster; node: TestNode; term: number } {
    const { cluster, leader } = settled({ loadStepKeysMax: 4 });
    write(cluster, leader, 25);
    leader.makeSnapshot();
    cluster.settle();
    const { term } = leader.replica.status();
    return { cluster, node: cluster.restart(leader), term };
  }

  test("trap-38 at the start: peers and clients get no answer that needs it, and then the right one", () => {
    const { cluster, node, term } = restarted();
    const client = node.connect();
    client.send("PING").send("GET k1").send("SET k1 x").send("MULTI").send("GET k1").send("EXEC");
    client.send("CLIENT ID").send("READONLY").send("SUBSCRIBE c");
    node.turn();
    const { status } = node.replica;
    expect(node.replica.status().load).toMatchObject({ alone: true });
    const loading = "-LOADING Redis is loading the dataset in memory";
    expect(client.take().slice(0, 6)).toEqual([
      loading,
      loading,
      loading,
      "+OK",
      loading,
      "-EXECABORT Transaction discarded because of previous errors.",
    ]);
    expect(status.call(node.replica)).toMatchObject({ loading: true, applied: 0, leader: 0, term });
    // What is sent to it meanwhile is lost; it has promised nothing.
    const other = cluster.nodes.find((each) => each !== node)!;
    const envelope = { from: other.id, to: node.id, incarnation: 1, toIncarnation: 1 };
    const type = MessageType.vote;
    const lastIndex = 1000;
    const vote = { type, ...envelope, term: term + 5, lastIndex, lastTerm: term, transfer: true };
    node.replica.receive(vote as Message);
    cluster.until(() => node.replica.status().load === null);
    expect(names(node)).toContain("state loaded");
    expect(node.turns).toBeGreaterThan(5);
    cluster.advance(200);
    expect(node.replica.status().term).toBeLessThan(term + 5);
    cluster.until(() => node.replica.status().applied === other.replica.status().applied);
    expect(digests(cluster)).toHaveLength(1);
    expect(client.session.subscriptions).not.toBeNull();
  });

  test("trap-22 of an install: the old state is shown, whole, and heartbeats are answered meanwhile", () => {
    let away: TestNode | null = null;
    let slices = 0;
    const shown = new Set<string>();
    const turnEnded = (node: TestNode): void => {
      const { load, applied, commit } = node.replica.status();
      if (node !== away || load === null) return;
      slices += 1;
      shown.add(`${applied} ${commit} ${load.alone} ${node.replica.stateDigest().digest}`);
      const client = node.connect().send("READONLY").send("GET before4").send("GET while7");
      node.turn();
      shown.add(client.take().join());
    };
    const observer = (node: TestNode): EntryObserver => ({
      sealed: () => undefined,
      applied: () => undefined,
      rolledBack: () => undefined,
      turnEnded: () => turnEnded(node),
    });
    const { cluster, leader, others } = settled({ loadStepKeysMax: 2, observer });
    away = others[0]!;
    outrun(cluster, leader, away);
    const before = away.replica.status();
    const state = `${before.applied} ${before.commit} false ${away.replica.stateDigest().digest}`;
    cluster.heal();
    cluster.until(() => names(away!).includes("snapshot installed"));
    expect(slices).toBeGreaterThan(5);
    expect([...shown]).toEqual([state, "+OK,$14 before-value-4,$-1"]);
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("an install that finds no room for two states drops the old one first, and tells nothing of it", () => {
    const { cluster, leader, others } = settled({ loadStepKeysMax: 2, twoStatesBytesMax: () => 1 });
    const away = others[0]!;
    outrun(cluster, leader, away);
    const client = away.connect().send("READONLY").send("WATCH before1").send("GET before4");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "+OK", "$14 before-value-4"]);
    away.disk.held = true;
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot installed"));
    // Read whole, and not durable yet.
    cluster.advance(100);
    expect(away.replica.status()).toMatchObject({ load: null, loading: true });
    client.send("GET before4").send("EXISTS while7");
    cluster.settle();
    const loading = "-LOADING Redis is loading the dataset in memory";
    expect(client.take()).toEqual([loading, loading]);
    expect(client.session.watched.get("before1")).not.toBe(
      away.replica.keyspace.version("before1"),
    );
    away.disk.held = false;
    cluster.until(() => away.replica.status().applied === leader.replica.status().applied);
    expect(names(away)).toContain(
      "the state gives way to a snapshot's before that is read: both do not fit",
    );
    client.send("GET while7");
    cluster.settle();
    expect(client.take()).toEqual(["$13 while-value-7"]);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("a transaction that was queued before the old state was dropped reads nothing of what is not there", () => {
    const { cluster, leader, others } = settled({ loadStepKeysMax: 2, twoStatesBytesMax: () => 1 });
    const away = others[0]!;
    outrun(cluster, leader, away);
    const client = away.connect().send("READONLY").send("MULTI").send("GET before4").send("DBSIZE");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "+OK", "+QUEUED", "+QUEUED"]);
    away.disk.held = true;
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot installed"));
    // Read whole, and not durable yet.
    client.send("EXEC");
    cluster.settle();
    expect(client.take()).toEqual(["-LOADING Redis is loading the dataset in memory"]);
  });

  test("trap-28 what can't be read takes nobody's place: it is refused before the log gives way to it", () => {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    outrun(cluster, leader, away);
    // Its bytes are those described, and no state.
    const { adopted } = leader.disk;
    const bytes = Buffer.from(leader.disk.files.get(adopted!.digest)!);
    bytes.fill(0xee, 16);
    const unreadable = { ...adopted!, digest: crc32c(bytes) };
    leader.disk.files.set(unreadable.digest, bytes);
    leader.disk.adopted = unreadable;
    const before = away.replica.status();
    cluster.heal();
    cluster.until(() => names(away).includes("snapshot refused"));
    expect(away.replica.status()).toMatchObject({ applied: before.applied, firstIndex: 1 });
    expect(names(away)).toContain("a snapshot that came whole can't be read");
    leader.disk.adopted = adopted;
    write(cluster, leader, 1, "more");
    leader.makeSnapshot();
    leader.disk.files.delete(unreadable.digest);
    cluster.until(() => names(away).includes("snapshot installed"));
    cluster.advance(200);
    expect(digests(cluster)).toHaveLength(1);
  });

  test("a file that a node can't start from stops it", () => {
    const { cluster, node } = restarted();
    const { disk } = node;
    const bytes = disk.files.get(disk.adopted!.digest)!;
    bytes.fill(0xee, 16);
    const again = cluster.restart(node);
    again.fatalExpected = true;
    cluster.until(() => again.fatal !== null);
    expect(again.fatal).toMatchObject({ code: expect.stringMatching(/^RDB_/) });
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
    cluster.settle();
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

test("trap-20 a peer whose disk is slower than the network is sent the rest when it has caught up", () => {
  const { cluster, leader, others } = settled();
  const away = others[0]!;
  outrun(cluster, leader, away);
  let kept = 0;
  let behind = 0;
  const write = away.disk.write.bind(away.disk);
  away.disk.write = (chunk) => {
    // Of the turn in which it fell behind, no more than a window.
    behind = away.disk.isBehind ? behind + 1 : 0;
    expect(behind).toBeLessThan(4);
    write(chunk);
    kept += 1;
    if (kept % 3 === 0) away.disk.isBehind = true;
  };
  cluster.heal();
  for (let rounds = 0; rounds < 1000 && !names(away).includes("snapshot installed"); rounds++) {
    cluster.advance(10);
    if (rounds % 5 === 4) away.disk.isBehind = false;
  }
  expect(kept).toBeGreaterThan(5);
  expect(names(away)).not.toContain("snapshot refused");
  expect(names(leader).filter((name) => name === "snapshot begins")).toHaveLength(1);
  cluster.until(() => away.replica.status().applied === leader.replica.status().applied);
  cluster.advance(COMMIT_DELAY_MS);
  expect(digests(cluster)).toHaveLength(1);
});

test("trap-20 a peer that refuses what it was sent whole, again and again, does not keep the leader from trimming", () => {
  const { cluster, leader, others } = settled();
  const away = others[0]!;
  outrun(cluster, leader, away);
  const { adopted, anchor } = leader.disk;
  const bytes = Buffer.from(leader.disk.files.get(adopted!.digest)!).fill(0xee, 16);
  leader.disk.adopted = { ...adopted!, digest: crc32c(bytes) };
  leader.disk.files.set(crc32c(bytes), bytes);
  cluster.heal();
  const refusals = () => names(away).filter((name) => name === "snapshot refused").length;
  cluster.until(() => refusals() === 1);
  leader.disk.adopted = adopted;
  write(cluster, leader, 1, "once");
  leader.makeSnapshot();
  cluster.settle();
  expect(leader.disk.anchor).toEqual(anchor);
  cluster.until(() => refusals() === 5);
  write(cluster, leader, 1, "often");
  leader.makeSnapshot();
  cluster.settle();
  expect(leader.disk.anchor.index).toBeGreaterThan(anchor.index);
});

test("trap-39 a peer that is heard and gets no further keeps the leader from trimming for a while, not for ever", () => {
  const { cluster, leader, others } = settled();
  const away = others[0]!;
  outrun(cluster, leader, away);
  away.disk.verifiesNothing = true;
  cluster.heal();
  cluster.until(() => names(leader).includes("snapshot begins"));
  const { anchor } = leader.disk;
  const trimmed = (): number => {
    write(cluster, leader, 1, "more");
    leader.makeSnapshot();
    cluster.settle();
    return leader.disk.anchor.index - anchor.index;
  };
  cluster.advance(30_000, HEARTBEAT_INTERVAL_MS);
  expect(trimmed()).toBe(0);
  cluster.advance(120_000, HEARTBEAT_INTERVAL_MS);
  expect(trimmed()).toBeGreaterThan(0);
  // Its disk goes on: what it has is too old by now, and it is sent what there is.
  away.disk.verifiesNothing = false;
  cluster.until(() => away.replica.status().applied === leader.replica.status().applied);
  cluster.advance(COMMIT_DELAY_MS);
  expect(digests(cluster)).toHaveLength(1);
});

describe("a peer that has a snapshot whole and reads it in silence (trap 21)", () => {
  /** It has no room for two states: nobody is answered while the new one is read. */
  function silent(silenceMs: number) {
    const { cluster, leader, others } = settled();
    const away = others[0]!;
    outrun(cluster, leader, away);
    away.disk.verifiesNothing = true;
    cluster.heal();
    cluster.until(() => names(leader).includes("snapshot begins"));
    cluster.advance(100);
    away.stopped = true;
    const { anchor } = leader.disk;
    cluster.advance(silenceMs);
    write(cluster, leader, 30, "more");
    leader.makeSnapshot();
    cluster.settle();
    return { cluster, leader, away, trimmed: leader.disk.anchor.index - anchor.index };
  }

  test("needs no second one, however much is written meanwhile", () => {
    const { cluster, leader, away, trimmed } = silent(2 * ELECTION_TIMEOUT_MS);
    expect(trimmed).toBe(0);
    away.disk.verifiesNothing = false;
    away.stopped = false;
    cluster.until(() => away.replica.status().applied === leader.replica.status().applied);
    expect(names(leader).filter((name) => name === "snapshot begins")).toHaveLength(1);
  });

  test("is not waited for without end", () => {
    expect(silent(30_000).trimmed).toBeGreaterThan(0);
  });
});
