/**
 * node scripts/run-ts.mjs --expose-gc --max-old-space-size=8192 test/bench/many-keys.ts [--keys 20000000]
 *   [--members 2000000] [--only follower,hash] [--shuffled]
 *
 * Does one node hold so many small keys, and is an insert ever held up by a table that grows? Every insert is timed by
 * itself: keys by a leader's transactions, by a follower that applies batches of one, and into one slot; then members of
 * one large collection. What GC stops an insert for is told apart: V8's pauses are not the tables'.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { applyBatch, BatchWriter, Keyspace, Txn, UndoJournal } from "@redoubt/keyspace";
import { STORE } from "../../packages/keyspace/src/keyspace.js";
import { keyShard } from "../../packages/keyspace/src/slot.js";
import { type GcPause, GcPauses } from "./gc-pauses.js";
import { causeOf, InsertTimes, type Shares, sharesOf } from "./insert-times.js";
import { left, right, Table } from "./table.js";

const { values: options } = parseArgs({
  options: {
    keys: { type: "string", default: "20000000" },
    members: { type: "string", default: "2000000" },
    only: { type: "string", default: "leader,follower,one slot,hash,set,sorted set,list" },
    shuffled: { type: "boolean", default: false },
  },
});

/** Bytes of a key or member, and of a value. */
const NAME_BYTES = 16;
const VALUE_BYTES = 14;
const PREFIX = "key:";
/** A hash tag: all keys fall into one slot, and so into one shard. */
const TAGGED_PREFIX = "{k}:";
/** Inserts between two turns of the event loop, and commits: what a busy node does in one. */
const TURN = 1000;
const NOW_MS = 1_700_000_000_000;
/** Milliseconds of the slowest insert, GC not counted. */
const AIM_MS = 50;
/** Lines of a table of how it went. */
const STRETCHES = 10;
/** Coprime to counts of round numbers: its multiples name all of them, in no order. */
const STEP = 7_654_321;
const MEBIBYTE = 1024 * 1024;

const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error("--expose-gc is missing");
const collect = gc;

/** Something that is filled, insert by insert. */
interface Side {
  readonly count: number;
  /** Of a turn, not timed. */
  readonly prepare: (first: number, count: number) => void;
  readonly insert: (at: number) => void;
  /** Of a turn, not timed. */
  readonly finish: () => void;
  readonly isGrowth: (at: number) => boolean;
  /** Keys or members that are there. */
  readonly size: () => number;
  readonly estimatedBytes: () => number;
}

/** What a leader does to commands of one turn. `write` makes an effect. */
function leading(
  count: number,
  prefix: string,
  write: (txn: Txn, name: string, value: Buffer, at: number) => void,
  sizeOf: (keyspace: Keyspace) => number,
  isGrowth: (keyspace: Keyspace, name: string) => boolean,
): Side {
  const keyspace = new Keyspace();
  const journal = new UndoJournal();
  const batch = new BatchWriter();
  const txn = new Txn(keyspace, journal, batch, { touched: () => {}, touchedAll: () => {} });
  const names: string[] = new Array<string>(TURN).fill("");
  const values = Array.from({ length: TURN }, () => Buffer.alloc(VALUE_BYTES));
  return {
    count,
    prepare: (first, inTurn) => {
      for (let i = 0; i < inTurn; i++) {
        names[i] = nameOf(first + i, count, prefix);
        fill(values[i]!, "value:", first + i);
      }
    },
    insert: (at) => {
      const i = at % TURN;
      txn.begin(NOW_MS, "lead");
      write(txn, names[i]!, values[i]!, at);
    },
    finish: () => {
      batch.take(NOW_MS);
      journal.commitTo(journal.position, () => {});
    },
    isGrowth: (at) => isGrowth(keyspace, names[at % TURN]!),
    size: () => sizeOf(keyspace),
    estimatedBytes: () => keyspace.memoryBytes,
  };
}

function leader(count: number, prefix: string): Side {
  return leading(
    count,
    prefix,
    (txn, name, value) => txn.putString(name, value, 0),
    (keyspace) => keyspace.size,
    hasGrown,
  );
}

function follower(count: number): Side {
  const keyspace = new Keyspace();
  const batch = new BatchWriter();
  const value = Buffer.alloc(VALUE_BYTES);
  const payloads: Uint8Array[] = [];
  return {
    count,
    prepare: (first, inTurn) => {
      for (let i = 0; i < inTurn; i++) {
        fill(value, "value:", first + i);
        batch.putString(nameOf(first + i, count, PREFIX), value, 0);
        payloads[i] = batch.take(NOW_MS);
      }
    },
    insert: (at) => void applyBatch(keyspace, payloads[at % TURN]!),
    finish: () => {},
    isGrowth: (at) => hasGrown(keyspace, nameOf(at, count, PREFIX)),
    size: () => keyspace.size,
    estimatedBytes: () => keyspace.memoryBytes,
  };
}

/** Of one key, which is named as its type. */
function collection(
  count: number,
  type: string,
  write: (txn: Txn, name: string, value: Buffer, at: number) => void,
): Side {
  return leading(
    count,
    PREFIX,
    write,
    (keyspace) => sizeOf(keyspace.peek(type)),
    () => false,
  );
}

const keys = Number(options.keys);
const members = Number(options.members);

const SIDES: Readonly<Record<string, () => Side>> = {
  leader: () => leader(keys, PREFIX),
  follower: () => follower(keys),
  "one slot": () => leader(members, TAGGED_PREFIX),
  hash: () =>
    collection(members, "hash", (txn, name, value) => txn.hashes.set("hash", [name], [value])),
  set: () => collection(members, "set", (txn, name) => void txn.sets.add("set", [name])),
  "sorted set": () =>
    collection(members, "sorted set", (txn, name, _value, at) => {
      txn.sortedSets.put("sorted set", [name], [(at * STEP) % members]);
    }),
  list: () =>
    collection(members, "list", (txn, name) => void txn.lists.push("list", "tail", [name])),
};

function sizeOf(value: unknown): number {
  const { size, length } = value as { size?: number; length?: number };
  return size ?? length ?? 0;
}

const nameBytes = Buffer.alloc(NAME_BYTES);

/** In one piece, as texts out of requests are. */
function nameOf(at: number, count: number, prefix: string): string {
  fill(nameBytes, prefix, options.shuffled ? (at * STEP) % count : at);
  return nameBytes.toString("latin1");
}

/** Little garbage: what is collected is to be of the inserts. */
function fill(bytes: Buffer, prefix: string, number: number): void {
  bytes.write(prefix, "latin1");
  let rest = number;
  for (let i = bytes.length - 1; i >= prefix.length; i--) {
    bytes[i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** A Map's table has room for a power of two, and doubles when one more comes. */
function hasGrown(keyspace: Keyspace, name: string): boolean {
  const entries = keyspace[STORE].contents.values.segmentSizes(keyShard(name)).at(-1)! - 1;
  return (entries & (entries - 1)) === 0;
}

function usedBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure(name: string, side: Side): Promise<void> {
  const { count } = side;
  const times = new InsertTimes(count);
  const before = usedBytes();
  const observed = new GcPauses();
  const startMs = performance.now();
  for (let first = 0; first < count; first += TURN) {
    const inTurn = Math.min(TURN, count - first);
    side.prepare(first, inTurn);
    times.turn(inTurn, side.insert, side.isGrowth);
    side.finish();
    await nextTurn();
  }
  const endMs = performance.now();
  await nextTurn();
  observed.stop();
  const { rss, heapTotal } = process.memoryUsage();
  const bytes = (usedBytes() - before) / count;
  if (side.size() !== count) throw new Error(`${side.size()} of ${count} are there`);
  const seconds = (endMs - startMs) / 1000;
  say(`\n${name}: ${count} of ${NAME_BYTES} B in ${seconds.toFixed(0)} s`);
  say(
    `  memory: ${bytes.toFixed(0)} B each, estimate ${(side.estimatedBytes() / count).toFixed(0)} B; ` +
      `at the end heap ${megabytes(heapTotal)}, resident ${megabytes(rss)}`,
  );
  const pauses = observed.pauses.toSorted((a, b) => a.startMs - b.startMs);
  printStretches(times, pauses, count);
  printPauses(pauses);
  printSlowest(times, pauses);
}

const STRETCH_TABLE = new Table([
  left("  inserts up to", 18),
  right("us each", 9),
  right("slowest ms", 12),
  right("GC ms", 10),
  right("Maps' growth ms", 17),
  right("slowest turn without GC ms", 28),
]);

function printStretches(
  { each, slow, turns }: InsertTimes,
  pauses: GcPause[],
  count: number,
): void {
  STRETCH_TABLE.printTitles();
  const turnShares = turns.map((turn) => ({ at: turn.at, shares: sharesOf(turn, pauses) }));
  const growths = slow.filter(({ isGrowth }) => isGrowth);
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const first = Math.floor((stretch * count) / STRETCHES);
    const end = Math.floor(((stretch + 1) * count) / STRETCHES);
    const isHere = ({ at }: { at: number }): boolean => at >= first && at < end;
    const here = turnShares.filter(isHere).map(({ shares }) => shares);
    STRETCH_TABLE.printRow([
      `  ${end}`,
      ((sum(here.map(({ wholeMs }) => wholeMs)) * 1000) / (end - first)).toFixed(2),
      each
        .subarray(first, end)
        .reduce((a, b) => Math.max(a, b), 0)
        .toFixed(1),
      sum(here.map(({ gcMs }) => gcMs)).toFixed(0),
      sum(growths.filter(isHere).map((each) => sharesOf(each, pauses).ownMs)).toFixed(0),
      here.reduce((most, { ownMs }) => Math.max(most, ownMs), 0).toFixed(1),
    ]);
  }
}

function printPauses(pauses: readonly GcPause[]): void {
  for (const kind of new Set(pauses.map((pause) => pause.kind))) {
    const ms = pauses.filter((pause) => pause.kind === kind).map((p) => p.endMs - p.startMs);
    const longest = ms.reduce((a, b) => Math.max(a, b), 0);
    say(`  GC, ${kind}: ${ms.length}, ${sum(ms).toFixed(0)} ms, longest ${longest.toFixed(1)} ms`);
  }
}

function printSlowest({ each, slow }: InsertTimes, pauses: readonly GcPause[]): void {
  const sorted = each.slice().sort();
  const [p50, p99, p9999] = [0.5, 0.99, 0.9999].map((share) => {
    return (sorted[Math.floor(share * (sorted.length - 1))]! * 1000).toFixed(1);
  });
  say(
    `  an insert: p50 ${p50} us, p99 ${p99} us, p99.99 ${p9999} us, max ${sorted.at(-1)!.toFixed(1)} ms`,
  );
  const known = slow.map((insert) => ({ insert, shares: sharesOf(insert, pauses) }));
  const slowest = greatest(known, ({ shares }) => shares.wholeMs);
  const own = greatest(known, ({ shares }) => shares.ownMs);
  if (slowest === null || own === null) {
    say("  none was slow");
    return;
  }
  say(`  slowest: ${inWords(slowest.shares)}: ${causeOf(slowest.insert, slowest.shares)}`);
  say(`  slowest by itself: ${inWords(own.shares)}: ${causeOf(own.insert, own.shares)}`);
  const notGcMs = greatest(known, ({ shares }) => shares.wholeMs - shares.gcMs)!.shares;
  const isMet = own.shares.ownMs < AIM_MS;
  say(
    `  aim: slowest insert that is not GC's below ${AIM_MS} ms: ${own.shares.ownMs.toFixed(1)} ms ` +
      `(${(notGcMs.wholeMs - notGcMs.gcMs).toFixed(1)} ms with what others took): ${isMet ? "met" : "MISSED"}`,
  );
}

function inWords({ wholeMs, gcMs, waitedMs }: Shares): string {
  return `${wholeMs.toFixed(1)} ms (GC ${gcMs.toFixed(1)}, others ${waitedMs.toFixed(1)})`;
}

function greatest<T>(all: readonly T[], of: (each: T) => number): T | null {
  return all.reduce<T | null>((most, each) => {
    return most === null || of(each) > of(most) ? each : most;
  }, null);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const name of options.only.split(",")) {
  const make = SIDES[name];
  if (make === undefined) throw new Error(`no '${name}': there are ${Object.keys(SIDES)}`);
  await measure(name, make());
}
