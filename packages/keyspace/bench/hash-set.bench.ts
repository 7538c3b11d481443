/**
 * node scripts/run-ts.mjs --expose-gc packages/keyspace/bench/hash-set.bench.ts [hash|set|integers ...]
 *
 * Bytes per element and nanoseconds of processor time per operation (collections of garbage included) of
 * hashes and sets next to a plain Map or Set, and the longest single insertion on the way to a million.
 * Fields and members have 12 bytes, values up to 11, integers up to 8 digits.
 */

import { latin1Slice } from "../src/latin1.js";
import { Hash } from "../src/values/hash.js";
import { MemberSet } from "../src/values/set.js";

interface Subject {
  readonly name: string;
  create(): unknown;
  put(target: unknown, name: string, value: string): unknown;
  get(target: unknown, name: string): unknown;
  delete(target: unknown, name: string): unknown;
  walk(target: unknown, visit: (name: string) => void): void;
  memoryBytes(target: unknown): number;
}

const hash: Subject = {
  name: "Hash",
  create: () => new Hash(),
  put: (target, name, value) => (target as Hash).set(name, value),
  get: (target, name) => (target as Hash).get(name),
  delete: (target, name) => (target as Hash).delete(name),
  walk: (target, visit) => (target as Hash).forEach(visit),
  memoryBytes: (target) => (target as Hash).memoryBytes,
};
const map: Subject = {
  name: "Map",
  create: () => new Map(),
  put: (target, name, value) => (target as Map<string, string>).set(name, value),
  get: (target, name) => (target as Map<string, string>).get(name),
  delete: (target, name) => (target as Map<string, string>).delete(name),
  walk: (target, visit) => {
    for (const name of (target as Map<string, string>).keys()) {
      visit(name);
    }
  },
  memoryBytes: () => 0,
};
const memberSet: Subject = {
  name: "MemberSet",
  create: () => new MemberSet(),
  put: (target, name) => (target as MemberSet).add(name),
  get: (target, name) => (target as MemberSet).has(name),
  delete: (target, name) => (target as MemberSet).delete(name),
  walk: (target, visit) => (target as MemberSet).forEach(visit),
  memoryBytes: (target) => (target as MemberSet).memoryBytes,
};
const set: Subject = {
  name: "Set",
  create: () => new Set(),
  put: (target, name) => (target as Set<string>).add(name),
  get: (target, name) => (target as Set<string>).has(name),
  delete: (target, name) => (target as Set<string>).delete(name),
  walk: (target, visit) => (target as Set<string>).forEach(visit),
  memoryBytes: () => 0,
};

/** Each text is a fresh flat string, as the decoder makes them. */
function flat(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return latin1Slice(bytes, 0, bytes.length);
}

const fieldName = (i: number): string => flat(`field:${String(i).padStart(6, "0")}`);
const fieldValue = (i: number): string => flat(`value${(i * 7919) % 1_000_000}`);
const integer = (i: number): string => flat(String((i * 7919) % 10_000_019));

const gc = (globalThis as { gc?: () => void }).gc;

/** Collects until nothing more is found: garbage of the round before would be counted as gain. */
function usedBytes(): number {
  let used = Number.POSITIVE_INFINITY;
  for (;;) {
    gc?.();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external >= used) {
      return heapUsed + external;
    }
    used = heapUsed + external;
  }
}

function nanoseconds(operations: number, run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / operations;
}

let sink = 0;

function measure(subject: Subject, size: number, nameOf: (i: number) => string): void {
  const count = Math.max(1, Math.floor((size < 8 ? 50_000 : 400_000) / size));
  const elements = count * size;
  const targets: unknown[] = new Array(count).fill(null);
  const before = usedBytes();
  let longest = 0;
  for (let t = 0; t < count; t++) {
    const target = subject.create();
    targets[t] = target;
    for (let i = 0; i < size; i++) {
      const name = nameOf(i);
      const value = fieldValue(i);
      const start = size >= 1_000_000 ? process.hrtime.bigint() : 0n;
      subject.put(target, name, value);
      if (size >= 1_000_000) {
        longest = Math.max(longest, Number(process.hrtime.bigint() - start));
      }
    }
  }
  const bytes = (usedBytes() - before) / elements;
  const estimate = targets.reduce<number>((sum, t) => sum + subject.memoryBytes(t), 0) / elements;

  const operations = Math.min(elements, 200_000);
  const picks = Array.from({ length: operations }, (_, n) => (n * 7919) % size);
  const names = picks.map(nameOf);
  const values = picks.map((i) => fieldValue(i + 1));
  const each = (act: (target: unknown, n: number) => unknown): number =>
    nanoseconds(operations, () => {
      for (let n = 0; n < operations; n++) {
        sink += act(targets[n % count], n) === undefined ? 1 : 0;
      }
    });
  const get = each((target, n) => subject.get(target, names[n]!));
  const miss = each((target, n) => subject.get(target, values[n]!));
  const replace = each((target, n) => subject.put(target, names[n]!, values[n]!));
  const remove = each((target, n) => {
    subject.delete(target, names[n]!);
    return subject.put(target, names[n]!, values[n]!);
  });
  const walk = nanoseconds(elements, () => {
    for (const target of targets) {
      subject.walk(target, (name) => {
        sink += name.length;
      });
    }
  });
  const cells = [bytes, estimate, get, miss, replace, remove, walk].map((x) =>
    x.toFixed(0).padStart(7),
  );
  const pause = longest === 0 ? "" : `  longest insertion ${(longest / 1e6).toFixed(1)} ms`;
  process.stdout.write(
    `${subject.name.padEnd(10)}${String(size).padStart(8)}${cells.join(" ")}${pause}\n`,
  );
}

const kinds: Record<string, [Subject, Subject, (i: number) => string]> = {
  hash: [hash, map, fieldName],
  set: [memberSet, set, fieldName],
  integers: [memberSet, set, integer],
};
const wanted = process.argv.slice(2);
for (const kind of wanted.length === 0 ? Object.keys(kinds) : wanted) {
  const [subject, plain, nameOf] = kinds[kind]!;
  process.stdout.write(
    `${kind}\n${"".padEnd(10)}${"size".padStart(8)}  bytes  estim  ns get   miss replace del+put   walk\n`,
  );
  for (const size of [1, 8, 64, 120, 500, 10_000, 1_000_000]) {
    measure(subject, size, nameOf);
    measure(plain, size, nameOf);
  }
}
process.stdout.write(sink === -1 ? "\n" : "");
