/** Nodes that are full refuse, stay, and serve again; values as large as they may be replicate. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Reply, RespError } from "../support/resp-reader.js";
import type { RawClient } from "./support/raw-client.js";
import { TestCluster } from "./support/test-cluster.js";

const mebibyte = 1024 * 1024;
/** Passes at the default of 500 ms on a quiet machine; a loaded one must not make this test fail. */
const patient = ["--election-timeout", "1500"];

describe("a small maxmemory", () => {
  const maxmemoryMegabytes = 64;
  /** A key and value of about 1 KiB each: this many are more than fit. */
  const keysMax = 2 * maxmemoryMegabytes * 1024;
  const batch = 512;
  const value = "v".repeat(1024);
  let cluster: TestCluster;
  let filled = 0;

  beforeAll(async () => {
    cluster = await TestCluster.start({
      options: () => [...patient, "--maxmemory", `${maxmemoryMegabytes}mb`],
      // What the launcher gives: 256 + 1.25 x maxmemory.
      heapMegabytes: 256 + 1.25 * maxmemoryMegabytes,
    });
  });
  afterAll(() => cluster?.stop());

  test("writes beyond it are refused with OOM, reads and deletes go on, and no node dies", async () => {
    const leader = await cluster.settled();
    const client = await leader.connect();
    let refused: Reply | null = null;
    while (refused === null && filled < keysMax) {
      const commands = Array.from({ length: batch }, (_, at) => [
        "SET",
        `key:${filled + at}`,
        value,
      ]);
      const replies = await client.pipeline(commands);
      const stored = replies.findIndex((reply) => reply !== "OK");
      filled += stored < 0 ? batch : stored;
      refused = stored < 0 ? null : replies[stored]!;
    }
    expect(refused).toBeInstanceOf(RespError);
    expect((refused as RespError).text).toBe(
      "OOM command not allowed when used memory > 'maxmemory'.",
    );
    expect(filled).toBeGreaterThan((maxmemoryMegabytes * mebibyte) / 4 / value.length);
    expect(await client.send("GET", "key:0")).toBe(value);
    expect(await client.send("STRLEN", `key:${filled - 1}`)).toBe(value.length);
    expect(cluster.nodes.every((node) => node.isRunning)).toBe(true);
    await client.end();
  });

  test("after some keys are deleted writes work again", async () => {
    const leader = await cluster.settled();
    const client = await leader.connect();
    const deleted = Math.floor(filled / 4);
    const commands = Array.from({ length: deleted }, (_, at) => ["DEL", `key:${at}`]);
    expect((await client.pipeline(commands)).every((reply) => reply === 1)).toBe(true);
    expect(await client.send("SET", "again", value)).toBe("OK");
    expect(await client.send("GET", "key:0")).toBe(null);
    expect(await client.send("DBSIZE")).toBe(await countKeys(client));
    await client.end();
    await cluster.equalDigests();
  });

  test("a full follower applies what the leader accepted, and every node starts again with all of it", async () => {
    const before = await cluster.equalDigests();
    const { term } = await (await cluster.leader()).raft();
    for (const node of cluster.nodes) await node.signal("SIGTERM");
    expect(cluster.nodes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    for (const node of cluster.nodes) node.start();
    const leader = await cluster.settled();
    const after = await cluster.equalDigests();
    expect(after.index).toBeGreaterThan(before.index);
    console.log(
      `memory: ${(await leader.raft()).term - term} elections at a start with a full log`,
    );
    const client = await leader.connect();
    expect(await client.send("GET", "again")).toBe(value);
    expect(await client.send("GET", `key:${filled - 1}`)).toBe(value);
    await client.end();
    expect(cluster.errorLines()).toEqual([]);
  });
});

describe("large values", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({
      options: () => [...patient, "--maxmemory", "512mb"],
      heapMegabytes: 256 + 1.25 * 512,
    });
  });
  afterAll(() => cluster?.stop());

  test("trap-38 a value of 60 MiB replicates while the leader goes on leading", async () => {
    const leader = await cluster.settled();
    const { term } = await leader.raft();
    const client = await leader.connect();
    const neighbour = await leader.connect();
    const large = Buffer.alloc(60 * mebibyte, "0123456789abcdef");
    const stored = client.send("SET", "large", large);
    expect(await neighbour.send("SET", "small", "1")).toBe("OK");
    expect(await stored).toBe("OK");
    expect(await client.send("STRLEN", "large")).toBe(large.length);
    expect(await client.send("GETRANGE", "large", "-16", "-1")).toBe("0123456789abcdef");
    await cluster.equalDigests();
    expect((await leader.raft()).term).toBe(term);
    expect((await leader.raft()).serving).toBe(true);
    await client.end();
    await neighbour.end();
  });

  test("a value over proto-max-bulk-len gets Redis's error, and the others do not notice", async () => {
    const leader = await cluster.settled();
    const neighbour = await leader.connect();
    const client = await leader.connect();
    client.write(`*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$${64 * mebibyte + 1}\r\n`);
    const refusal = await client.next();
    expect(refusal).toEqual(new RespError("ERR Protocol error: invalid bulk length"));
    await client.closed;
    // Grown past the limit piece by piece, it is the string that is refused, and the connection stays.
    const grown = await neighbour.send("SETRANGE", "large", String(64 * mebibyte), "x");
    expect(grown).toEqual(
      new RespError("ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
    );
    expect(await neighbour.send("STRLEN", "large")).toBe(60 * mebibyte);
    await neighbour.end();
    expect(cluster.errorLines()).toEqual([]);
  });
});

async function countKeys(client: RawClient): Promise<number> {
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const reply = (await client.send("SCAN", cursor, "COUNT", "1000")) as [string, string[]];
    cursor = reply[0];
    for (const key of reply[1]) seen.add(key);
  } while (cursor !== "0");
  return seen.size;
}
