import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandTable } from "@redoubt/commands";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ReplyError,
  startTestNode,
  type TestClient,
  type TestNode,
} from "../gateway/test-support.js";
import { hostHandlers } from "../index.js";

let node: TestNode;
let client: TestClient;
const ok = { status: "OK" };

beforeAll(async () => {
  node = await startTestNode(["--enable-debug-command", "local"]);
  client = await node.client();
});
afterAll(() => node.stop());

/** `name:value` lines of INFO and CLUSTER INFO. */
async function facts(...argv: string[]): Promise<Map<string, string>> {
  const lines = (await client.text(...argv)).split("\r\n").filter((line) => line.includes(":"));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** `name=value` fields of a CLIENT LIST line. */
function fieldsOf(line: string): Map<string, string> {
  return new Map(
    line
      .trim()
      .split(" ")
      .map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]),
  );
}

test("every host row of the command table has its handler, and no other", () => {
  const rows = commandTable.rows.flatMap((row) => [row, ...(row.subcommands?.values() ?? [])]);
  const leaves = rows.filter(({ executor, subcommands }) => executor === "host" && !subcommands);
  expect([...hostHandlers.keys()].sort()).toEqual(leaves.map(({ fullName }) => fullName).sort());
});

describe("AUTH and HELLO", () => {
  test("a password set at run time is asked of new connections, not of old ones", async () => {
    await client.send("CONFIG", "SET", "requirepass", "pässword");
    const late = await node.client();
    expect(await late.fails("PING")).toBe("NOAUTH Authentication required.");
    expect(await late.fails("HELLO", "3")).toMatch(/^NOAUTH HELLO must be called/);
    expect(await late.fails("AUTH", "wrong")).toMatch(/^WRONGPASS /);
    expect(await late.fails("AUTH", "somebody", "pässword")).toMatch(/^WRONGPASS /);
    expect(await late.fails("HELLO", "3", "AUTH", "default", "wrong")).toMatch(/^WRONGPASS /);
    const greeting = await late.send(
      "HELLO",
      "3",
      "AUTH",
      "default",
      "pässword",
      "SETNAME",
      "late",
    );
    expect(greeting).toBeInstanceOf(Map);
    expect(await late.send("CLIENT", "GETNAME")).toBe("late");
    expect(await client.send("PING")).toEqual({ status: "PONG" });
    await client.send("CONFIG", "SET", "requirepass", "");
    await late.end();
  });

  test("a HELLO that fails changes neither protocol nor name", async () => {
    const other = await node.client();
    await other.fails("HELLO", "3", "SETNAME", "a b");
    await other.fails("HELLO", "3", "SETNAME", "ok", "NONSENSE");
    await other.fails("HELLO", "4");
    expect(await other.send("CLIENT", "GETNAME")).toBeNull();
    expect(Array.isArray(await other.send("HELLO"))).toBe(true);
    await other.end();
  });

  test("HELLO 3 names what client libraries look for", async () => {
    const other = await node.client();
    expect(await other.send("HELLO", "3")).toEqual(
      new Map<string, unknown>([
        ["server", "redis"],
        ["version", "7.2.0"],
        ["proto", 3],
        ["id", await other.send("CLIENT", "ID")],
        ["mode", "cluster"],
        ["role", "master"],
        ["modules", []],
      ]),
    );
    await other.end();
  });

  test("RESET puts a connection back to how it was accepted", async () => {
    const other = await node.client();
    await other.send("HELLO", "3", "SETNAME", "named");
    await other.send("CLIENT", "NO-EVICT", "ON");
    await other.send("MULTI");
    expect(await other.send("RESET")).toEqual({ status: "RESET" });
    expect(await other.send("CLIENT", "GETNAME")).toBeNull();
    const fields = fieldsOf(await other.text("CLIENT", "INFO"));
    expect([fields.get("flags"), fields.get("resp"), fields.get("multi")]).toEqual([
      "N",
      "2",
      "-1",
    ]);
    await other.end();
  });
});

describe("CLIENT", () => {
  test("NO-TOUCH is on or off, and shown", async () => {
    const other = await node.client();
    const flags = async () => fieldsOf(await other.text("CLIENT", "INFO")).get("flags");
    expect(await other.send("CLIENT", "NO-TOUCH", "ON")).toEqual({ status: "OK" });
    expect(await flags()).toBe("T");
    expect(await other.send("CLIENT", "NO-TOUCH", "off")).toEqual({ status: "OK" });
    expect(await flags()).toBe("N");
    await other.end();
  });

  test("LIST shows what a connection is and does", async () => {
    const other = await node.client();
    await other.send("CLIENT", "SETNAME", "worker");
    await other.send("CLIENT", "SETINFO", "LIB-NAME", "ioredis");
    await other.send("CLIENT", "SETINFO", "lib-ver", "6.0.0");
    await other.send("READONLY");
    await other.send("MULTI");
    await other.send("GET", "a");
    const id = await idOf(other);
    const list = await client.text("CLIENT", "LIST", "ID", String(id));
    const fields = fieldsOf(list);
    const { localAddress, localPort } = other.socket;
    expect(fields.get("addr")).toBe(`${localAddress}:${localPort}`);
    expect(fields.get("laddr")).toBe(`127.0.0.1:${node.port}`);
    expect(fields.get("name")).toBe("worker");
    expect(fields.get("flags")).toBe("xr");
    expect(fields.get("multi")).toBe("1");
    expect(fields.get("cmd")).toBe("get");
    expect(fields.get("lib-name")).toBe("ioredis");
    expect(fields.get("lib-ver")).toBe("6.0.0");
    await other.end();
  });

  test("KILL closes exactly those that match, and itself only when told", async () => {
    const [first, second, third] = [await node.client(), await node.client(), await node.client()];
    const own = (each: TestClient) => `127.0.0.1:${each.socket.localPort}`;
    expect(await client.send("CLIENT", "KILL", own(first))).toEqual(ok);
    await first.closed;
    const id = await idOf(second);
    expect(await client.send("CLIENT", "KILL", "ID", String(id), "ADDR", "1.2.3.4:5")).toBe(0);
    expect(await client.send("CLIENT", "KILL", "ID", String(id), "TYPE", "normal")).toBe(1);
    await second.closed;
    expect(await third.send("CLIENT", "KILL", "ADDR", own(third))).toBe(0);
    third.write(`CLIENT KILL ADDR ${own(third)} SKIPME no\r\nPING\r\n`);
    expect(await third.next()).toBe(1);
    expect(await third.closed).toBe("");
    expect(await client.send("PING")).toEqual({ status: "PONG" });
  });

  test("UNBLOCK ends another connection's wait; INFO and LIST show who waits", async () => {
    const waiting = await node.client();
    const id = String(await waiting.send("CLIENT", "ID"));
    const blocked = async (count: string) => {
      while ((await facts("INFO", "clients")).get("blocked_clients") !== count);
    };
    waiting.write("BLPOP nothing 0\r\n");
    await blocked("1");
    expect(fieldsOf(await client.text("CLIENT", "LIST", "ID", id)).get("flags")).toBe("b");
    expect(await client.send("CLIENT", "UNBLOCK", id)).toBe(1);
    expect(await waiting.next()).toBeNull();
    waiting.write("BLPOP nothing 0\r\n");
    await blocked("1");
    expect(await client.send("CLIENT", "UNBLOCK", id, "ERROR")).toBe(1);
    expect(await waiting.next()).toEqual(
      new ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
    );
    expect(await client.send("CLIENT", "UNBLOCK", id)).toBe(0);
    waiting.write("BLPOP nothing 0\r\n");
    await blocked("1");
    await waiting.end();
    await blocked("0");
  });

  test("REPLY OFF and SKIP silence what they should", async () => {
    const other = await node.client();
    other.write("CLIENT REPLY SKIP\r\nECHO hidden\r\nECHO seen\r\n");
    expect(await other.next()).toBe("seen");
    other.write("CLIENT REPLY OFF\r\nSET quiet yes\r\nCLIENT REPLY ON\r\nGET quiet\r\n");
    expect(await other.next()).toEqual(ok);
    expect(await other.next()).toBe("yes");
    await other.end();
  });
});

describe("CONFIG", () => {
  test("GET takes several patterns, gives each name once", async () => {
    const reply = (await client.send("CONFIG", "GET", "maxcl*", "port", "MAXCLIENTS")) as string[];
    const pairs = new Map<string, string>();
    for (let i = 0; i < reply.length; i += 2) pairs.set(reply[i]!, reply[i + 1]!);
    expect(pairs).toEqual(
      new Map([
        ["maxclients", "10000"],
        ["port", String(node.port)],
      ]),
    );
  });

  test("SET is all or nothing", async () => {
    const before = await client.send("CONFIG", "GET", "timeout");
    const refusal = await client.fails("CONFIG", "SET", "timeout", "7", "maxclients", "none");
    expect(refusal).toContain("ERR CONFIG SET failed (possibly related to argument 'maxclients')");
    expect(await client.send("CONFIG", "GET", "timeout")).toEqual(before);
    expect(await client.send("CONFIG", "SET", "timeout", "7", "maxclients", "99")).toEqual(ok);
    expect(await client.send("CONFIG", "GET", "timeout")).toEqual(["timeout", "7"]);
    await client.send("CONFIG", "SET", "timeout", "0", "maxclients", "10000");
  });

  test("REWRITE keeps the file's other lines and writes what was set", async () => {
    const directory = await mkdtemp(join(tmpdir(), "redoubt-rewrite-"));
    const file = join(directory, "redoubt.conf");
    await writeFile(file, "# by hand\nmaxclients 50\ntimeout 5\n");
    const own = await startTestNode([], { file, text: await readFile(file, "utf8") });
    const admin = await own.client();
    await admin.send("CONFIG", "SET", "maxclients", "60");
    expect(await admin.send("CONFIG", "REWRITE")).toEqual(ok);
    expect(await readFile(file, "utf8")).toBe("# by hand\ntimeout 5\nmaxclients 60\n");
    await own.stop();
    await rm(directory, { recursive: true });
  });

  test("RESETSTAT sets the counters to zero", async () => {
    await client.send("PING");
    await client.send("CONFIG", "RESETSTAT");
    const stats = await facts("INFO", "stats");
    expect(Number(stats.get("total_connections_received"))).toBe(0);
    expect(Number(stats.get("total_commands_processed"))).toBeLessThan(3);
  });

  test("INFO stats tells of the event loop, and RESETSTAT begins that anew", async () => {
    const beganMs = performance.now();
    await client.send("DEBUG", "SLEEP", "0.3");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stats = await facts("INFO", "stats");
    for (const name of ["cycles", "duration_sum", "duration_cmd_sum"]) {
      expect(Number(stats.get(`eventloop_${name}`)), name).toBeGreaterThan(0);
    }
    expect(stats.get("instantaneous_eventloop_cycles_per_sec")).toMatch(/^\d+$/);
    expect(stats.get("instantaneous_eventloop_duration_usec")).toMatch(/^\d+$/);
    expect(Number(stats.get("eventloop_delay_p50_ms"))).toBeLessThan(performance.now() - beganMs);
    expect(Number(stats.get("eventloop_delay_max_ms"))).toBeGreaterThan(250);
    expect(stats.get("eventloop_delay_max_cause")).toMatch(/^(turn-commands|no-cpu|blocked)$/);
    expect(stats.get("eventloop_delay_max_during")).toMatch(/turns_ms=\d+\.\d{3},/);
    expect(stats.get("eventloop_turn_max")).toMatch(/^ms=\d+\.\d{3},part=commands$/);
    expect(stats.get("gc_minor")).toMatch(/^pauses=\d+,ms=\d+\.\d{3},max_ms=\d+\.\d{3}$/);
    await client.send("CONFIG", "RESETSTAT");
    const after = await facts("INFO", "stats");
    expect(Number(after.get("eventloop_delay_max_ms"))).toBeLessThan(250);
  });
});

describe("INFO, ROLE and CLUSTER on the leader", () => {
  test("INFO tells of expiry, of the in-flight window and of the wall clock", async () => {
    await client.send("CONFIG", "RESETSTAT");
    await client.send("SET", "soon", "v", "PX", "1");
    while ((await client.send("GET", "soon")) !== null);
    const stats = await facts("INFO", "stats");
    expect(stats.get("expired_keys")).toBe("1");
    expect(stats.get("expired_stale_perc")).toMatch(/^\d+\.\d\d$/);
    expect(stats.get("expired_time_cap_reached_count")).toMatch(/^\d+$/);
    const raft = await facts("INFO", "raft");
    expect(raft.get("raft_in_flight_full")).toBe("0");
    for (const name of [
      "raft_in_flight_bytes",
      "raft_in_flight_batches",
      "raft_log_time_ahead_ms",
    ]) {
      expect(raft.get(name), name).toMatch(/^\d+$/);
    }
    expect(raft.get("raft_wall_clock_jumps")).toBe("0");
    expect(raft.get("raft_wall_clock_last_jump_ms")).toBe("0");
    expect(raft.get("raft_wall_clock_last_jump_seen_at_ms")).toBe("0");
    await client.send("CONFIG", "RESETSTAT");
    expect((await facts("INFO", "stats")).get("expired_keys")).toBe("0");
  });

  test("INFO gives the sections asked for, in one order, and nothing for an unknown one", async () => {
    const titles = async (...argv: string[]) =>
      [...(await client.text("INFO", ...argv)).matchAll(/^# (\w+)/gm)].map(([, title]) => title);
    expect(await titles("keyspace", "SERVER")).toEqual(["Server", "Keyspace"]);
    expect(await titles("nosuch")).toEqual([]);
    expect(await titles()).toEqual(await titles("everything"));
  });

  test("INFO tells the truth about keys, clients and the log", async () => {
    await client.send("FLUSHALL");
    await client.send("SET", "a", "1");
    await client.send("SET", "b", "2", "EX", "1000");
    const all = await facts("INFO");
    expect(all.get("db0")).toBe("keys=2,expires=1,avg_ttl=0");
    expect(all.get("connected_clients")).toBe(String(node.running.gateway.connections.size));
    expect(all.get("role")).toBe("master");
    expect(all.get("redis_mode")).toBe("cluster");
    expect(all.get("cluster_enabled")).toBe("1");
    expect(all.get("loading")).toBe("0");
    expect(all.get("raft_commit")).toBe(all.get("raft_applied"));
    expect(all.get("master_repl_offset")).toBe(all.get("raft_applied"));
    expect(Number(all.get("used_memory"))).toBeGreaterThan(0);
  });

  test("one shard owns every slot and this node is its master", async () => {
    const name = await client.text("CLUSTER", "MYID");
    expect(name).toMatch(/^[0-9a-f]{40}$/);
    expect(await client.send("CLUSTER", "SLOTS")).toEqual([
      [0, 16383, ["127.0.0.1", node.port, name, []]],
    ]);
    expect(await client.text("CLUSTER", "NODES")).toMatch(
      new RegExp(
        `^${name} 127.0.0.1:${node.port}@\\d+ myself,master - 0 0 \\d+ connected 0-16383\n$`,
      ),
    );
    const state = await facts("CLUSTER", "INFO");
    expect(state.get("cluster_state")).toBe("ok");
    expect(state.get("cluster_slots_assigned")).toBe("16384");
    expect(await client.send("ROLE")).toEqual(["master", expect.any(Number), []]);
  });

  test("keys of a slot are counted and listed", async () => {
    await client.send("MSET", "{tag}1", "a", "{tag}2", "b", "other", "c");
    const slot = String(await client.send("CLUSTER", "KEYSLOT", "tag"));
    expect(await client.send("CLUSTER", "KEYSLOT", "x{tag}y")).toBe(Number(slot));
    expect(await client.send("CLUSTER", "COUNTKEYSINSLOT", slot)).toBe(2);
    const keys = (await client.send("CLUSTER", "GETKEYSINSLOT", slot, "10")) as string[];
    expect(keys.sort()).toEqual(["{tag}1", "{tag}2"]);
    expect(await client.send("CLUSTER", "GETKEYSINSLOT", slot, "1")).toHaveLength(1);
  });

  test("trap-33 what reveals the keyspace through the host waits for what is in flight", async () => {
    // In one turn: the write is not durable when DBSIZE, INFO and DEBUG DIGEST are executed, and is when they are told.
    client.write("FLUSHALL\r\nSET w 1\r\nDEBUG DIGEST\r\nINFO keyspace\r\nDEBUG STATEDIGEST\r\n");
    expect(await client.next()).toEqual(ok);
    expect(await client.next()).toEqual(ok);
    const digest = await client.next();
    expect(await client.next()).toContain("db0:keys=1");
    const state = (await client.next()) as { status: string };
    const { commit } = node.running.replica.status();
    expect(Number(state.status.split(" ")[0])).toBeLessThanOrEqual(commit);
    expect(digest).toEqual(await client.send("DEBUG", "DIGEST"));
  });
});

describe("DEBUG and SHUTDOWN", () => {
  test("DEBUG is refused unless the configuration allows it", async () => {
    const strict = await startTestNode();
    const other = await strict.client();
    expect(await other.fails("DEBUG", "DIGEST")).toMatch(/^ERR DEBUG command not allowed\./);
    expect(await other.fails("DEBUG", "SLEEP", "100")).toMatch(/^ERR DEBUG command not allowed\./);
    await strict.stop();
  });

  test("DEBUG SLEEP stops the whole node, which goes on afterwards", async () => {
    const other = await node.client();
    const beganMs = performance.now();
    client.write("DEBUG SLEEP 0.2\r\n");
    expect(await client.next()).toEqual(ok);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(200);
    expect(await other.send("PING")).toEqual({ status: "PONG" });
    expect(await client.send("SET", "after", "sleep")).toEqual(ok);
    await other.end();
  });

  test("SHUTDOWN asks the process to stop and gives no reply", async () => {
    const stopping = await startTestNode();
    const other = await stopping.client();
    expect(await other.fails("SHUTDOWN", "NONSENSE")).toBe("ERR syntax error");
    expect(await other.fails("SHUTDOWN", "ABORT")).toBe("ERR No shutdown in progress.");
    const reply = other.send("SHUTDOWN", "NOSAVE");
    await stopping.shutdownAsked;
    await stopping.stop();
    expect(await reply).toEqual(new ReplyError("closed"));
  });
});

async function idOf(each: TestClient): Promise<number> {
  const fields = [...node.running.gateway.connections].find(
    ({ remotePort }) => remotePort === each.socket.localPort,
  );
  return fields!.session.id;
}
