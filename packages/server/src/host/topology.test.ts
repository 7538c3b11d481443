import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  eventually,
  ReplyError,
  startTestCluster,
  type TestClient,
  type TestNode,
} from "../gateway/test-support.js";
import { decodeAnnouncement, encodeAnnouncement } from "./announce.js";

describe("announcement", () => {
  const host = fc.stringMatching(/^[A-Za-z0-9.:_-]{0,60}$/);

  test("decode gives back what was encoded, whatever a later version adds", () => {
    fc.assert(
      fc.property(
        fc.record({
          port: fc.integer({ min: 1, max: 65_535 }),
          address: host,
          hostname: host,
          birth: fc.integer({ min: 0, max: 0xffffffff }),
          replicationMode: fc.constantFrom("raft", "wait", "async"),
        }),
        fc.uint8Array({ maxLength: 20 }),
        (announcement, later) => {
          const bytes = Buffer.concat([encodeAnnouncement(announcement), later]);
          expect(decodeAnnouncement(bytes)).toEqual(announcement);
        },
      ),
      { seed: 3 },
    );
  });

  test("bytes that are none are refused, never thrown over", () => {
    const known = { port: 7001, address: "10.0.0.1", hostname: "a.example" };
    const whole = encodeAnnouncement({ ...known, birth: 7, replicationMode: "async" });
    const oldest = whole.length - 5;
    for (let end = 0; end < oldest; end++) {
      expect(decodeAnnouncement(whole.subarray(0, end))).toBeNull();
    }
    const raft = { ...known, replicationMode: "raft" };
    expect(decodeAnnouncement(whole.subarray(0, oldest))).toEqual({ ...raft, birth: 0 });
    expect(decodeAnnouncement(whole.subarray(0, -1))).toEqual({ ...raft, birth: 7 });
    const unknownMode = Uint8Array.from(whole);
    unknownMode[whole.length - 1] = 3;
    expect(decodeAnnouncement(unknownMode)).toBeNull();
    const newer = Uint8Array.from(whole);
    newer[0] = 2;
    expect(decodeAnnouncement(newer)).toBeNull();
    const badHost = { port: 7001, address: "a b\n", hostname: "" };
    const evil = encodeAnnouncement({ ...badHost, birth: 0, replicationMode: "raft" });
    expect(decodeAnnouncement(evil)).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        decodeAnnouncement(bytes);
      }),
      { seed: 4 },
    );
  });
});

describe("a cluster of three", () => {
  let nodes: TestNode[];
  let leader: TestNode;
  let followers: TestNode[];
  let onLeader: TestClient;
  let onFollower: TestClient;

  beforeAll(async () => {
    nodes = await startTestCluster(3, (id) =>
      id === 2 ? ["--cluster-announce-hostname", "two.example"] : [],
    );
    leader = nodes.find(({ running }) => running.replica.serving)!;
    followers = nodes.filter((each) => each !== leader);
    onLeader = await leader.client();
    onFollower = await followers[0]!.client();
    for (const each of nodes) {
      const client = await each.client();
      await eventually(async () => (await shards(client)).length === 3);
      await client.end();
    }
  });
  afterAll(() => Promise.all(nodes.map((each) => each.stop())));

  async function shards(client: TestClient): Promise<Map<string, unknown>[]> {
    await client.send("HELLO", "3");
    const [shard] = (await client.send("CLUSTER", "SHARDS")) as [Map<string, unknown>];
    return shard.get("nodes") as Map<string, unknown>[];
  }

  test("every node tells the same map, the leader first", async () => {
    const maps = [];
    for (const each of nodes) {
      const client = await each.client();
      maps.push(await client.send("CLUSTER", "SLOTS"));
      await client.end();
    }
    expect(maps[1]).toEqual(maps[0]);
    expect(maps[2]).toEqual(maps[0]);
    const [[first, last, ...shown]] = maps[0] as [[number, number, ...[string, number, string][]]];
    expect([first, last]).toEqual([0, 16_383]);
    expect(shown.map(([, port]) => port)[0]).toBe(leader.port);
    expect(shown.map(([, port]) => port).sort()).toEqual(nodes.map(({ port }) => port).sort());
    expect(shown.every(([host]) => host === "127.0.0.1")).toBe(true);
    expect(new Set(shown.map(([, , name]) => name)).size).toBe(3);
  });

  test("an announced host name is told beside the address", async () => {
    const told = (await shards(onLeader)).filter((each) => each.has("hostname"));
    expect(told.map((each) => [each.get("port"), each.get("hostname")])).toEqual([
      [nodes[1]!.port, "two.example"],
    ]);
  });

  test("CLUSTER NODES has one myself, one master with the slots, and replicas of it", async () => {
    for (const each of nodes) {
      const client = await each.client();
      const lines = (await client.text("CLUSTER", "NODES")).trim().split("\n");
      const rows = lines.map((line) => line.split(" "));
      const myself = rows.filter(([, , flags]) => flags!.includes("myself"));
      const masters = rows.filter(([, , flags]) => flags!.includes("master"));
      expect(lines).toHaveLength(3);
      expect(myself).toHaveLength(1);
      expect(myself[0]![0]).toBe(await client.text("CLUSTER", "MYID"));
      expect(masters).toHaveLength(1);
      expect(masters[0]!.at(-1)).toBe("0-16383");
      for (const row of rows) {
        if (row !== masters[0]) expect(row[3]).toBe(masters[0]![0]);
        expect(row[7]).toBe("connected");
      }
      await client.end();
    }
  });

  test("a follower sends clients to the leader and says that it is a replica", async () => {
    expect(await onFollower.fails("SET", "foo", "1")).toBe(`MOVED 12182 127.0.0.1:${leader.port}`);
    expect(await onFollower.fails("GET", "foo")).toBe(`MOVED 12182 127.0.0.1:${leader.port}`);
    expect(await onFollower.send("ROLE")).toEqual([
      "slave",
      "127.0.0.1",
      leader.port,
      "connected",
      expect.any(Number),
    ]);
    const info = await onFollower.text("INFO", "replication");
    expect(info).toContain("role:slave\r\n");
    expect(info).toContain(`master_port:${leader.port}\r\n`);
    expect(info).toContain("master_link_status:up\r\n");
    const greeting = (await onFollower.send("HELLO", "3")) as Map<string, unknown>;
    expect(greeting.get("role")).toBe("replica");
  });

  test("READONLY lets a follower answer, and it follows", async () => {
    await onLeader.send("SET", "foo", "followed");
    await onFollower.send("READONLY");
    await eventually(async () => (await onFollower.send("GET", "foo")) === "followed");
    await onFollower.send("READWRITE");
    expect(await onFollower.send("GET", "foo")).toBeInstanceOf(ReplyError);
  });

  test("the leader's ROLE and INFO name its replicas", async () => {
    const [role, , replicas] = (await onLeader.send("ROLE")) as [string, number, string[][]];
    expect(role).toBe("master");
    const ports = followers.map(({ port }) => String(port)).sort();
    expect(replicas.map(([, port]) => port!).sort()).toEqual(ports);
    const info = await onLeader.text("INFO", "replication");
    expect(info).toContain("connected_slaves:2\r\n");
    expect(info).toMatch(/slave0:ip=127\.0\.0\.1,port=\d+,state=online,offset=\d+,lag=0\r\n/);
  });

  test("when the leader stops, map and redirections follow; without a quorum a stop is bounded", async () => {
    await leader.running.stop();
    await eventually(() => followers.some(({ running }) => running.replica.serving));
    const successor = followers.find(({ running }) => running.replica.serving)!;
    const other = followers.find((each) => each !== successor)!;
    const client = await other.client();
    await eventually(async () => {
      const reply = await client.send("GET", "foo");
      return reply instanceof ReplyError && reply.text.endsWith(`:${successor.port}`);
    });
    const [[, , master, ...rest]] = (await client.send("CLUSTER", "SLOTS")) as [
      [number, number, ...[string, number, string][]],
    ];
    expect(master![1]).toBe(successor.port);
    expect(rest.map(([, port]) => port)).toEqual([other.port]);
    const nodesText = await client.text("CLUSTER", "NODES");
    expect(nodesText).toMatch(/slave,fail\? [0-9a-f]{40} 0 0 \d+ disconnected/);
    const writer = await successor.client();
    expect(await writer.send("GET", "foo")).toBe("followed");

    // Without a quorum a write stays open. Stopping does not wait for it for ever, and never says OK.
    await other.running.stop();
    const { requests } = successor.running.gateway.stats;
    const reply = writer.send("SET", "foo", "unknown");
    await eventually(() => successor.running.gateway.stats.requests > requests);
    await successor.running.stop();
    expect(await reply).toBeInstanceOf(ReplyError);
  });
});
