/** Voters that keep the log and hold no data: they make a majority, and bring a data node level. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { RespError } from "../support/resp-reader.js";
import { freePorts } from "./support/ports.js";
import { redoubt } from "./support/redoubt-cli.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const writesBetween = 200;

let cluster: TestCluster;
afterEach(() => cluster?.stop());

async function goOn(writers: Writers): Promise<void> {
  const enough = writers.acknowledgedCount + writesBetween;
  await until("writes go on", () => writers.acknowledgedCount >= enough);
}

function isWitness(node: ServerProcess): boolean {
  return cluster.witnesses.includes(node.id);
}

/** What the data nodes lack; witnesses can't be asked. */
async function faults(writers: Writers): Promise<string[]> {
  const holders = cluster.nodes.filter((node) => node.isRunning && !isWitness(node));
  return (await Promise.all(holders.map((node) => writers.faultsOn(node)))).flat();
}

describe("two data nodes and a witness", () => {
  test("trap-48 go on after the loss of any one of them, and lose nothing", async () => {
    cluster = await TestCluster.start({ witnesses: [3] });
    const writers = new Writers(cluster.addresses.slice(0, 2));
    try {
      // Each in turn, as a follower or as whatever it is by then; the leader once more for certain.
      for (const id of [1, 2, 3]) {
        const node = cluster.node(id);
        await goOn(writers);
        await node.signal("SIGKILL");
        await goOn(writers);
        node.start();
        await cluster.settled();
      }
      const leader = await cluster.leader();
      expect(isWitness(leader)).toBe(false);
      await leader.signal("SIGKILL");
      await goOn(writers);
      leader.start();
      await cluster.settled();
    } finally {
      await writers.stop();
    }
    await cluster.equalDigests();
    expect(await faults(writers)).toEqual([]);
    expect(cluster.errorLines()).toEqual([]);
    console.log(
      `witness: ${writers.acknowledgedCount} acknowledged, ${writers.count("unknown")} unknown, ` +
        `${writers.count("refused")} refused`,
    );
  });

  test("the witness serves no client, and says what it is", async () => {
    cluster = await TestCluster.start({ witnesses: [3] });
    const leader = await cluster.leader();
    const witness = cluster.node(3);
    await leader.withClient((client) => client.text("SET", "key", "value"));
    await cluster.settled();
    const info = await witness.info("raft");
    expect([info.get("raft_witness"), info.get("raft_role")]).toEqual(["1", "follower"]);
    await witness.withClient(async (client) => {
      const moved = expect.stringMatching(new RegExp(`^MOVED \\d+ 127.0.0.1:${leader.port}$`));
      for (const command of [
        ["GET", "key"],
        ["SET", "key", "other"],
      ]) {
        expect(textOf(await client.send(...command))).toEqual(moved);
      }
      await client.send("READONLY");
      expect(textOf(await client.send("GET", "key"))).toEqual(moved);
    });
  });
});

function textOf(reply: unknown): unknown {
  return reply instanceof RespError ? reply.text : reply;
}

test("members that were told different roles at birth say so", async () => {
  cluster = new TestCluster({}, 3, await freePorts(6));
  const [first, second, third] = cluster.nodes as [ServerProcess, ServerProcess, ServerProcess];
  for (const node of [first, second]) node.start(["--bootstrap", "yes"]);
  const otherwise = cluster.peers.replace(/2@\S+/, "$&/witness");
  third.start(["--bootstrap", "yes", "--peers", ...otherwise.split(" ")]);
  const event = "a peer was born with another first entry: peers was not the same on all members";
  const told = (node: ServerProcess): unknown[] =>
    node.logLines("error").filter(({ msg }) => msg === event);
  await until("all say so", () => cluster.nodes.every((node) => told(node).length > 0));
  expect(told(first)).toEqual([expect.objectContaining({ peer: 3 })]);
});

describe("a data node and two witnesses", () => {
  test("trap-48 what was acknowledged outlives the data node's disk: a new one gets it from a witness that leads", async () => {
    cluster = await TestCluster.start({ witnesses: [2, 3] });
    const data = cluster.node(1);
    const writers = new Writers(cluster.addresses.slice(0, 1));
    await goOn(writers);
    await writers.stop();
    await data.signal("SIGKILL");
    rmSync(join(data.directory, "data"), { recursive: true });

    const witnesses = cluster.nodes.filter((node) => node !== data);
    const leading = await until("a witness leads", async () => {
      for (const node of witnesses) if ((await node.raft()).role === "leader") return node;
      return null;
    });
    expect((await leading.raft()).serving).toBe(false);
    const refusal = await leading.withClient((client) => client.send("GET", "key"));
    expect(textOf(refusal)).toEqual(expect.stringMatching(/^CLUSTERDOWN/));

    data.start();
    expect(await cluster.leader()).toBe(data);
    await cluster.votersAre([1, 2, 3]);
    await cluster.settled();
    expect(await writers.faultsOn(data)).toEqual([]);
    expect(Number((await data.info("raft")).get("raft_incarnation"))).toBeGreaterThan(1);
    await data.withClient((client) => client.text("SET", "after", "all"));
  });

  test("a data node that was never a member is added by a witness that leads, and the lost one removed", async () => {
    cluster = await TestCluster.start({ witnesses: [2, 3], spare: 1 });
    const lost = cluster.node(1);
    const writers = new Writers(cluster.addresses.slice(0, 1));
    await goOn(writers);
    await writers.stop();
    await lost.signal("SIGKILL");
    const fresh = cluster.spare(4);
    cluster.nodes = cluster.nodes.filter((node) => node !== lost);
    const witness = ["-p", String(cluster.node(2).port)];
    const address = `127.0.0.1:${fresh.peerPort}`;
    const added = await redoubt("member", "add", "4", address, "--no-wait", ...witness);
    expect([added.code, added.stderr]).toEqual([0, ""]);
    fresh.start();
    expect(await cluster.leader()).toBe(fresh);
    const removed = await redoubt("member", "remove", "1", ...witness);
    expect([removed.code, removed.stderr]).toEqual([0, ""]);
    await cluster.votersAre([2, 3, 4]);
    expect(await writers.faultsOn(fresh)).toEqual([]);
    await fresh.withClient((client) => client.text("SET", "after", "all"));
  });

  test("a witness is added to a cluster and bears a majority", async () => {
    cluster = await TestCluster.start({ size: 2, spare: 1 });
    const witness = await cluster.grow(3, { witness: true });
    expect((await witness.info("raft")).get("raft_witness")).toBe("1");
    const writers = new Writers(cluster.addresses.slice(0, 2));
    try {
      await goOn(writers);
      await (await cluster.leader()).signal("SIGKILL");
      await goOn(writers);
    } finally {
      await writers.stop();
    }
    expect(await faults(writers)).toEqual([]);
  });
});
