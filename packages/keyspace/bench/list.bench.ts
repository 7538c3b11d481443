/**
 * Lists: bytes per element and ns per operation, next to a plain array.
 * `node scripts/run-ts.mjs --expose-gc packages/keyspace/bench/list.bench.ts [elements]`
 */

import { List } from "../src/values/list.js";

const elements = Number(process.argv[2] ?? 1_000_000);
const collect = (globalThis as { gc?: () => void }).gc;

function usedBytes(): number {
  for (let i = 0; i < 4; i++) collect?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function text(i: number, length: number): string {
  return Buffer.from(String(i).padStart(length, "v"), "latin1").latin1Slice(0, length);
}

/** CPU time, which other work on the machine does not lengthen much. */
function nsPer(count: number, act: (i: number) => void): number {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) act(i);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

/** A generator without a state of its own. */
function scattered(i: number, end: number): number {
  return Math.floor(((Math.imul(i, 0x9e3779b1) >>> 0) / 2 ** 32) * end);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function memory(size: number, length: number): void {
  const lists = Math.max(1, Math.floor(Math.min(elements, 400_000) / size));
  const kept: (List | string[])[] = new Array(lists).fill(null);
  const measure = (make: () => List | string[]): number => {
    kept.fill([]);
    const before = usedBytes();
    for (let l = 0; l < lists; l++) kept[l] = make();
    return (usedBytes() - before) / (lists * size);
  };
  let estimate = 0;
  const own = measure(() => {
    const list = new List();
    for (let i = 0; i < size; i++) list.pushTail(text(i, length));
    estimate = list.memoryBytes / size;
    return list;
  });
  const plain = measure(() => {
    const array: string[] = [];
    for (let i = 0; i < size; i++) array.push(text(i, length));
    return array;
  });
  print(
    `${String(size).padStart(8)} elements of ${String(length).padStart(3)} B: ` +
      `${own.toFixed(1)} B each (estimate ${estimate.toFixed(1)}), plain array ${plain.toFixed(1)} B`,
  );
}

const values = Array.from({ length: 1024 }, (_, i) => text(i, 16));
const value = (i: number): string => values[i & 1023]!;
let sink = 0;

/** Every act leaves the list as long as it was. */
function operations(size: number, runs: number): [string, number][] {
  const times: [string, number][] = [];
  const time = (name: string, count: number, act: (i: number) => void): void => {
    times.push([name, nsPer(count, act)]);
  };
  const rounds = Math.max(1, Math.floor(runs / size));
  let list = new List();
  let plain: string[] = [];
  time("pushTail, from empty", rounds * size, (i) => {
    if (i % size === 0) list = new List();
    list.pushTail(value(i));
  });
  time("push to a plain array", rounds * size, (i) => {
    if (i % size === 0) plain = [];
    plain.push(value(i));
  });
  time("pushHead + popHead", runs, (i) => {
    list.pushHead(value(i));
    sink += list.popHead().length;
  });
  time("pushHead + popTail", runs, (i) => {
    list.pushHead(value(i));
    sink += list.popTail().length;
  });
  time("pushHead + takeRange of the last", runs, (i) => {
    list.pushHead(value(i));
    list.takeRange(size, 1);
  });
  time("get", runs, (i) => {
    sink += list.get(scattered(i, size)).length;
  });
  time("set, same length", runs, (i) => list.set(scattered(i, size), value(i)));
  time("set, other length", runs, (i) =>
    list.set(scattered(i, size), i & 1 ? "some longer value" : "short"),
  );
  time("insertAt + removeAt", runs, (i) => {
    list.insertAt(scattered(i, size), value(i));
    list.removeAt(scattered(i, size));
  });
  const splices = Math.min(runs, 1e9 / size / 10);
  time("splice in + out of a plain array", splices, (i) => {
    plain.splice(scattered(i, size), 0, value(i));
    plain.splice(scattered(i, size), 1);
  });
  time("range of 100", runs / 100, (i) => {
    let rest = Math.min(size, 100);
    list.forEachFrom(scattered(i, size), 1, (v) => {
      sink += v.length;
      rest--;
      return rest > 0;
    });
  });
  time("search, per 100 elements", rounds, () =>
    list.forEachEqual("no such element!", 0, 1, list.length, () => true),
  );
  times.at(-1)![1] *= 100 / size;
  time("takeRange + putRange of a half", Math.min(1000, runs / 1000), (i) => {
    const at = scattered(i, size >> 1);
    list.putRange(at, list.takeRange(at, size >> 1));
  });
  let copy = list;
  time("clone", Math.max(5, Math.min(rounds, 1000)), () => {
    copy = list.clone();
  });
  time("set after clone", 1000, (i) => copy.set(scattered(i, size), value(i)));
  return times;
}

for (const length of process.argv[3] === undefined ? [4, 16, 100] : []) {
  for (const size of [1, 8, 64, 128, 129, 1000, elements]) memory(size, length);
}
const sizes = [8, 100, 10_000, elements];
for (const size of sizes) operations(size, 50_000);
const columns = sizes.map((size) => operations(size, Math.max(size, 300_000)));
print(`\nns, lists of ${sizes.join(", ")} elements of 16 B (${sink % 10}):`);
for (const [i, [name]] of columns[0]!.entries()) {
  print(
    `  ${name.padEnd(36)}${columns.map((rows) => rows[i]![1].toFixed(0).padStart(10)).join("")}`,
  );
}
