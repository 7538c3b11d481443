/**
 * Bytes that no client sends, against a live node and, where there is one, a live redis-server: the same
 * answer, the same end of the connection. Meanwhile a neighbour works on and must not notice.
 */

import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RawClient } from "./support/raw-client.js";
import { isInstalled, RedisServer } from "./support/redis-server.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";

const mebibyte = 1024 * 1024;
/** Bytes the process may have grown by after all of it: garbage not yet collected, not what was sent. */
const growthBytesMax = 256 * mebibyte;
const ping = "*1\r\n$4\r\nPING\r\n";
const pong = "+PONG\r\n";

const hasRedis = isInstalled("redis-server");
const besideRedis = hasRedis ? "as redis-server answers" : "comparison skipped: no redis-server";

interface Outcome {
  readonly text: string;
  readonly closed: boolean;
}

let cluster: TestCluster;
let leader: ServerProcess;
let redis: RedisServer | null = null;
let rssBefore = 0;
let neighbour: Neighbour;

beforeAll(async () => {
  [cluster, redis] = await Promise.all([
    TestCluster.start(),
    hasRedis ? RedisServer.start() : null,
  ]);
  leader = await cluster.settled();
  rssBefore = leader.rssBytes();
});
afterAll(async () => {
  await redis?.stop();
  await cluster?.stop();
});
beforeEach(async () => {
  neighbour = new Neighbour(await leader.connect());
});
afterEach(async () => {
  const { count, faults } = await neighbour.stop();
  expect(faults).toEqual([]);
  expect(count).toBeGreaterThan(0);
  expect(leader.isRunning).toBe(true);
  expect(leader.rssBytes()).toBeLessThan(rssBefore + growthBytesMax);
});

/** Sends `bytes`, then PING when the connection still takes it; what came back until PONG or the end. */
async function outcomeOf(port: number, bytes: Buffer): Promise<Outcome> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let closed = false;
  const over = new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith(pong)) resolve();
    });
    socket.on("close", () => {
      closed = true;
      resolve();
    });
  });
  // Told by `close`, which always follows.
  socket.on("error", () => {});
  socket.write(Buffer.concat([bytes, Buffer.from(ping)]));
  await over;
  socket.destroy();
  return { text, closed };
}

/** The bytes, what is told when the connection is closed by it; null: it stays open. */
const cases: [name: string, bytes: string, told: string][] = [
  ["a multibulk of 2^32", "*4294967296\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
  ["a multibulk that is no number", "*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
  ["a negative multibulk", "*-5\r\n", pong],
  ["an empty multibulk", "*0\r\n", pong],
  ["empty lines", "\r\n\n\r\n", pong],
  ["a nested multibulk", "*1\r\n*1\r\n", "-ERR Protocol error: expected '$', got '*'\r\n"],
  ["a null bulk", "*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
  [
    "a bulk of 99999999999",
    "*1\r\n$99999999999\r\n",
    "-ERR Protocol error: invalid bulk length\r\n",
  ],
  ["an integer for a bulk", "*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"],
  [
    "a bulk outside of a multibulk",
    "$99999999999\r\n",
    `-ERR unknown command '$99999999999', with args beginning with: \r\n${pong}`,
  ],
  ["an unbalanced quote", 'SET "a\r\n', "-ERR Protocol error: unbalanced quotes in request\r\n"],
];

describe("bytes that no client sends", () => {
  for (const [name, bytes, told] of cases) {
    test(`trap-35 ${name} (${besideRedis})`, async () => {
      const expected: Outcome = { text: told, closed: !told.endsWith(pong) };
      expect(await outcomeOf(leader.port, Buffer.from(bytes))).toEqual(expected);
      if (redis !== null) {
        expect(await outcomeOf(redis.port, Buffer.from(bytes)), "redis-server").toEqual(expected);
      }
    });
  }

  test(`trap-35 random bytes in lines (${besideRedis})`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const bytes = randomLines(seed);
      const outcome = await outcomeOf(leader.port, bytes);
      expect(outcome.text).toMatch(/^-ERR /);
      if (redis !== null) {
        expect(outcome, `seed ${seed}`).toEqual(await outcomeOf(redis.port, bytes));
      }
    }
  });

  test("trap-35 a bulk without its line end is a protocol error (Differs from Redis: it skips two bytes)", async () => {
    const outcome = await outcomeOf(leader.port, Buffer.from("*1\r\n$4\r\nPINGxx"));
    expect(outcome.closed).toBe(true);
    expect(outcome.text).toMatch(/^-ERR Protocol error: [^\r\n]*\r\n$/);
  });

  test("trap-35 a multibulk of two million is a protocol error (Differs from Redis: fewer are allowed)", async () => {
    const outcome = await outcomeOf(leader.port, Buffer.from("*2000000\r\n"));
    const text = "-ERR Protocol error: invalid multibulk length\r\n";
    expect(outcome).toEqual({ text, closed: true });
  });

  // More is on its way when the connection is cut, so that the reset may overtake the answer.
  const floods: [name: string, bytes: () => Buffer, told: string][] = [
    [
      "200 000 nested multibulks",
      () => Buffer.from("*1\r\n".repeat(200_000)),
      "-ERR Protocol error: expected '$', got '*'\r\n",
    ],
    [
      "100 MB without a line end",
      () => Buffer.alloc(100_000_000, "A"),
      "-ERR Protocol error: too big inline request\r\n",
    ],
    [
      "100 MB of a multibulk's head without a line end",
      () => Buffer.alloc(100_000_000, "*"),
      "-ERR Protocol error: too big mbulk count string\r\n",
    ],
  ];
  for (const [name, bytes, told] of floods) {
    test(`trap-35 ${name} (${besideRedis})`, async () => {
      const ports = redis === null ? [leader.port] : [leader.port, redis.port];
      for (const port of ports) {
        const outcome = await outcomeOf(port, bytes());
        expect(outcome.closed).toBe(true);
        expect(["", told]).toContain(outcome.text);
      }
    });
  }
});

test(`half a command waits for its other half, byte by byte (${besideRedis})`, async () => {
  const request = Buffer.from(
    "*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$5\r\nv\r\nv2\r\n*2\r\n$3\r\nGET\r\n$4\r\nhalf\r\n",
  );
  for (const port of redis === null ? [leader.port] : [leader.port, redis.port]) {
    const socket = connect(port, "127.0.0.1").setNoDelay(true);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    for (const byte of request) {
      await new Promise<void>((resolve) => socket.write(Buffer.of(byte), () => resolve()));
    }
    while (!text.endsWith("v2\r\n")) await once(socket, "data");
    expect(text).toBe("+OK\r\n$5\r\nv\r\nv2\r\n");
    socket.destroy();
  }
});

test("many who announce large bulks and stop halfway cost what they sent", async () => {
  const half = Buffer.concat([
    Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${64 * mebibyte}\r\n`),
    Buffer.alloc(64 * 1024, "x"),
  ]);
  const sockets = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect(leader.port, "127.0.0.1");
      await new Promise<void>((resolve) => socket.write(half, () => resolve()));
      return socket;
    }),
  );
  expect(await leader.withClient((client) => client.send("SET", "calm", "1"))).toBe("OK");
  expect(leader.rssBytes()).toBeLessThan(rssBefore + growthBytesMax);
  for (const socket of sockets) {
    socket.destroy();
    await once(socket, "close");
  }
  expect(await leader.withClient((client) => client.send("EXISTS", "k"))).toBe(0);
});

/** One connection that writes and reads back for as long as the hostile ones go on. */
class Neighbour {
  readonly #client: RawClient;
  readonly #faults: string[] = [];
  #count = 0;
  #stopping = false;
  readonly #running: Promise<void>;

  constructor(client: RawClient) {
    this.#client = client;
    this.#running = this.#work();
  }

  async stop(): Promise<{ count: number; faults: readonly string[] }> {
    this.#stopping = true;
    await this.#running;
    await this.#client.end();
    return { count: this.#count, faults: this.#faults };
  }

  async #work(): Promise<void> {
    do {
      const value = String(this.#count);
      try {
        const replies = await this.#client.pipeline([
          ["SET", "neighbour", value],
          ["GET", "neighbour"],
        ]);
        if (replies[0] !== "OK" || replies[1] !== value) this.#faults.push(String(replies));
      } catch (error) {
        this.#faults.push(String(error));
        return;
      }
      this.#count += 1;
    } while (!this.#stopping);
  }
}

/** Lines of bytes without NUL (Redis ends a line there when it prints one) that start with a letter. */
function randomLines(seed: number): Buffer {
  let state = seed;
  const next = (below: number): number => {
    // Park and Miller's minimal standard generator.
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const lines: Buffer[] = [];
  for (let line = 0; line < 4; line++) {
    const bytes = Buffer.alloc(1 + next(60));
    for (let at = 0; at < bytes.length; at++) bytes[at] = 1 + next(255);
    bytes[0] = 0x41 + next(26);
    lines.push(bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(lines);
}
