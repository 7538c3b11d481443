/**
 * node scripts/run-ts.mjs --expose-gc test/bench/rdb.ts [--keys 1000000] [--rounds 3]
 *
 * What an RDB file costs: written, read through, loaded, copied record by record, read back and verified, made anew of
 * 10 % changed keys. CPU time, median of rounds in which each has its turn; beside it what putting the same keys into a
 * keyspace costs alone, and what a stock redis-server takes to load the file.
 */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BatchWriter, Keyspace, RdbReader, RdbWriter } from "@redoubt/keyspace";
import {
  bootstrapEntries,
  type Configuration,
  type Entry,
  EntryKind,
  entryChecksum,
} from "@redoubt/raft";
import { buildSnapshot, verifySnapshot } from "@redoubt/replica";
import { encodeSet } from "../../packages/keyspace/src/effects/hash-effects.js";
import { STORE } from "../../packages/keyspace/src/keyspace.js";
import { MemorySink, MemorySource } from "../../packages/keyspace/src/testing/rdb-files.js";
import { hasRedis, RedisServer, words } from "../../packages/keyspace/src/testing/redis-server.js";

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
  },
});
const keys = Number(options.keys);
const collect = (globalThis as { gc?: () => void }).gc;
const VALUE_BYTES = 100;
/** Fields of a hash. */
const ELEMENTS = 20;
const BATCH_KEYS = 1000;

const configuration: Configuration = {
  clusterId: "bench",
  voters: [{ id: 1, incarnation: 1, peerAddress: "localhost:1" }],
  votersOutgoing: [],
  learners: [],
};

/** Of 16 bytes; neighbours in the log are none in the keyspace. */
function nameOf(i: number): string {
  return `key:${String((i * 7919) % keys).padStart(12, "0")}`;
}

function textOf(i: number): Buffer {
  return Buffer.alloc(VALUE_BYTES, 97 + (i % 26));
}

type Put = (batch: BatchWriter, i: number) => void;

const strings: Put = (batch, i) => batch.putString(nameOf(i), textOf(i), 0);

const fields = Array.from({ length: ELEMENTS }, (_, i) => `field ${i}`);

const hashes: Put = (batch, i) => {
  encodeSet(batch, nameOf(i), fields, new Array<string>(ELEMENTS).fill(`value ${i}`));
};

/** Behind the first entry: so many keys, then a tenth of them again. */
function logOf(put: Put, count: number): Entry[] {
  const log = bootstrapEntries(configuration);
  const batch = new BatchWriter();
  for (let i = 0; i < count * 1.1; i++) {
    put(batch, i);
    if (i % BATCH_KEYS !== BATCH_KEYS - 1) continue;
    const { index, checksum } = log.at(-1)!;
    const payload = batch.take(1);
    const next = entryChecksum(index + 1, 1, EntryKind.batch, checksum, payload);
    log.push({ index: index + 1, term: 1, kind: EntryKind.batch, checksum: next, payload });
  }
  return log;
}

function eachKey(file: Buffer, visit: (reader: RdbReader) => void): void {
  const reader = new RdbReader(new MemorySource(file));
  for (let part = reader.next(); part !== "end"; part = reader.next()) {
    if (part === "key") visit(reader);
  }
}

function load(file: Buffer): Keyspace {
  const keyspace = new Keyspace();
  eachKey(file, (reader) => reader.loadInto(keyspace));
  return keyspace;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** CPU ms. */
function timeOf(run: () => void): number {
  collect?.();
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const nothing = { write: () => undefined };

function measure(title: string, put: Put, count: number): Buffer {
  const log = logOf(put, count);
  const to = 1 + count / BATCH_KEYS;
  const sink = new MemorySink();
  const built = buildSnapshot({ previous: null, entries: () => log.slice(0, to), to }, sink);
  const file = sink.bytes();
  const keyspace = load(file);
  const names: string[] = [];
  keyspace.forEachKey((key) => {
    names.push(key);
  });
  const previous = {
    snapshot: { ...built, digest: 0 },
    open: () => new MemorySource(file),
  };
  const next = { previous, entries: () => log.slice(to), to: log.length };
  const runs: Record<string, () => void> = {
    "put into a keyspace, no file": () => {
      const store = new Keyspace()[STORE];
      for (const name of names) store.put(name, keyspace.peek(name)!, 0);
    },
    "read, load": () => void load(file),
    "read through": () => eachKey(file, () => undefined),
    write: () => {
      const writer = new RdbWriter(nothing);
      keyspace.forEachKey((key, value, deadlineMs) => writer.key(key, value, deadlineMs));
      writer.finish();
    },
    "copy records": () => {
      const writer = new RdbWriter(nothing);
      eachKey(file, (reader) => reader.copyTo(writer));
      writer.finish();
    },
    "read back, verify": () => void verifySnapshot(new MemorySource(file)),
    "next snapshot, a tenth changed": () => void buildSnapshot(next, nothing),
  };
  const times: Record<string, number[]> = {};
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, run] of Object.entries(runs)) {
      times[name] = [...(times[name] ?? []), timeOf(run)];
    }
  }
  const megabytes = file.length / 1e6;
  console.log(`\n${title}: ${keyspace.size} keys, ${megabytes.toFixed(0)} MB`);
  for (const [name, each] of Object.entries(times)) {
    const ms = median(each);
    const perKey = ((ms * 1e6) / keyspace.size).toFixed(0).padStart(7);
    const perSecond = (megabytes / (ms / 1000)).toFixed(0).padStart(6);
    console.log(
      `  ${name.padEnd(32)}${ms.toFixed(0).padStart(6)} ms ${perKey} ns/key${perSecond} MB/s`,
    );
  }
  return file;
}

/** Wall time of redis-server, and of this process at the same file, in turn. */
async function besideRedis(file: Buffer): Promise<void> {
  const redis = new RedisServer();
  await redis.start();
  try {
    const path = join(redis.folder, "dump.rdb");
    writeFileSync(path, file);
    const ratios: number[] = [];
    for (let round = 0; round < Number(options.rounds); round++) {
      const start = performance.now();
      const [reply] = await redis.run([words("DEBUG", "RELOAD", "NOSAVE")]);
      const theirs = performance.now() - start;
      if (reply !== "+OK") throw new Error(`redis-server did not load the file: ${reply}`);
      const before = performance.now();
      load(file);
      ratios.push((performance.now() - before) / theirs);
    }
    console.log(`  load: ${median(ratios).toFixed(2)} times what redis-server takes (wall time)`);
    execFileSync("redis-check-rdb", [path], { stdio: "ignore" });
  } finally {
    await redis.stop();
  }
}

const stringFile = measure(`strings of ${VALUE_BYTES} bytes`, strings, keys);
if (hasRedis) await besideRedis(stringFile);
const hashFile = measure(`hashes of ${ELEMENTS} fields`, hashes, keys / ELEMENTS);
if (hasRedis) await besideRedis(hashFile);
