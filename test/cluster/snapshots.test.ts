/** Snapshots of real nodes: made under load, sent to who lacks what was trimmed, started from, and read by Redis. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "./support/raw-client.js";
import { isInstalled, RedisServer } from "./support/redis-server.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

/** Entries. */
const snapshotEvery = 150;
const trailing = 50;
/** Keys of 64 KiB: a snapshot takes many chunks. */
const largeKeys = 200;
const largeBytes = 64 * 1024;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    options: () => [
      ...["--save", "", "--log-snapshot-entries", String(snapshotEvery)],
      ...["--log-trailing-entries", String(trailing)],
    ],
  });
});
afterAll(() => cluster?.stop());

async function raftNumber(node: ServerProcess, name: string): Promise<number> {
  return Number((await node.info("raft")).get(`raft_${name}`));
}

function events(node: ServerProcess): unknown[] {
  return node.logLines().map(({ msg }) => msg);
}

function count(node: ServerProcess, event: string): number {
  return events(node).filter((each) => each === event).length;
}

function dataOf(node: ServerProcess): string {
  return join(node.directory, "data");
}

function snapshotFiles(node: ServerProcess): string[] {
  const directory = join(dataOf(node), "log", "snapshots");
  return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
}

/** The leader's log begins behind `index`. */
async function trimmedBehind(index: number): Promise<void> {
  await until(`the log is trimmed behind ${index}`, async () => {
    const leader = await cluster.leader();
    return (await raftNumber(leader, "first_index")) > index + 1 ? true : null;
  });
}

let loads = 0;

async function underLoad(act: (writers: Writers) => Promise<void>): Promise<void> {
  const writers = new Writers(cluster.addresses, 16, 10, `load-${loads++}:`);
  try {
    await act(writers);
    const enough = writers.acknowledgedCount + 200;
    await until("writes go on", () => (writers.acknowledgedCount >= enough ? true : null));
  } finally {
    await writers.stop();
  }
  await cluster.equalDigests();
  const faults = await Promise.all(cluster.nodes.map((node) => writers.faultsOn(node)));
  expect(faults.flat()).toEqual([]);
}

async function fillWithLargeKeys(): Promise<void> {
  const client = await (await cluster.leader()).connect();
  for (let at = 0; at < largeKeys; at++) {
    await client.send("SET", `large:${at}`, `${at}`.padEnd(largeBytes, `${at}-`));
  }
  await client.end();
}

describe("under load", () => {
  test("every node makes snapshots, one after the other, and its log is trimmed behind them", async () => {
    await underLoad(async () => {
      for (const node of cluster.nodes) {
        await until(`node ${node.id} has saved twice`, async () => {
          const saves = Number((await node.info("persistence")).get("rdb_saves"));
          return saves >= 2 && (await raftNumber(node, "first_index")) > 1 ? true : null;
        });
      }
    });
    for (const node of cluster.nodes) {
      const facts = await node.info("persistence");
      expect(facts.get("rdb_last_bgsave_status")).toBe("ok");
      // The one that counts, and none that was begun and left.
      const names = snapshotFiles(node).map((path) => basename(path));
      expect(names.filter((name) => name.endsWith(".rdb")).length).toBeGreaterThan(0);
    }
  });

  test("trap-21 a node that was down while the log was trimmed comes back by a snapshot", async () => {
    const [follower] = await cluster.followers();
    const before = count(follower!, "snapshot installed");
    await underLoad(async () => {
      const appended = await raftNumber(follower!, "appended");
      await follower!.signal("SIGKILL");
      await trimmedBehind(appended);
      follower!.start();
      await until("it has caught up", async () => {
        await cluster.settled();
        return count(follower!, "snapshot installed") > before ? true : null;
      });
    });
  });

  test("trap-17 so does one whose disk was wiped, as a new member", async () => {
    const [follower] = await cluster.followers();
    const incarnation = await raftNumber(follower!, "incarnation");
    await underLoad(async () => {
      await follower!.signal("SIGKILL");
      rmSync(dataOf(follower!), { recursive: true });
      follower!.start();
      await cluster.votersAre([1, 2, 3]);
      await cluster.settled();
    });
    expect(await raftNumber(follower!, "incarnation")).toBeGreaterThan(incarnation);
    expect(events(follower!)).toContain("snapshot installed");
  });

  test("trap-28 and one that is cut off in the middle of an install", async () => {
    await fillWithLargeKeys();
    const [follower] = await cluster.followers();
    await underLoad(async () => {
      const appended = await raftNumber(follower!, "appended");
      await follower!.signal("SIGKILL");
      await trimmedBehind(appended + largeKeys);
      for (let cuts = 0; cuts < 2; ) {
        const installs = count(follower!, "snapshot installed");
        follower!.start();
        const isCut = await until("a snapshot is on its way, or was too quick to be seen", () => {
          if (snapshotFiles(follower!).some((path) => path.includes("receiving-"))) return "cut";
          return count(follower!, "snapshot installed") > installs ? "missed" : null;
        });
        await follower!.signal("SIGKILL");
        if (isCut === "cut") cuts += 1;
        else await trimmedBehind(await raftNumber(await cluster.leader(), "appended"));
      }
      const before = count(follower!, "snapshot installed");
      follower!.start();
      await until("it has caught up", async () => {
        await cluster.settled();
        return count(follower!, "snapshot installed") > before ? true : null;
      });
    });
    // One of its own may be in the making for a moment; one that was begun and left would stay.
    await until(
      "nothing that was begun and left",
      () => !snapshotFiles(follower!).some((path) => path.endsWith(".tmp")),
    );
  });
});

test("trap-23 all nodes start from their snapshots and the log behind them: one state, the same as before", async () => {
  await cluster.settled();
  const before = await cluster.equalDigests();
  for (const node of cluster.nodes) await node.signal("SIGKILL");
  for (const node of cluster.nodes) node.start();
  await cluster.settled();
  for (const node of cluster.nodes) {
    expect(events(node)).toContain("state loaded");
    expect((await node.info("persistence")).get("rdb_last_load_keys_loaded")).not.toBe("0");
    const { digest } = await node.digest();
    expect(digest).toBe(before.digest);
  }
  const told = cluster.errorLines().map(({ msg }) => msg);
  expect(told).toEqual(["the data of this node can't be used"]);
});

test.skipIf(!isInstalled("redis-server"))(
  "a real redis-server starts with a live node's snapshot: the same DEBUG DIGEST",
  async () => {
    const leader = await cluster.leader();
    const client = await leader.connect();
    await client.send("RPUSH", "list", "a", "b", "c");
    await client.send("HSET", "hash", "f", "1", "g", "2");
    await client.send("SADD", "set", "1", "2", "x");
    await client.send("ZADD", "zset", "1.5", "a", "-inf", "b");
    await client.send("XADD", "stream", "1-1", "f", "v");
    await client.send("XGROUP", "CREATE", "stream", "g", "0");
    await client.send("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">");
    await client.send("SET", "later", "v", "EX", "100000");
    expect(await client.send("SAVE")).toBe("OK");
    const digest = await client.send("DEBUG", "DIGEST");
    await client.end();
    const [path] = snapshotFiles(leader)
      .filter((name) => name.endsWith(".rdb"))
      .toSorted((a, b) => (a < b ? 1 : -1));
    const redis = await RedisServer.start(
      ...["--dir", dirname(path!), "--dbfilename", basename(path!)],
      ...["--enable-debug-command", "yes"],
    );
    try {
      const reader = await RawClient.connect(redis.port);
      expect(await reader.send("DEBUG", "DIGEST")).toBe(digest);
      await reader.end();
    } finally {
      await redis.stop();
    }
  },
);

test("a witness makes its own, and its log is trimmed, though it has no dataset", async () => {
  const small = ["--save", "", "--log-snapshot-entries", "100", "--log-trailing-entries", "10"];
  const other = await TestCluster.start({ witnesses: [3], options: () => small });
  try {
    const leader = await other.leader();
    const client = await leader.connect();
    const witness = other.node(3);
    await until("the witness's log is trimmed", async () => {
      for (let at = 0; at < 50; at++) await client.send("SET", `key:${at}`, "v");
      return (await raftNumber(witness, "first_index")) > 100;
    });
    await client.end();
    await witness.signal("SIGKILL");
    witness.start();
    await other.settled();
    await other.equalDigests();
    expect(other.errorLines()).toEqual([]);
  } finally {
    await other.stop();
  }
});
