/**
 * The memory group: bytes an element takes on a leader of three nodes, beside what it takes in redis-server.
 * Both are fresh for each kind of data; a figure is what grew from empty to loaded, by the element.
 *
 *   estimate   INFO's used_memory: what Redoubt itself counts against maxmemory
 *   live       V8's heap and what it holds outside, after collections: what Redis calls used_memory, and
 *              what the aims are about
 *   resident   the process's pages: live, V8's room for garbage, LevelDB's buffers, the log's newest entries
 *
 * A node offers no command that collects garbage. ECHOs do it from outside: they touch no data, and what
 * they leave behind makes V8 look for garbage, large ones (held outside the heap) in all of it, small ones
 * among what is young. Looks follow until they find less no more. What is garbage even then counts as live:
 * the figure is an upper bound. (Forced collections of the same loads: 165 B a string, 133 B a field of one
 * hash, 121 B a member.)
 */

import { setTimeout as sleep } from "node:timers/promises";
import { load, padded, repeated } from "./load.js";
import { left, right, Table } from "./table.js";
import { ask } from "./targets/children.js";
import { startLoneRedis } from "./targets/redis.js";
import { startRedoubt } from "./targets/redoubt.js";
import type { Target } from "./targets/target.js";

interface Data {
  readonly name: string;
  /** Greatest ratio of live bytes to redis-server's used_memory that is aimed at. */
  readonly ratioAim: number;
  readonly commands: () => Iterable<readonly string[]>;
}

/** Bytes; of the whole process, or grown by the element. */
interface RedisMemory {
  readonly used: number;
  readonly resident: number;
}

interface RedoubtMemory {
  readonly estimate: number;
  readonly live: number;
  readonly resident: number;
}

/** By the element; with what the whole process has then. */
type Grown<Memory> = Memory & { readonly residentBytes: number };

/** What --json gets of one kind of data: bytes an element; redis null: there is no redis-server. */
interface Growth {
  readonly data: string;
  readonly redoubt: Grown<RedoubtMemory>;
  readonly redis: Grown<RedisMemory> | null;
}

const ELEMENTS = 1_000_000;
const SMALL_HASHES = 10_000;
const STRING = "x".repeat(64);
/** Coprime to ELEMENTS: its multiples are scores in no order, each once. */
const SCORE_STEP = 618_033;

const STRINGS: Data = { name: "1 M strings of 64 B", ratioAim: 2.5, commands: strings };

const DATA: readonly Data[] = [
  STRINGS,
  {
    name: "1 M fields, one hash",
    ratioAim: 3,
    commands: () => repeated(ELEMENTS, ["HSET", "hash"], field),
  },
  { name: "1 M fields, 10 000 hashes", ratioAim: 3, commands: smallHashes },
  {
    name: "1 M members, one zset",
    ratioAim: 3,
    commands: () => repeated(ELEMENTS, ["ZADD", "zset"], scoredMember),
  },
];

/** Milliseconds. Loading may starve nodes on a busy machine; an election would cost the load, not tell anything. */
const LOADING_ELECTION_TIMEOUT_MS = 10_000;
const SETTINGS = [`election-timeout=${LOADING_ELECTION_TIMEOUT_MS}`];
/** Milliseconds from the load to the first look: followers have it too, the log's buffers are written. */
const QUIET_MS = 2_000;
/** Milliseconds for which what is resident is looked at behind a load, and between looks. */
const IDLE_MS = 40_000;
const IDLE_LOOK_MS = 1_000;
/** Looks end when so many in a row found less than this share of garbage, or at the latest after the last. */
const LOOKS_IN_VAIN = 3;
const GARBAGE_SHARE = 0.01;
const LOOKS_MAX = 20;
/** Bytes and number of the two kinds of ECHOs before each look: 100 MiB outside the heap, 10 MiB inside. */
const LARGE_ECHO_BYTES = 1024 * 1024;
const LARGE_ECHOES = 100;
const SMALL_ECHO_BYTES = 10;
const SMALL_ECHOES = 50_000;

const TABLE = new Table([
  left("bytes per element", 28),
  right("redis used", 11),
  right("rss", 7),
  right("| estimate", 12),
  right("live", 7),
  right("rss", 7),
  right("| est./used", 13),
  right("live/used", 11),
  right("rss/rss", 9),
  right("aim", 6),
  right("", 8),
]);

export async function runMemory(): Promise<readonly Growth[]> {
  process.stdout.write(
    `the leader of 3 nodes beside one redis-server, both fresh; fields of 18 B with values of 18 B, members of ` +
      `19 B with distinct scores; the aim is for live/used\n\n`,
  );
  TABLE.printTitles();
  const growths: Growth[] = [];
  for (const data of DATA) {
    const growth = {
      data: data.name,
      redis: await redisGrowth(data),
      redoubt: await redoubtGrowth(data),
    };
    print(data, growth);
    growths.push(growth);
  }
  process.stdout.write("\n");
  await printResident();
  return growths;
}

/** Resident bytes with 1 M strings, all of the process's: a leader's to redis-server's. null: there is none. */
export async function residentRatio(): Promise<number | null> {
  const redis = await redisGrowth(STRINGS);
  if (redis === null) return null;
  return (await redoubtGrowth(STRINGS)).residentBytes / redis.residentBytes;
}

/**
 * What is resident as a load ends, when much of it is garbage, and the least while nothing is asked any more: V8 gives
 * garbage back to the system when it has been idle for a while (13 to 30 s here), and keeps it as long as there is work.
 */
async function printResident(): Promise<void> {
  for (const begin of [startLoneRedis, () => startRedoubt(SETTINGS)]) {
    const target = await begin();
    if (target === null) continue;
    const { busy, idle } = await during(target, idleResident);
    process.stdout.write(
      `${target.name}: resident with ${STRINGS.name} ${megabytes(busy)} MB as the load ends, ` +
        `${megabytes(idle)} MB at least within ${IDLE_MS / 1000} s behind it\n`,
    );
  }
}

/** Bytes: as the load ends, and the least until IDLE_MS later. */
async function idleResident(port: number): Promise<{ busy: number; idle: number }> {
  await load(port, STRINGS.commands());
  const resident = () => memoryInfo(port)("used_memory_rss");
  const busy = resident();
  let idle = busy;
  for (const endMs = performance.now() + IDLE_MS; performance.now() < endMs; ) {
    await sleep(IDLE_LOOK_MS);
    idle = Math.min(idle, resident());
  }
  return { busy, idle };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

async function redisGrowth(data: Data): Promise<Grown<RedisMemory> | null> {
  const redis = await startLoneRedis();
  if (redis === null) return null;
  return during(redis, async (port) => {
    const empty = redisMemory(port);
    await load(port, data.commands());
    await sleep(QUIET_MS);
    const full = redisMemory(port);
    return {
      used: (full.used - empty.used) / ELEMENTS,
      resident: (full.resident - empty.resident) / ELEMENTS,
      residentBytes: full.resident,
    };
  });
}

async function redoubtGrowth(data: Data): Promise<Grown<RedoubtMemory>> {
  const redoubt = await startRedoubt(SETTINGS);
  return during(redoubt, async (port) => {
    const empty = await settledMemory(port);
    await load(port, data.commands());
    const full = await settledMemory(port);
    return {
      estimate: (full.estimate - empty.estimate) / ELEMENTS,
      live: (full.live - empty.live) / ELEMENTS,
      resident: (full.resident - empty.resident) / ELEMENTS,
      residentBytes: full.resident,
    };
  });
}

async function during<T>(target: Target, act: (port: number) => Promise<T>): Promise<T> {
  try {
    return await act(await target.port());
  } finally {
    await target.stop();
  }
}

/** Of all looks the least of each figure: the rest was garbage. */
async function settledMemory(port: number): Promise<RedoubtMemory> {
  await sleep(QUIET_MS);
  let least = redoubtMemory(port);
  let inVain = 0;
  for (let look = 0; look < LOOKS_MAX && inVain < LOOKS_IN_VAIN; look++) {
    await load(port, echoes(LARGE_ECHOES, LARGE_ECHO_BYTES));
    await load(port, echoes(SMALL_ECHOES, SMALL_ECHO_BYTES));
    const now = redoubtMemory(port);
    inVain = now.live < least.live * (1 - GARBAGE_SHARE) ? 0 : inVain + 1;
    least = {
      estimate: Math.min(least.estimate, now.estimate),
      live: Math.min(least.live, now.live),
      resident: Math.min(least.resident, now.resident),
    };
  }
  return least;
}

function redisMemory(port: number): RedisMemory {
  const memory = memoryInfo(port);
  return { used: memory("used_memory"), resident: memory("used_memory_rss") };
}

function redoubtMemory(port: number): RedoubtMemory {
  const memory = memoryInfo(port);
  return {
    estimate: memory("used_memory"),
    live: memory("used_memory_heap") + memory("used_memory_external"),
    resident: memory("used_memory_rss"),
  };
}

function memoryInfo(port: number): (name: string) => number {
  const info = ask(port, "INFO", "memory");
  return (name) => {
    const digits = new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1];
    if (digits === undefined) throw new Error(`no ${name} in INFO of port ${port}`);
    return Number(digits);
  };
}

function print({ name, ratioAim }: Data, { redoubt, redis }: Growth): void {
  const live = redis === null ? null : redoubt.live / redis.used;
  TABLE.printRow([
    name,
    redis === null ? "-" : redis.used.toFixed(0),
    redis === null ? "-" : redis.resident.toFixed(0),
    redoubt.estimate.toFixed(0),
    redoubt.live.toFixed(0),
    redoubt.resident.toFixed(0),
    redis === null ? "-" : (redoubt.estimate / redis.used).toFixed(2),
    live === null ? "-" : live.toFixed(2),
    redis === null ? "-" : (redoubt.resident / redis.resident).toFixed(2),
    `< ${ratioAim}`,
    live === null ? "" : live < ratioAim ? "met" : "MISSED",
  ]);
}

function* strings(): Iterable<readonly string[]> {
  for (let i = 0; i < ELEMENTS; i++) yield ["SET", `key:${padded(i)}`, STRING];
}

function* smallHashes(): Iterable<readonly string[]> {
  const fields = ELEMENTS / SMALL_HASHES;
  for (let i = 0; i < SMALL_HASHES; i++) yield* repeated(fields, ["HSET", `hash:${i}`], field);
}

function field(i: number): readonly string[] {
  return [`field:${padded(i)}`, `value:${padded(i)}`];
}

function scoredMember(i: number): readonly string[] {
  return [String((i * SCORE_STEP) % ELEMENTS), `member:${padded(i)}`];
}

function* echoes(count: number, bytes: number): Iterable<readonly string[]> {
  const argv = ["ECHO", "x".repeat(bytes)];
  for (let i = 0; i < count; i++) yield argv;
}
