/**
 * node scripts/run-ts.mjs --expose-gc test/bench/values.ts [--types list,hash] [--sizes 10,1000000]
 *   [--lengths 8,32] [--rounds 3]
 *
 * Bytes per element and processor time per operation of every type of value, next to a plain structure of the
 * same elements. Small values are measured many at once, each with its key. Ours includes what makes a change one
 * that can be replicated and taken back: effect bytes, undo record, memory estimate. Rounds are interleaved,
 * figures are medians; `ratio` is ours to plain.
 */

import { parseArgs } from "node:util";
import type { Operation, Side, TextOf } from "./value-sides.js";
import { seenLength, valueTypes } from "./value-types.js";

const { values: options } = parseArgs({
  options: {
    types: { type: "string", default: Object.keys(valueTypes).join(",") },
    sizes: { type: "string", default: "10,100,1000,100000,1000000" },
    lengths: { type: "string", default: "8,32" },
    rounds: { type: "string", default: "3" },
  },
});

/** Elements of all values of a size together, at least. */
const ELEMENTS_MIN = 50_000;
/** An operation is repeated until it has taken so long, or so often. */
const SAMPLE_US = 30_000;
const RUNS_MAX = 20_000;
/** Elements an operation is tried on: a prime step visits them in no order. */
const STEP = 7919;

const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error("--expose-gc is missing");
const collect = gc;

/** One round of one side: figures by name. */
type Figures = Map<string, number>;

function usedBytes(): number {
  let used = Number.POSITIVE_INFINITY;
  for (;;) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external >= used) return heapUsed + external;
    used = heapUsed + external;
  }
}

/** Processor time of the process, collections of garbage included: neighbours on the machine are not. */
function microseconds(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function textsOf(length: number): TextOf {
  return (i) => Buffer.from(String(i).padStart(length, "e"), "latin1").toString("latin1");
}

function measure(make: () => Side, size: number): Figures {
  const figures: Figures = new Map();
  const keys = Array.from({ length: Math.ceil(ELEMENTS_MIN / size) }, (_, k) => `key:${k}`);
  const elements = keys.length * size;
  const side = make();
  const before = usedBytes();
  const build = microseconds(() => {
    for (const key of keys) {
      for (let i = 0; i < size; i++) side.add(key, i);
    }
  });
  figures.set("bytes an element", (usedBytes() - before) / elements);
  figures.set("estimated", side.estimate() / elements);
  figures.set("build, an element", (build * 1000) / elements);
  for (const [name, operation] of Object.entries(side.operations)) {
    repeat(operation, keys, size);
    figures.set(name, repeat(operation, keys, size));
  }
  const drop = microseconds(() => {
    for (const key of keys) side.drop(key);
  });
  figures.set("delete, a value", (drop * 1000) / keys.length);
  return figures;
}

/** Nanoseconds of one. The first time it is called for an operation, that is compiled meanwhile. */
function repeat(operation: Operation, keys: readonly string[], size: number): number {
  let runs = 0;
  let used = 0;
  for (let batch = 1; used < SAMPLE_US && runs < RUNS_MAX; batch *= 2) {
    used += microseconds(() => {
      for (let n = 0; n < batch; n++) operation(keys[n % keys.length]!, ((runs + n) * STEP) % size);
    });
    runs += batch;
  }
  return (used * 1000) / runs;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function line(...cells: readonly string[]): void {
  const [name = "", ...figures] = cells;
  process.stdout.write(`  ${name.padEnd(28)}${figures.map((f) => f.padStart(13)).join("")}\n`);
}

function compare(type: string, size: number, length: number, rounds: number): void {
  const { ours, plain } = valueTypes[type]!;
  const textOf = textsOf(length);
  const mine: Figures[] = [];
  const theirs: Figures[] = [];
  for (let round = 0; round < rounds; round++) {
    mine.push(measure(() => ours(size, textOf), size));
    theirs.push(measure(() => plain(size, textOf), size));
  }
  process.stdout.write(`${type}: ${size} elements of ${length} bytes\n`);
  for (const name of mine[0]!.keys()) {
    const [a, b] = [mine, theirs].map((all) => median(all.map((figures) => figures.get(name)!)));
    if (name === "estimated") line(name, a!.toFixed(1));
    else line(name, a!.toFixed(1), b!.toFixed(1), b === 0 ? "" : (a! / b!).toFixed(2));
  }
}

line("bytes, then ns", "ours", "plain", "ratio");
for (const type of options.types.split(",")) {
  for (const size of options.sizes.split(",")) {
    for (const length of options.lengths.split(",")) {
      compare(type, Number(size), Number(length), Number(options.rounds));
    }
  }
}
if (seenLength() === 0) throw new Error("nothing was seen");
