/** Readers that are too slow: each is cut by the limit of its class, alone, and the node stays small. */

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "./connection.js";
import { eventually, startTestNode, type TestClient, type TestNode } from "./test-support.js";

const MIB = 1024 * 1024;
/** Copied into replies, not referenced: what a reply grows by is memory. */
const PAGE_BYTES = 15_000;
let node: TestNode;
let admin: TestClient;
let savedLimits: string;

beforeAll(async () => {
  node = await startTestNode();
  admin = await node.client();
  savedLimits = node.config.get("client-output-buffer-limit")!;
  await stored("mib", "y".repeat(MIB));
  await stored("page", "p".repeat(PAGE_BYTES));
});
afterEach(async () => {
  expect(await admin.send("CONFIG", "SET", "client-output-buffer-limit", savedLimits)).toEqual({
    status: "OK",
  });
  await admin.send("CONFIG", "SET", "maxmemory-clients", "0");
});
afterAll(async () => {
  await admin.end();
  await node.stop();
});

/** A machine whose disk stands still for a moment answers INDETERMINATE: said again until it is done. */
async function stored(key: string, value: string): Promise<void> {
  await eventually(async () => {
    const reply = await admin.send("SET", key, value).catch((error: unknown) => error);
    return JSON.stringify(reply) === '{"status":"OK"}';
  });
}

/** A client with a name, and the node's side of it. */
async function named(name: string): Promise<{ client: TestClient; own: Connection }> {
  const client = await node.client();
  await client.send("CLIENT", "SETNAME", name);
  const own = [...node.running.gateway.connections].find((each) => each.name === name);
  return { client, own: own! };
}

/** A client that has asked for `mebibytes` and reads nothing of them. */
async function slowReader(name: string, mebibytes: number) {
  const { client, own } = await named(name);
  client.socket.pause();
  client.write("GET mib\r\n".repeat(mebibytes));
  return { client, own };
}

function cutLines(name: string): object[] {
  return node.lines
    .filter(({ event }) => event.startsWith("client closed"))
    .map(({ level, fields }) => ({ level, ...fields }))
    .filter((line) => "name" in line && line.name === name);
}

async function info(section: string): Promise<Map<string, string>> {
  const lines = (await admin.text("INFO", section)).split("\r\n");
  return new Map(lines.map((line) => line.split(":", 2) as [string, string]));
}

test.each([
  [
    "MGET",
    (own: string) => `SET ${own} done\r\nMGET${" page".repeat(4000)}\r\nSET ${own} more\r\n`,
  ],
  [
    "EXEC",
    (own: string) =>
      `MULTI\r\nSET ${own} done\r\n${`MGET${" page".repeat(1000)}\r\n`.repeat(4)}EXEC\r\nSET ${own} more\r\n`,
  ],
  [
    "MGET-in-RESP3",
    (own: string) =>
      `HELLO 3\r\nSET ${own} done\r\nMGET${" page".repeat(4000)}\r\nSET ${own} more\r\n`,
  ],
])(
  "trap-20 one %s may not answer more than its client may hold, and is done all the same",
  async (name, lines) => {
    await admin.send("CONFIG", "SET", "client-output-buffer-limit", "normal 4mb 0 0");
    const { client, own } = await named(name);
    let most = 0;
    const { output } = own.session;
    const asked = output.overflows;
    output.overflows = (heldBytes) => {
      most = Math.max(most, heldBytes);
      return asked(heldBytes);
    };
    client.write(lines(`own:${name}`));
    expect(await client.closed).not.toContain("p".repeat(PAGE_BYTES));
    expect(own.state).toBe("closed");
    // Asked at the first chunk beyond the limit, and nothing is held from then on.
    expect(most).toBeGreaterThan(4 * MIB);
    expect(most).toBeLessThan(5 * MIB);
    expect(output.end - output.start).toBe(0);
    // As if its connection had broken: what stood before is done, what stood behind is not.
    expect(await admin.send("GET", `own:${name}`)).toBe("done");
    expect(cutLines(name)).toEqual([
      expect.objectContaining({ level: "warn", reason: "output-buffer" }),
    ]);
  },
);

test("the soft limit cuts after its seconds, a client that reads in time stays", async () => {
  await admin.send("CONFIG", "SET", "client-output-buffer-limit", "normal 0 4mb 1");
  const slow = await slowReader("slow-soft", 40);
  await eventually(() => slow.own.softLimitSinceMs > 0);
  // Over the limit, and not cut yet.
  expect(slow.own.state).toBe("open");
  await eventually(() => slow.own.state === "closed");
  expect(cutLines("slow-soft")).toEqual([
    {
      level: "warn",
      client: expect.stringContaining("127.0.0.1:"),
      name: "slow-soft",
      reason: "output-buffer",
      heldBytes: expect.any(Number),
    },
  ]);

  await admin.send("CONFIG", "SET", "client-output-buffer-limit", "normal 0 4mb 3600");
  const timely = await slowReader("timely", 40);
  await eventually(() => timely.own.softLimitSinceMs > 0);
  timely.client.socket.resume();
  await eventually(() => timely.own.softLimitSinceMs === 0);
  expect(timely.own.state).toBe("open");
  await timely.client.end();
});

test("the classes are told apart: a subscriber by pubsub's limit, in RESP3 too, others by normal's", async () => {
  const limits = "normal 0 0 0 pubsub 4mb 0 0";
  await admin.send("CONFIG", "SET", "client-output-buffer-limit", limits);
  expect(await admin.send("CONFIG", "GET", "client-output-buffer-limit")).toEqual([
    "client-output-buffer-limit",
    `normal 0 0 0 slave ${256 * MIB} ${64 * MIB} 60 pubsub ${4 * MIB} 0 0`,
  ]);
  const reader = await slowReader("reader", 40);
  const listener = await named("listener");
  await listener.client.send("HELLO", "3");
  listener.client.socket.pause();
  listener.client.write("SUBSCRIBE a\r\n");
  await eventually(() => listener.own.isSubscriber);
  const message = "m".repeat(MIB);
  for (let i = 0; i < 60 && listener.own.state === "open"; i++) {
    await admin.send("PUBLISH", "a", message);
  }
  await eventually(() => listener.own.state === "closed");
  expect(reader.own.state).toBe("open");
  expect(reader.own.outputBytes).toBeGreaterThan(4 * MIB);
  await reader.client.end();
});

test("a blocked client is cut, too, and takes no element with it", async () => {
  await admin.send("CONFIG", "SET", "client-output-buffer-limit", "normal 0 4mb 1");
  const { client, own } = await slowReader("blocked", 40);
  client.write("BLPOP queue 0\r\n");
  await eventually(() => own.session.blocked);
  await eventually(() => own.state === "closed");
  expect(await admin.send("RPUSH", "queue", "element")).toBe(1);
  expect(await admin.send("LPOP", "queue")).toBe("element");
});

test("maxmemory-clients closes those with the largest buffers until the rest fits; NO-EVICT stays", async () => {
  const before = Number((await info("stats")).get("evicted_clients"));
  const small = await slowReader("small", 20);
  const large = await slowReader("large", 50);
  const exempt = await named("exempt");
  await exempt.client.send("CLIENT", "NO-EVICT", "ON");
  exempt.client.socket.pause();
  exempt.client.write("GET mib\r\n".repeat(60));
  const readers = [small, large, exempt];
  await eventually(() => readers.every(({ own }) => own.session.queuedLength === 0));
  await eventually(() => exempt.own.bufferBytes > large.own.bufferBytes);
  // Without the large one the rest fits.
  const rest = small.own.bufferBytes + exempt.own.bufferBytes;
  await admin.send("CONFIG", "SET", "maxmemory-clients", String(rest + 4 * MIB));
  await eventually(() => large.own.state === "closed");
  expect(small.own.state).toBe("open");
  expect(exempt.own.state).toBe("open");
  expect(cutLines("large")).toEqual([
    expect.objectContaining({ level: "warn", reason: "evicted", heldBytes: expect.any(Number) }),
  ]);
  expect(Number((await info("stats")).get("evicted_clients"))).toBe(before + 1);
  await admin.send("CONFIG", "SET", "maxmemory-clients", "1mb");
  await eventually(() => small.own.state === "closed");
  expect(exempt.own.state).toBe("open");
  // Clients that hold nothing are nobody's trouble.
  expect(await admin.send("PING")).toEqual({ status: "PONG" });
  for (const { client } of readers) client.socket.destroy();
});

test("maxmemory-clients is a number of bytes or a share of maxmemory", async () => {
  const set = (value: string) => admin.send("CONFIG", "SET", "maxmemory-clients", value);
  await set("5%");
  expect(await admin.send("CONFIG", "GET", "maxmemory-clients")).toEqual([
    "maxmemory-clients",
    "5%",
  ]);
  expect(node.config.maxmemoryClientsBytes).toBe(Math.floor(node.config.maxmemoryBytes * 0.05));
  await set("100mb");
  expect(node.config.maxmemoryClientsBytes).toBe(100 * MIB);
  for (const wrong of ["101%", "-1", "x%", "5 %"]) {
    expect(await admin.fails("CONFIG", "SET", "maxmemory-clients", wrong)).toContain(
      "argument must be a memory or percent value",
    );
  }
});
