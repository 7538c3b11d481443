/**
 * node scripts/run-ts.mjs --expose-gc packages/keyspace/bench/sorted-set.bench.ts [size ...]
 *
 * Bytes per entry and nanoseconds (CPU) per operation of sorted sets next to a plain Map from member to score,
 * which knows no order. Members have 16 bytes, scores are doubles in random order; "sorted" are sets whose
 * entries came in order. The longest single insertion and clone are told for a million.
 */

import { SortedSet } from "../src/values/sorted-set.js";

type Target = SortedSet | Map<string, number>;

/** Each text is a fresh flat string, as the decoder makes them. */
function memberName(i: number): string {
  return Buffer.from(`member:${String(i).padStart(9, "0")}`, "latin1").latin1Slice();
}

function randomScore(i: number): number {
  return (Math.imul(i, 0x9e3779b1) >>> 0) / 16;
}

const gc = (globalThis as { gc?: () => void }).gc;

function usedBytes(): number {
  gc?.();
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Nothing of the last measurement is on the stack any more. */
async function collected(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
  gc?.();
}

/** Of CPU time: the machine may have other work. */
function nanoseconds(operations: number, run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / operations;
}

let sink = 0;
let longest = 0n;

function fill(target: Target, size: number, scoreOf: (i: number) => number): void {
  for (let i = 0; i < size; i++) {
    const member = memberName(i);
    const start = size >= 1_000_000 ? process.hrtime.bigint() : 0n;
    target.set(member, scoreOf(i));
    if (size >= 1_000_000) {
      const took = process.hrtime.bigint() - start;
      longest = took > longest ? took : longest;
    }
  }
}

/** Operations that only a sorted set has, as nanoseconds: rank, score bounds, walk, at, pop and put. */
function measureOrder(targets: SortedSet[], size: number, picks: string[]): number[] {
  const count = targets.length;
  const each = (act: (set: SortedSet, n: number) => unknown): number =>
    nanoseconds(picks.length, () => {
      for (let n = 0; n < picks.length; n++) {
        sink += act(targets[n % count]!, n) === undefined ? 1 : 0;
      }
    });
  const rank = each((set, n) => set.rank(picks[n]!));
  const bounds = each((set, n) =>
    set.ranksOfScores({
      min: randomScore(n % size),
      max: Number.POSITIVE_INFINITY,
      minExclusive: false,
      maxExclusive: false,
    }),
  );
  const walk =
    each((set, n) => {
      let rest = 100;
      set.forEachFromRank(Math.max(0, (n * 7919) % size) - 100, "up", (member) => {
        sink += member.length;
        rest--;
        return rest > 0;
      });
    }) / Math.min(100, size);
  const at = each((set, n) => set.at((n * 7919) % size));
  const pop = each((set) => {
    const { member, score } = set.popMin()!;
    return set.set(member, score);
  });
  return [rank, bounds, walk, at, pop];
}

function measure(name: string, size: number, create: () => Target, sorted: boolean): void {
  const count = Math.max(1, Math.floor((size < 8 ? 50_000 : 400_000) / size));
  const entries = count * size;
  const targets: Target[] = new Array(count).fill(null);
  const before = usedBytes();
  const filling = nanoseconds(entries, () => {
    for (let t = 0; t < count; t++) {
      targets[t] = create();
      fill(targets[t]!, size, sorted ? (i) => i : randomScore);
    }
  });
  const bytes = (usedBytes() - before) / entries;
  const estimate =
    targets.reduce((sum, t) => sum + (t instanceof SortedSet ? t.memoryBytes : 0), 0) / entries;

  const operations = Math.min(entries, 200_000);
  const picks = Array.from({ length: operations }, (_, n) => memberName((n * 7919) % size));
  const others = Array.from({ length: operations }, (_, n) => memberName(size + n));
  const each = (act: (target: Target, n: number) => unknown): number =>
    nanoseconds(operations, () => {
      for (let n = 0; n < operations; n++) {
        sink += act(targets[n % count]!, n) === undefined ? 1 : 0;
      }
    });
  const score = (target: Target, member: string): number | undefined =>
    target instanceof SortedSet ? target.score(member) : target.get(member);
  const cells = [
    bytes,
    estimate,
    filling,
    each((target, n) => score(target, picks[n]!)),
    each((target, n) => score(target, others[n]!)),
    each((target, n) => target.set(picks[n]!, randomScore(n))),
    each((target, n) => {
      target.delete(picks[n]!);
      return target.set(picks[n]!, randomScore(n + 1));
    }),
  ];
  const sets = targets.filter((target) => target instanceof SortedSet);
  const order = sets.length === 0 ? [] : measureOrder(sets, size, picks);
  const line = [...cells, ...order].map((x) => x.toFixed(0).padStart(8)).join("");
  process.stdout.write(`${name.padEnd(10)}${String(size).padStart(8)}${line}\n`);
  if (size >= 1_000_000) {
    process.stdout.write(`  longest insertion ${(Number(longest) / 1e6).toFixed(1)} ms\n`);
    longest = 0n;
    if (sets.length > 0) {
      measureBulk(sets[0]!);
    }
  }
}

function measureBulk(set: SortedSet): void {
  const told = (name: string, run: () => void): void => {
    const ms = nanoseconds(1, run) / 1e6;
    process.stdout.write(`  ${name} ${ms.toFixed(1)} ms\n`);
  };
  let copy = set;
  told("clone of a million", () => {
    copy = set.clone();
  });
  told("first change after it", () => {
    set.set(memberName(1), 0.5);
  });
  const scores: number[] = [];
  const members: string[] = [];
  copy.forEach((member, score) => {
    scores.push(score);
    members.push(member);
  });
  told("built from a million sorted", () => {
    sink += SortedSet.fromSorted({ scores, members }).size;
  });
  const half = set.size >> 1;
  let run = { scores, members } as ReturnType<SortedSet["takeRange"]>;
  told("half a million taken", () => {
    run = set.takeRange(1000, half);
  });
  told("and put back", () => set.putBack(run));
}

const columns = "bytes estim  fill score  miss  move del+p  rank bound  walk    at   pop";
process.stdout.write(
  `${"".padEnd(10)}${"size".padStart(8)}${columns
    .split(/\s+/)
    .map((word) => word.padStart(8))
    .join("")}\n`,
);
const wanted = process.argv.slice(2).map(Number);
for (const size of wanted.length === 0 ? [1, 8, 64, 128, 500, 10_000, 1_000_000] : wanted) {
  for (const sorted of [false, true]) {
    measure(sorted ? "sorted" : "SortedSet", size, () => new SortedSet(), sorted);
    await collected();
  }
  measure("Map", size, () => new Map(), false);
  await collected();
}
process.stdout.write(sink === -1 ? "\n" : "");
