/** SAVE and its kin on a whole node, with a real thread: what clients are told, and what a failure leaves. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  eventually,
  startTestNode,
  type TestClient,
  type TestNode,
} from "../gateway/test-support.js";

let node: TestNode;
let client: TestClient;

beforeEach(async () => {
  node = await startTestNode(["--enable-debug-command", "local", "--save", ""]);
  client = await node.client();
});
afterEach(() => node.stop());

async function persistence(from = client): Promise<(name: string) => string | undefined> {
  const lines = (await from.text("INFO", "persistence")).split("\r\n");
  const facts = new Map(lines.map((line) => line.split(":") as [string, string]));
  return (name) => facts.get(name);
}

async function write(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await client.send("SET", `k${i}`, `v${i}`);
}

const ok = { status: "OK" };

describe("SAVE", () => {
  test("answers when the snapshot is there, and others are served meanwhile", async () => {
    await write(20);
    const before = await persistence();
    expect(before("rdb_changes_since_last_save")).toBe("20");
    expect(before("rdb_last_bgsave_time_sec")).toBe("-1");
    const other = await node.client();
    const saving = client.send("SAVE");
    await eventually(async () => (await persistence(other))("rdb_bgsave_in_progress") === "1");
    expect(await other.send("SET", "meanwhile", "x")).toEqual(ok);
    const busy = "ERR Background save already in progress";
    expect(await other.fails("SAVE")).toBe(busy);
    expect(await other.fails("BGSAVE")).toBe(busy);
    expect(await other.fails("BGSAVE", "SCHEDULE")).toBe(busy);
    expect(await other.send("BGREWRITEAOF")).toEqual({
      status: "Background append only file rewriting scheduled",
    });
    expect((await persistence(other))("aof_rewrite_scheduled")).toBe("1");
    expect(await saving).toEqual(ok);
    await eventually(async () => (await persistence())("aof_rewrites") === "1");
    const facts = await persistence();
    expect(facts("rdb_saves")).toBe("1");
    expect(facts("rdb_last_bgsave_status")).toBe("ok");
    expect(facts("rdb_changes_since_last_save")).toBe("0");
    expect(facts("aof_base_size")).toBe(facts("aof_current_size"));
    expect(Number(facts("aof_base_size"))).toBeGreaterThan(0);
    // Nothing was written since: the snapshot is there already.
    expect(await client.send("SAVE")).toEqual(ok);
    expect((await persistence())("rdb_saves")).toBe("2");
    await other.end();
  });

  test("has a place behind other commands of its connection, and none in a transaction", async () => {
    await write(3);
    client.write("*1\r\n$4\r\nSAVE\r\n*1\r\n$8\r\nLASTSAVE\r\n*1\r\n$4\r\nPING\r\n");
    expect(await client.next()).toEqual(ok);
    expect(await client.next()).toBeGreaterThan(Date.now() / 1000 - 3600);
    expect(await client.next()).toEqual({ status: "PONG" });
    await client.send("MULTI");
    expect(await client.fails("SAVE")).toBe("ERR Command not allowed inside a transaction");
    expect(await client.fails("EXEC")).toMatch(/^EXECABORT /);
    expect(await client.fails("BGSAVE", "NOW")).toBe("ERR syntax error");
  });

  test("of a client that goes away is made all the same", async () => {
    await write(3);
    const other = await node.client();
    void other.send("SAVE");
    await eventually(async () => (await persistence())("rdb_bgsave_in_progress") === "1");
    const id = (await client.text("CLIENT", "LIST"))
      .split("\n")
      .find((line) => line.includes("cmd=save"))
      ?.match(/id=(\d+)/)?.[1];
    expect(await client.send("CLIENT", "UNBLOCK", id!)).toBe(0);
    await other.end();
    await eventually(async () => (await persistence())("rdb_saves") === "1");
    expect(await client.send("SAVE")).toEqual(ok);
  });
});

describe("a snapshot that fails", () => {
  test("is told, changes nothing, and is made when the reason is gone", async () => {
    await write(10);
    expect(await client.send("SAVE")).toEqual(ok);
    const directory = join(node.directory, "log", "snapshots");
    const [name] = readdirSync(directory);
    const path = join(directory, name!);
    const bytes = readFileSync(path);
    const damaged = Buffer.from(bytes);
    damaged[damaged.length >> 1]! ^= 1;
    writeFileSync(path, damaged);
    await write(10);
    expect(await client.fails("SAVE")).toBe("ERR");
    const facts = await persistence();
    expect(facts("rdb_last_bgsave_status")).toBe("err");
    expect(facts("rdb_saves")).toBe("1");
    expect(facts("rdb_changes_since_last_save")).toBe("10");
    const events = node.lines.filter(({ level }) => level === "error").map(({ event }) => event);
    expect(events).toEqual(["no snapshot was made: the log is kept, it is tried again"]);
    expect(readdirSync(directory)).toEqual([name]);
    writeFileSync(path, bytes);
    expect(await client.send("SAVE")).toEqual(ok);
    expect((await persistence())("rdb_last_bgsave_status")).toBe("ok");
    expect(readdirSync(directory)).not.toContain(name);
  });
});

describe("snapshots by themselves", () => {
  test("are made when the log is long enough, as CONFIG SET says, and trim it", async () => {
    await client.send("CONFIG", "SET", "log-trailing-entries", "5", "log-snapshot-entries", "40");
    await write(60);
    await eventually(async () => (await persistence())("rdb_saves") !== "0");
    const raft = await client.text("INFO", "raft");
    const number = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(raft)?.[1]);
    expect(number("raft_first_index")).toBe(number("raft_snapshot_index") - 5 + 1);
  });

  test("by save points, in effects", async () => {
    await client.send("CONFIG", "SET", "save", "1 5");
    await client.send("MSET", "a", "1", "b", "2", "c", "3", "d", "4", "e", "5");
    await eventually(async () => (await persistence())("rdb_saves") === "1");
    expect((await persistence())("rdb_changes_since_last_save")).toBe("0");
  });
});
