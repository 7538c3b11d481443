/**
 * Followers that stand still: the leader has executed and must not tell. First a pause that ends before
 * an election timeout, then one that costs it its leadership.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Reply } from "../support/resp-reader.js";
import { RespError } from "../support/resp-reader.js";
import type { RawClient } from "./support/raw-client.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { pause, until } from "./support/until.js";

const electionTimeoutMs = 4_000;
/** Well below the election timeout. */
const shortStallMs = 1_000;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    options: () => ["--election-timeout", String(electionTimeoutMs)],
  });
});
afterAll(() => cluster?.stop());

async function stopAll(nodes: readonly ServerProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.signal("SIGSTOP")));
}

async function continueAll(nodes: readonly ServerProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.signal("SIGCONT")));
}

/** An error's text, prefixed so that it can't be taken for a value. */
function told(reply: Reply): Reply {
  return reply instanceof RespError ? `-${reply.text}` : reply;
}

test("trap-33 trap-36 while both followers stand still nothing is told, afterwards all of it in order", async () => {
  const leader = await cluster.settled();
  const followers = await cluster.followers();
  const { term } = await leader.raft();
  const client = await leader.connect();
  const other = await leader.connect();
  await stopAll(followers);
  const replies = client.pipeline([
    ["SET", "a", "1"],
    ["GET", "a"],
    ["EXISTS", "a"],
    ["SET", "a", "2", "NX"],
  ]);
  // PING reveals nothing, so it is answered; by then the four before it were executed.
  expect(await other.send("PING")).toBe("PONG");
  const before = client.receivedBytes + other.receivedBytes;
  const otherReplies = other.pipeline([
    ["GET", "a"],
    ["SET", "a", "3", "NX"],
    ["DBSIZE"],
    ["INCR", "a"],
  ]);
  await pause(shortStallMs);
  expect(client.receivedBytes + other.receivedBytes).toBe(before);
  expect(client.receivedBytes).toBe(0);
  await continueAll(followers);
  expect(await replies).toEqual(["OK", "1", 1, null]);
  expect(await otherReplies).toEqual(["1", null, 1, 2]);
  expect((await leader.raft()).term).toBe(term);
  await client.end();
  await other.end();
});

test("trap-32 trap-33 trap-37 a leader cut off for long takes back what it executed and says so", async () => {
  const leader = await cluster.settled();
  const followers = await cluster.followers();
  const [writer, reader, replicaReader] = await connections(leader, 3);
  expect(await writer!.send("SET", "a", "old")).toBe("OK");
  expect(await writer!.send("DEL", "fresh")).toBe(0);
  expect(await replicaReader!.send("READONLY")).toBe("OK");

  await stopAll(followers);
  try {
    const written = writer!.pipeline([
      ["SET", "a", "new"],
      ["GET", "a"],
      ["SET", "fresh", "1"],
    ]);
    const read = reader!.pipeline([["GET", "a"], ["EXISTS", "fresh"], ["DBSIZE"]]);
    const readAsReplica = replicaReader!.pipeline([["GET", "a"]]);
    await until("the leader steps down", async () => (await leader.raft()).role !== "leader");
    expect(await leader.withClient((client) => client.send("ROLE"))).toContain("slave");

    // Before a new leader is known: a committed prefix for who asked for it, a hold for the others.
    const late = await leader.connect();
    expect(await late.send("READONLY")).toBe("OK");
    expect(
      await late.pipeline([
        ["GET", "a"],
        ["EXISTS", "fresh"],
      ]),
    ).toEqual(["old", 0]);
    const held = await leader.connect();
    const heldReplies = held.pipeline([
      ["GET", "a"],
      ["SET", "a", "refused"],
    ]);

    const down = "-CLUSTERDOWN The cluster is down";
    expect((await written).map(told)).toEqual([
      expect.stringMatching(/^-INDETERMINATE /),
      down,
      expect.stringMatching(/^-INDETERMINATE /),
    ]);
    const [seen, exists] = (await read).map(told);
    expect([seen, exists]).toEqual([down, down]);
    expect([["old"], [down]]).toContainEqual((await readAsReplica).map(told));
    expect((await heldReplies).map(told)).toEqual([down, down]);
  } finally {
    await continueAll(followers);
  }

  const next = await cluster.settled();
  const survived = await next.withClient((client) =>
    client.pipeline([
      ["GET", "a"],
      ["GET", "fresh"],
    ]),
  );
  // Unknown was said of both: one entry or two, in order, all or nothing.
  expect([
    ["old", null],
    ["new", null],
    ["new", "1"],
  ]).toContainEqual(survived);
  expect(await next.withClient((client) => client.send("SET", "after", "1"))).toBe("OK");
  await cluster.equalDigests();
  expect(cluster.errorLines()).toEqual([]);
});

function connections(node: ServerProcess, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => node.connect()));
}
