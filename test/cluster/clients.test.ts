/** A scripted session with each client people use: what works with Redis works here. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, clientKinds } from "./support/clients.js";
import { isInstalled } from "./support/redis-server.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

const mebibyte = 1024 * 1024;

let cluster: TestCluster;
beforeAll(async () => {
  // A plain client does not follow a leader: an election because of a loaded machine is none of its faults.
  cluster = await TestCluster.start({ options: () => ["--election-timeout", "1500"] });
});
afterAll(() => cluster?.stop());

for (const kind of clientKinds) {
  describe(kind.name, () => {
    let client: Client;
    /** Keys of this client, in different slots. */
    const key = (name: string): string => `${kind.name}:${name}`;

    beforeAll(async () => {
      client = await kind.open(cluster, await cluster.settled());
    });
    afterAll(() => client?.end());

    test("SET, GET, INCR, EXPIRE, TTL, MGET", async () => {
      expect(await client.set(key("a"), "1")).toBe("OK");
      expect(await client.get(key("a"))).toBe("1");
      expect(client.readFromReplica?.() ?? false).toBe(false);
      expect(await client.get(key("none"))).toBe(null);
      expect(await client.incr(key("a"))).toBe(2);
      expect(await client.ttl(key("a"))).toBe(-1);
      expect(await client.expire(key("a"), 1000)).toBe(true);
      expect(await client.expire(key("none"), 1000)).toBe(false);
      const ttl = await client.ttl(key("a"));
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(1000);
      const tagged = ["{tag}x", "{tag}y", "{tag}none"].map(key);
      await client.set(tagged[0]!, "x");
      await client.set(tagged[1]!, "\u00e9\u{1f600}");
      expect(await client.mget(tagged)).toEqual(["x", "\u00e9\u{1f600}", null]);
    });

    test("an error is an error, and the connection goes on", async () => {
      await client.set(key("text"), "x");
      await expect(client.incr(key("text"))).rejects.toThrow(
        "ERR value is not an integer or out of range",
      );
      expect(await client.get(key("text"))).toBe("x");
    });

    test("trap-36 a pipeline is answered in order", async () => {
      const count = 1_000;
      const results = await client.pipeline(key("count"), count);
      expect(results).toEqual(Array.from({ length: count }, (_, at) => at + 1));
    });

    test("binary values, and one of 8 MiB, come back as they were", async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      await client.set(key("bytes"), every);
      expect(await client.getBytes(key("bytes"))).toEqual(every);
      const large = randomBytes(8 * mebibyte);
      await client.set(key("large"), large);
      expect(large.equals((await client.getBytes(key("large")))!)).toBe(true);
    });

    test("MULTI is done as a whole, and EXEC is nil when a watched key has changed", async () => {
      const [tagged, counter] = ["{m}a", "{m}count"].map(key) as [string, string];
      expect(await client.multi(tagged, "1", counter)).toEqual(["OK", 1]);
      expect(await client.multi(tagged, "2", counter)).toEqual(["OK", 2]);
      expect(await client.watched(tagged, "3", async () => {})).toBe(true);
      expect(await client.get(tagged)).toBe("3");
      const leader = await cluster.leader();
      const change = async (): Promise<void> => {
        const set = await leader.withClient((other) => other.send("SET", tagged, "changed"));
        expect(set).toBe("OK");
      };
      expect(await client.watched(tagged, "4", change)).toBe(false);
      expect(await client.get(tagged)).toBe("changed");
    });

    // Plain clients can do neither of the two: there is nothing to test, not something skipped.
    if (kind.openReader !== null) {
      test("replicas answer reads", readsFromReplicas);
    }
    if (kind.isCluster) {
      test("the new leader is found when leadership has moved", followsTheLeader);
    }

    async function readsFromReplicas(): Promise<void> {
      const written = key("read");
      await client.set(written, "1");
      const followers = await cluster.followers();
      const before = await commandsOf(followers);
      const reader = await kind.openReader!(cluster);
      try {
        await until("replicas have it", async () => (await reader.get(written)) === "1");
        const reads = 50;
        for (let at = 0; at < reads; at++) expect(await reader.get(written)).toBe("1");
        expect(reader.readFromReplica?.() ?? true).toBe(true);
        await reader.set(written, "2");
        await until("replicas have the change", async () => (await reader.get(written)) === "2");
        expect(await commandsOf(followers)).toBeGreaterThan(before + reads / 2);
      } finally {
        await reader.end();
      }
    }

    async function followsTheLeader(): Promise<void> {
      const moved = key("moved");
      await client.set(moved, "before");
      const old = await cluster.settled();
      await old.signal("SIGTERM");
      await cluster.leader(cluster.nodes.filter((node) => node !== old));
      old.start();
      await cluster.settled();
      await until("a write is accepted", async () => (await client.set(moved, "after")) === "OK");
      // Its own next read sees it, unless the client sent that by a connection it keeps in READONLY: ioredis
      // takes any connection while it knows no master's (cluster/index.js, getSampleInstance("all")).
      const first = await client.get(moved);
      if (client.readFromReplica?.() !== true) expect(first).toBe("after");
      const leader = await cluster.leader();
      expect(await leader.withClient((other) => other.send("GET", moved))).toBe("after");
      await until("the client reads it", async () => (await client.get(moved)) === "after");
      await cluster.equalDigests();
    }
  });
}

describe.skipIf(!isInstalled("redis-cli"))(
  `redis-cli${isInstalled("redis-cli") ? "" : " (skipped: no redis-cli)"}`,
  () => {
    const run = async (...args: string[]): Promise<string> => {
      const { stdout } = await promisify(execFile)("redis-cli", args);
      return stdout.trim();
    };

    test("-c follows MOVED, without -c it is shown", async () => {
      await cluster.settled();
      const [follower] = await cluster.followers();
      const port = String(follower!.port);
      expect(await run("-c", "-p", port, "set", "cli", "1")).toBe("OK");
      expect(await run("-c", "-p", port, "get", "cli")).toBe("1");
      expect(await run("-p", port, "get", "cli")).toMatch(/^MOVED \d+ 127\.0\.0\.1:\d+$/);
    });

    test("--cluster check is content", async () => {
      await cluster.settled();
      for (const node of cluster.nodes) {
        const shown = await run("--cluster", "check", `127.0.0.1:${node.port}`);
        expect(shown).toContain("[OK] All nodes agree about slots configuration.");
        expect(shown).toContain("[OK] All 16384 slots covered.");
      }
    });
  },
);

async function commandsOf(nodes: readonly ServerProcess[]): Promise<number> {
  let sum = 0;
  for (const node of nodes) {
    sum += Number((await node.info("stats")).get("total_commands_processed"));
  }
  return sum;
}
