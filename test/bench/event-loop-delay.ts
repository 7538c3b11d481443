/**
 * The event-loop-delay group: how late the event loops of three nodes come to what is due while 50 connections write as
 * fast as they are answered and the leader makes one snapshot after the other, and why they came latest. The nodes
 * measure it themselves (docs/reference/event-loop.md); followers make snapshots when theirs are due.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "../cluster/support/raw-client.js";
import { load, padded } from "./load.js";
import { assertSound, type LoadFigures, runLoad } from "./load-generator.js";
import { builtProgram } from "./native-program.js";
import type { BenchOptions } from "./options.js";
import { encodeCommands, NUMBER } from "./requests.js";
import { left, right, Table } from "./table.js";
import { startRedoubt } from "./targets/redoubt.js";
import { followerPorts } from "./targets/target.js";

/** In milliseconds. */
interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly cause: string;
  /** What overlapped the longest, as INFO tells it. */
  readonly during: string;
  readonly seenAtMs: number;
}

interface NodeFigures {
  readonly role: "leader" | "follower";
  readonly delays: Delays;
  /** Without the time in which the thread had no processor; null: this system does not tell. */
  readonly ownDelays: Delays | null;
  /** As INFO tells them. */
  readonly longestTurn: string;
  readonly collections: Readonly<Record<string, string>>;
}

/** What --json gets. */
export interface DelayFigures {
  readonly seconds: number;
  readonly snapshots: number;
  readonly nodes: readonly NodeFigures[];
  readonly load: LoadFigures;
  /** Of the leader's p99.9. */
  readonly aimMs: number;
  readonly isMet: boolean;
}

const KEYS = 1_000_000;
const VALUE = "x".repeat(100);
const CONNECTIONS = 50;
const AIM_MS = 50;
const WARMUP_MS = 2_000;
/** Milliseconds after what was loaded: followers have it too. */
const SETTLE_MS = 3_000;
/** Milliseconds between two looks at whether the next snapshot may begin. */
const LOOK_MS = 100;
/** Milliseconds. More nodes than processors starve each other now and then; an election would end the run. */
const ELECTION_TIMEOUT_MS = 5_000;
const COLLECTIONS = ["minor", "major", "incremental", "weakcb"];

const TABLE = new Table([
  left("event loop of", 22),
  right("p50 ms", 9),
  right("p99", 9),
  right("p99.9", 9),
  right("max", 9),
  left("   longest because of", 24),
]);

export async function runEventLoopDelay({ seconds }: BenchOptions): Promise<DelayFigures> {
  // Before servers are started for nothing.
  builtProgram("load-generator");
  const target = await startRedoubt([`election-timeout=${ELECTION_TIMEOUT_MS}`]);
  const clients: RawClient[] = [];
  const connect = async (port: number): Promise<RawClient> => {
    const client = await RawClient.connect(port);
    clients.push(client);
    return client;
  };
  try {
    process.stdout.write(
      `1 M keys of 100 B, SET on ${CONNECTIONS} connections for ${seconds} s, snapshots one after the other; ` +
        "delay: by how much a look came later than due, every 10 ms\n\n",
    );
    const port = await target.port();
    await load(port, allKeys());
    await sleep(SETTLE_MS);
    const nodes = [await connect(port)];
    for (const follower of await followerPorts(target)) nodes.push(await connect(follower));
    const snapshots = new Snapshots(await connect(port));
    let measured = Promise.resolve<readonly NodeFigures[]>([]);
    const figures = await runLoad(
      {
        ports: [port],
        connections: CONNECTIONS,
        pipeline: 1,
        warmupMs: WARMUP_MS,
        measuredMs: seconds * 1000,
        seed: 1,
        operations: [encodeCommands([["SET", `key:${NUMBER}`, VALUE]], KEYS)],
      },
      () => {
        for (const node of nodes) void node.send("CONFIG", "RESETSTAT");
        snapshots.begin();
      },
      () => {
        measured = Promise.all(nodes.map(figuresOf));
        // Waited for below: nobody is to be told of a failure before.
        measured.catch(() => {});
      },
    );
    assertSound(figures);
    const byNode = await measured;
    const [leader] = byNode;
    if (leader?.role !== "leader") throw new Error("another node leads now: these are no figures");
    const found: DelayFigures = {
      seconds: figures.seconds,
      snapshots: await snapshots.end(),
      nodes: byNode,
      load: figures,
      aimMs: AIM_MS,
      isMet: leader.delays.p999 < AIM_MS,
    };
    print(found);
    return found;
  } finally {
    for (const client of clients) await client.end();
    await target.stop();
  }
}

/** One snapshot after the other, until it is ended. */
class Snapshots {
  readonly #client: RawClient;
  #running = Promise.resolve(0);
  #isEnding = false;

  constructor(client: RawClient) {
    this.#client = client;
  }

  begin(): void {
    this.#running = this.#make();
    // Told when it is ended.
    this.#running.catch(() => {});
  }

  /** How many were made. */
  end(): Promise<number> {
    this.#isEnding = true;
    return this.#running;
  }

  async #make(): Promise<number> {
    let made = 0;
    while (!this.#isEnding) {
      // Refused while one is made because it was due.
      await this.#client.send("BGSAVE");
      let lines: Info;
      do {
        await sleep(LOOK_MS);
        lines = await infoOf(this.#client, "persistence");
      } while (lines.get("rdb_bgsave_in_progress") !== "0");
      if (lines.get("rdb_last_bgsave_status") !== "ok") throw new Error("a snapshot was not made");
      made += 1;
    }
    return made;
  }
}

type Info = ReadonlyMap<string, string>;

async function infoOf(client: RawClient, section: string): Promise<Info> {
  const text = await client.text("INFO", section);
  return new Map([...text.matchAll(/^(\w+):(.*?)\r$/gm)].map(([, name, value]) => [name!, value!]));
}

async function figuresOf(client: RawClient): Promise<NodeFigures> {
  const stats = await infoOf(client, "stats");
  const { role } = Object.fromEntries(await infoOf(client, "replication"));
  const text = (name: string): string => {
    const value = stats.get(name);
    if (value === undefined) throw new Error(`INFO stats does not tell ${name}`);
    return value;
  };
  const delaysOf = (prefix: string): Delays => ({
    p50: Number(text(`${prefix}_p50_ms`)),
    p99: Number(text(`${prefix}_p99_ms`)),
    p999: Number(text(`${prefix}_p999_ms`)),
    max: Number(text(`${prefix}_max_ms`)),
    cause: text(`${prefix}_max_cause`),
    during: text(`${prefix}_max_during`),
    seenAtMs: Number(text(`${prefix}_max_seen_at_ms`)),
  });
  return {
    role: role === "master" ? "leader" : "follower",
    delays: delaysOf("eventloop_delay"),
    ownDelays: stats.has("eventloop_own_delay_p50_ms") ? delaysOf("eventloop_own_delay") : null,
    longestTurn: text("eventloop_turn_max"),
    collections: Object.fromEntries(COLLECTIONS.map((kind) => [kind, text(`gc_${kind}`)])),
  };
}

function print({ nodes, load: figures, seconds, snapshots, isMet }: DelayFigures): void {
  TABLE.printTitles();
  for (const { role, delays, ownDelays } of nodes) {
    printDelays(role, delays);
    if (ownDelays !== null) printDelays(`  its own`, ownDelays);
  }
  process.stdout.write("  its own: without the time in which the thread had no processor\n\n");
  for (const { role, delays, ownDelays, longestTurn, collections } of nodes) {
    process.stdout.write(`${role}\n  the longest, ${longestOf(delays)}\n`);
    if (ownDelays !== null) {
      process.stdout.write(`  the longest of its own, ${longestOf(ownDelays)}\n`);
    }
    process.stdout.write(`  longest turn: ${longestTurn}\n`);
    for (const [kind, told] of Object.entries(collections)) {
      process.stdout.write(`  ${kind} collections: ${told}\n`);
    }
  }
  const { p50Us, p99Us, p999Us, maxUs, perSecond } = figures;
  const [p50, p99, p999, max] = [p50Us, p99Us, p999Us, maxUs].map((us) => (us / 1000).toFixed(1));
  process.stdout.write(
    `\nSET: ${Math.round(perSecond)} a second for ${seconds.toFixed(0)} s, beside ${snapshots} snapshots; ` +
      `p50 ${p50} ms, p99 ${p99}, p99.9 ${p999}, max ${max}\n` +
      `  aim: the leader's p99.9 under ${AIM_MS} ms: ${isMet ? "met" : "MISSED"}\n`,
  );
}

function printDelays(name: string, { p50, p99, p999, max, cause }: Delays): void {
  const times = [p50, p99, p999, max].map((ms) => ms.toFixed(1));
  TABLE.printRow([name, ...times, `   ${cause}`]);
}

function longestOf({ seenAtMs, during }: Delays): string {
  return `at ${new Date(seenAtMs).toISOString()}: ${during}`;
}

function* allKeys(): Iterable<readonly string[]> {
  for (let i = 0; i < KEYS; i++) yield ["SET", `key:${padded(i)}`, VALUE];
}
