/** SAVE and its kin on a whole node, with a real thread: what clients are told, and what a restart finds. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  eventually,
  startTestNode,
  type TestClient,
  type TestNode,
} from "../gateway/test-support.js";

let node: TestNode;
let client: TestClient;

beforeAll(async () => {
  node = await startTestNode(["--enable-debug-command", "local", "--save", ""]);
  client = await node.client();
});
afterAll(() => node.stop());

async function persistence(): Promise<Map<string, string>> {
  const lines = (await client.text("INFO", "persistence")).split("\r\n");
  return new Map(
    lines
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

describe("on one node", () => {
  test("SAVE answers when the snapshot is there, and others are served meanwhile", async () => {
    for (let i = 0; i < 20; i++) await client.send("SET", `k${i}`, `v${i}`);
    expect((await persistence()).get("rdb_changes_since_last_save")).toBe("20");
    const saving = client.send("SAVE");
    const other = await node.client();
    await eventually(async () => {
      const text = await other.text("INFO", "persistence");
      return text.includes("rdb_bgsave_in_progress:1");
    });
    expect(await other.send("SET", "meanwhile", "x")).toEqual({ status: "OK" });
    expect(await other.fails("SAVE")).toBe("ERR Background save already in progress");
    expect(await other.fails("BGSAVE")).toBe("ERR Background save already in progress");
    expect(await other.send("BGREWRITEAOF")).toEqual({
      status: "Background append only file rewriting scheduled",
    });
    expect(await saving).toEqual({ status: "OK" });
    await eventually(async () => (await persistence()).get("aof_rewrites") === "1");
    const facts = await persistence();
    expect(facts.get("rdb_saves")).toBe("1");
    expect(facts.get("rdb_last_bgsave_status")).toBe("ok");
    expect(facts.get("rdb_changes_since_last_save")).toBe("0");
    expect(facts.get("aof_base_size")).toBe(facts.get("aof_current_size"));
    expect(Number(facts.get("aof_base_size"))).toBeGreaterThan(0);
    await other.end();
  });
});
