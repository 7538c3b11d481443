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

function nsPer(count: number, act: (i: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) act(i);
  return Number(process.hrtime.bigint() - start) / count;
}

/** A generator without a state of its own. */
function scattered(i: number, end: number): number {
  return Math.floor(((Math.imul(i, 0x9e3779b1) >>> 0) / 2 ** 32) * end);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Row {
  list: List;
  plain: string[];
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

function operations(size: number): void {
  const row: Row = { list: new List(), plain: [] };
  const values = Array.from({ length: 1024 }, (_, i) => text(i, 16));
  const value = (i: number): string => values[i & 1023]!;
  const times: Record<string, number> = {};
  let sink = 0;
  times.pushTail = nsPer(size, (i) => row.list.pushTail(value(i)));
  times["plain push"] = nsPer(size, (i) => row.plain.push(value(i)));
  const some = Math.min(size, 200_000);
  times.pushHead = nsPer(some, (i) => row.list.pushHead(value(i)));
  times.popHead = nsPer(some, () => row.list.popHead());
  times["popTail+pushHead"] = nsPer(some, () => row.list.pushHead(row.list.popTail()));
  times.get = nsPer(some, (i) => {
    sink += row.list.get(scattered(i, size)).length;
  });
  times.set = nsPer(some, (i) => row.list.set(scattered(i, size), value(i)));
  times["set longer/shorter"] = nsPer(some, (i) =>
    row.list.set(scattered(i, size), i & 1 ? "some longer value" : "short"),
  );
  times.insertAt = nsPer(some, (i) => row.list.insertAt(scattered(i, size), value(i)));
  times.removeAt = nsPer(some, (i) => row.list.removeAt(scattered(i, size)));
  if (size <= 100_000) {
    times["plain splice in+out"] = nsPer(1000, (i) => {
      row.plain.splice(scattered(i, size), 0, value(i));
      row.plain.splice(scattered(i, size), 1);
    });
  }
  times["range of 100"] = nsPer(2000, (i) => {
    let rest = 100;
    row.list.forEachFrom(scattered(i, size), 1, (v) => {
      sink += v.length;
      rest--;
      return rest > 0;
    });
  });
  times["search, per element"] =
    nsPer(3, () => row.list.forEachEqual("no such element!", 0, 1, () => true)) / size;
  times["take+put half"] = nsPer(20, (i) => {
    const at = scattered(i, size >> 1);
    row.list.putRange(at, row.list.takeRange(at, size >> 1));
  });
  times["trim to the same length after a push"] = nsPer(some, (i) => {
    row.list.pushHead(value(i));
    row.list.takeRange(size, row.list.length - size);
  });
  let copy = row.list;
  times.clone = nsPer(5, () => {
    copy = row.list.clone();
  });
  times["set after clone"] = nsPer(1000, (i) => copy.set(scattered(i, size), value(i)));
  print(`\n${size} elements of 16 B, ns (${sink % 10}):`);
  for (const [name, ns] of Object.entries(times)) {
    print(`  ${name.padEnd(38)} ${ns.toFixed(1)}`);
  }
}

for (const length of [4, 16, 100]) {
  for (const size of [1, 8, 64, 128, 129, 1000, elements]) memory(size, length);
}
for (const size of [8, 100, 10_000, elements]) operations(size);
