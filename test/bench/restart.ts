/**
 * The restart group: time from the start of a process until it serves all it had, with 1 M keys in the snapshot and
 * 100 000 entries of log behind it, beside redis-server with the same data as RDB and AOF (aof-use-rdb-preamble).
 * Redoubt is a follower of three nodes, since what an election takes is not of this: it serves when it answers
 * READONLY reads of the last entry it had. Rounds interleave.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../cluster/support/ports.js";
import { RawClient } from "../cluster/support/raw-client.js";
import { TestCluster } from "../cluster/support/test-cluster.js";
import { pause, until } from "../cluster/support/until.js";
import { load, padded } from "./load.js";
import type { BenchOptions } from "./options.js";
import { median, spread } from "./statistics.js";
import { left, right, Table } from "./table.js";

/** What --json gets: milliseconds of each round. */
export interface RestartFigures {
  readonly redoubtMs: readonly number[];
  readonly redisMs: readonly number[];
}

const KEYS = 1_000_000;
const ENTRIES = 100_000;
const VALUE = "x".repeat(100);
const RATIO_AIM = 3;
const HEAP_MEGABYTES = 4096;
/** Connections that write the log's entries: a command each, so that an entry has few. */
const WRITERS = 2;
/** Milliseconds between two attempts to read. */
const LOOK_MS = 5;
/** Milliseconds. */
const PATIENCE_MS = 600_000;
const LAST_KEY = "last";

export async function runRestart({ rounds }: BenchOptions): Promise<RestartFigures> {
  const redoubt = await preparedCluster();
  const redis = await PreparedRedis.start();
  const redoubtMs: number[] = [];
  const redisMs: number[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      redoubtMs.push(await redoubt.restart());
      redisMs.push(await redis.restart());
    }
  } finally {
    await redoubt.stop();
    await redis.stop();
  }
  const table = new Table([
    left("restart", 44),
    right("ms", 9),
    right("spread", 16),
    right("", 10),
  ]);
  table.printTitles();
  table.printRow(["redis-server, RDB + AOF", ...shown(redisMs)]);
  table.printRow(["a Redoubt follower, snapshot + log", ...shown(redoubtMs)]);
  const ratio = median(redoubtMs) / median(redisMs);
  const verdict = ratio <= RATIO_AIM ? "met" : "MISSED";
  process.stdout.write(`ratio ${ratio.toFixed(2)}, aim at most ${RATIO_AIM}: ${verdict}\n`);
  return { redoubtMs, redisMs };
}

function shown(ms: readonly number[]): [string, string] {
  return [median(ms).toFixed(0), spread(ms)];
}

async function preparedCluster(): Promise<{ restart(): Promise<number>; stop(): Promise<void> }> {
  const never = ["--save", "", "--log-snapshot-bytes", "0", "--log-snapshot-entries", "0"];
  const cluster = await TestCluster.start({
    heapMegabytes: HEAP_MEGABYTES,
    options: () => [...never, "--maxmemory", "2gb", "--election-timeout", "5000"],
  });
  const leader = await cluster.leader();
  await load(leader.port, allKeys());
  await cluster.settled();
  const node = (await cluster.followers())[0]!;
  await node.withClient((client) => client.text("BGSAVE"));
  await until(
    "the snapshot is made",
    async () => Number((await node.info("raft")).get("raft_snapshot_index")) > 0,
    PATIENCE_MS,
  );
  const first = (await leader.raft()).appended;
  await manyEntries(leader.port, async () => (await leader.raft()).appended - first);
  await cluster.settled();
  const { appended, applied } = await node.raft();
  process.stdout.write(`snapshot of 1 M keys, ${appended - first} entries behind it\n`);
  if (applied < appended) throw new Error("the follower is level");
  return {
    restart: async () => {
      await node.signal("SIGKILL");
      const beganMs = performance.now();
      node.start();
      await served(node.port, ["READONLY"]);
      return performance.now() - beganMs;
    },
    stop: () => cluster.stop(),
  };
}

class PreparedRedis {
  readonly #directory = mkdtempSync(join(tmpdir(), "redis-restart-"));
  readonly #port: number;
  #child: ReturnType<typeof spawn> | null = null;

  static async start(): Promise<PreparedRedis> {
    const [port] = await freePorts(1);
    const redis = new PreparedRedis(port!);
    redis.#spawn();
    await until("redis-server answers", () => redis.#info("loading"));
    await load(redis.#port, allKeys());
    const client = await RawClient.connect(redis.#port);
    await client.text("BGREWRITEAOF");
    await until(
      "the base is written",
      async () => (await redis.#info("aof_rewrite_in_progress")) === "0",
      PATIENCE_MS,
    );
    await client.end();
    await load(redis.#port, changedKeys());
    return redis;
  }

  constructor(port: number) {
    this.#port = port;
  }

  async restart(): Promise<number> {
    await this.#kill();
    const beganMs = performance.now();
    this.#spawn();
    await served(this.#port, []);
    return performance.now() - beganMs;
  }

  async stop(): Promise<void> {
    await this.#kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #spawn(): void {
    this.#child = spawn(
      "redis-server",
      [
        ...["--port", String(this.#port), "--bind", "127.0.0.1", "--dir", this.#directory],
        ...["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"],
        ...["--aof-use-rdb-preamble", "yes", "--auto-aof-rewrite-percentage", "0"],
      ],
      { stdio: "ignore" },
    );
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    // What it has written is in the page cache: nothing is lost to a later start.
    await pause(1500);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    this.#child = null;
  }

  async #info(name: string): Promise<string | undefined> {
    const client = await RawClient.connect(this.#port);
    try {
      const text = await client.text("INFO", "persistence");
      return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(text)?.[1];
    } finally {
      await client.end();
    }
  }
}

/** Until the key that was written last is read. */
async function served(port: number, first: readonly string[]): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs) {
    let client: RawClient | null = null;
    try {
      client = await RawClient.connect(port);
      if (first.length > 0) await client.send(...first);
      if ((await client.send("GET", LAST_KEY)) === String(ENTRIES)) return;
    } catch {
      // Not up yet.
    } finally {
      await client?.end();
    }
    await pause(LOOK_MS);
  }
  throw new Error("it never served");
}

async function manyEntries(port: number, written: () => Promise<number>): Promise<void> {
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => RawClient.connect(port)));
  let sent = 0;
  let isDone = false;
  const looking = (async () => {
    while (!isDone) {
      isDone = (await written()) >= ENTRIES - 1;
      await pause(200);
    }
  })();
  await Promise.all(
    clients.map(async (client) => {
      while (!isDone) {
        sent += 1;
        await client.send("SET", `key:${padded((sent * 7) % KEYS)}`, `${sent}`.padEnd(100, "z"));
      }
    }),
  );
  await looking;
  await clients[0]!.send("SET", LAST_KEY, String(ENTRIES));
  for (const client of clients) await client.end();
}

function* allKeys(): Iterable<readonly string[]> {
  for (let i = 0; i < KEYS; i++) yield ["SET", `key:${padded(i)}`, VALUE];
}

function* changedKeys(): Iterable<readonly string[]> {
  for (let i = 1; i < ENTRIES; i++) {
    yield ["SET", `key:${padded((i * 7) % KEYS)}`, `${i}`.padEnd(100, "z")];
  }
  yield ["SET", LAST_KEY, String(ENTRIES)];
}
