/** trap-33 and its kin: nothing uncommitted, and nothing a deposed leader believes, is ever told. */

import { type CommandRow, commandTable } from "@redoubt/commands";
import { describe, expect, test } from "vitest";
import { blockingExamples } from "./testing/examples/blocking.js";
import { functionExamples } from "./testing/examples/functions.js";
import { hashExamples } from "./testing/examples/hashes.js";
import { keyExamples } from "./testing/examples/keys.js";
import { listExamples } from "./testing/examples/lists.js";
import { pubSubExamples } from "./testing/examples/pubsub.js";
import { setExamples } from "./testing/examples/sets.js";
import { sortedSetExamples } from "./testing/examples/sorted-sets.js";
import { streamExamples } from "./testing/examples/streams.js";
import { TestCluster } from "./testing/test-cluster.js";

/** One request or more for every row that reveals something of `k` (or of all keys). No example, no row. */
const examples: Readonly<Record<string, readonly string[]>> = {
  ...keyExamples,
  ...blockingExamples,
  ...pubSubExamples,
  ...functionExamples,
  ...listExamples,
  ...hashExamples,
  ...setExamples,
  ...sortedSetExamples,
  ...streamExamples,
};

function revealingRows(): CommandRow[] {
  return commandTable.rows
    .flatMap((row) => (row.subcommands === null ? [row] : [...row.subcommands.values()]))
    .filter((row) => row.executor !== "session" && row.visibility !== "noKeyspace");
}

function argvOf(line: string): string[] {
  return line.split(" ");
}

/** What is executed and not committed while the example runs. */
const pendings = ["SET k 7", "SET k word", "DEL k", "FLUSHALL", "PEXPIRE k 1", "RENAME k away"];

describe("trap-33 what reveals state waits", () => {
  test("every revealing row has an example, and every example its row", () => {
    const names = revealingRows().map((row) => row.fullName);
    expect([...names].sort()).toEqual(Object.keys(examples).sort());
  });

  test.each(revealingRows().map((row) => row.fullName))("%s", (name) => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    for (const pending of pendings) {
      for (const line of examples[name]!) {
        const [writer, reader, inExec] = [leader.connect(), leader.connect(), leader.connect()];
        writer.send("FLUSHALL", "SET k 1", "SET other 2");
        cluster.settle();
        writer.take();
        cluster.withholdCommits();
        writer.send(pending).sendWords(argvOf(line));
        cluster.settle();
        reader.sendWords(argvOf(line));
        cluster.settle();
        inExec.send("MULTI").sendWords(argvOf(line)).send("EXEC");
        cluster.settle();
        cluster.advance(60);
        const label = `${line} behind ${pending}`;
        expect(leader.serving, label).toBe(true);
        expect(writer.take(), label).toEqual([]);
        expect(reader.take(), label).toEqual([]);
        expect(inExec.take(), label).toEqual(["+OK", "+QUEUED"]);
        cluster.loseNothing();
        cluster.advance(120);
        expect(writer.take(), label).toHaveLength(2);
        expect(reader.take(), label).toHaveLength(1);
        expect(inExec.take(), label).toHaveLength(1);
        for (const client of [writer, reader, inExec]) client.session.close();
      }
    }
    expect(leader.replica.status().counters.hazards).toBe(0);
    expect(leader.replica.status().memory.undoBytes).toBe(0);
  });

  test("trap-16 a row that left no effect waits for a round begun after it", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    leader.connect().send("SET k 1");
    cluster.settle();
    for (const row of revealingRows().filter(({ executor }) => executor === "data")) {
      for (const line of examples[row.fullName]!) {
        cluster.withholdConfirmations();
        const before = leader.replica.status().executed;
        const client = leader.connect().sendWords(argvOf(line));
        cluster.settle();
        const emitted = leader.replica.status().executed > before;
        expect(client.take(), line).toHaveLength(emitted ? 1 : 0);
        cluster.loseNothing();
        cluster.advance(60);
        expect(client.replies, line).toHaveLength(1);
        client.session.close();
      }
    }
  });

  test("EXEC that answers nil because of WATCH waits for what broke it", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const watcher = leader.connect().send("WATCH k", "MULTI", "PING");
    cluster.settle();
    watcher.take();
    cluster.withholdCommits();
    leader.connect().send("SET k v");
    cluster.settle();
    watcher.send("EXEC");
    cluster.advance(100);
    expect(watcher.take()).toEqual([]);
    cluster.loseNothing();
    cluster.advance(100);
    expect(watcher.take()).toEqual(["*-1"]);
  });

  test("trap-44 GET of any key waits behind a FLUSHALL that is not committed", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET k v");
    cluster.settle();
    client.take();
    cluster.withholdCommits();
    leader.connect().send("FLUSHALL");
    cluster.settle();
    client.send("GET k", "GET never", "EXISTS k");
    cluster.advance(100);
    expect(client.take()).toEqual([]);
    cluster.isolate(leader);
    cluster.loseNothing();
    cluster.depose(leader);
    cluster.enthrone(leader);
    cluster.advance(100);
    // The FLUSHALL was sealed: whichever way it went, all replies agree with the state.
    const answers = client.replies.slice(-3).map((reply) => reply.split(" ")[0]);
    const gone = leader.replica.keyspace.peek("k") === undefined;
    expect([
      ["$-1", "$-1", ":0"],
      ["$1", "$-1", ":1"],
      ["-MOVED", "-MOVED", "-MOVED"],
    ]).toContainEqual(answers);
    if (answers[0] === "$-1") expect(gone).toBe(true);
    if (answers[0] === "$1") expect(gone).toBe(false);
  });
});

describe("expiry", () => {
  test("trap-34 an expired key that is read emits its deletion, and the reply waits for it", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const lines = ["GET k", "EXISTS k", "TTL k", "SETNX k v", "MGET a k", "TYPE k"];
    for (const line of lines) {
      const client = leader.connect().send("SET k v PX 20");
      cluster.settle();
      client.take();
      cluster.withholdCommits();
      const before = leader.replica.status().executed;
      // One step beyond the deadline, before active expiry has its next cycle.
      cluster.nowMs += 21;
      client.send(line);
      cluster.settle();
      expect(leader.replica.status().executed, line).toBeGreaterThan(before);
      expect(client.take(), line).toEqual([]);
      cluster.loseNothing();
      cluster.advance(150);
      expect(client.take(), line).toHaveLength(1);
      expect(cluster.nodes.every((node) => node.replica.keyspace.peek("k") === undefined)).toBe(
        line !== "SETNX k v",
      );
      client.send("DEL k");
      cluster.settle();
    }
  });

  test("trap-55 a follower judges by the log time of what it applied, never by its own clock", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const follower = cluster.nodes.find((node) => node !== leader)!;
    follower.wallOffsetMs = 10_000_000;
    leader.connect().send("SET k v PX 100");
    cluster.advance(60);
    const reader = follower.connect().send("READONLY", "GET k", "TTL k");
    cluster.settle();
    expect(reader.take()).toEqual(["+OK", "$1 v", ":0"]);
    // Behind, it sees the key gone as soon as it has applied the deletion, and not before.
    follower.wallOffsetMs = -10_000_000;
    cluster.advance(300);
    reader.send("GET k");
    cluster.settle();
    expect(reader.take()).toEqual(["$-1"]);
  });

  test("log time never goes back: a clock that jumps, and a new leader whose clock is slow", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect().send("SET k v PX 1000");
    cluster.settle();
    leader.wallOffsetMs = 5000;
    client.send("GET k");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", "$-1"]);
    leader.wallOffsetMs = -5000;
    client.send("SET k v PX 1000", "PTTL k");
    cluster.settle();
    expect(client.take()).toEqual(["+OK", ":1000"]);
    const before = leader.replica.status().logTimeMs;
    for (const node of cluster.nodes) node.wallOffsetMs = -100_000;
    const next = cluster.depose(leader);
    next.connect().send("SET other v PX 100000");
    cluster.advance(100);
    expect(next.replica.status().logTimeMs).toBeGreaterThanOrEqual(before);
    expect(next.replica.keyspace.deadlineOf("other")).toBeGreaterThanOrEqual(before + 100_000);
  });

  test("active expiry alone fills, seals and commits a batch", () => {
    const cluster = new TestCluster();
    const leader = cluster.elect();
    const client = leader.connect();
    for (let i = 0; i < 500; i++) client.send(`SET k${i} v PX 50`);
    client.send("SET stays v");
    cluster.settle();
    cluster.advance(3000);
    for (const node of cluster.nodes) expect(node.replica.keyspace.size).toBe(1);
    expect(leader.replica.status().counters.expiredKeys).toBe(500);
    expect(leader.replica.status().counters.hazards).toBe(0);
  });
});
