/**
 * What programs have met: effects by kind, inverses by class, rows that wrote. A property over programs that
 * never do a thing says nothing about it. What there is to be met is read from the product's own tables.
 */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { commandTable } from "@redoubt/commands";
import { typeOf } from "@redoubt/keyspace";
import { BatchReader } from "../../packages/keyspace/src/effects/batch-reader.js";
import * as kinds from "../../packages/keyspace/src/effects/kinds.js";
import { Inverse } from "../../packages/keyspace/src/inverse.js";

const EFFECTS = fileURLToPath(new URL("../../packages/keyspace/src/effects/", import.meta.url));

/** Plain: it goes from child to parent. */
export interface Coverage {
  programs: number;
  requests: number;
  /** Losses of leadership, and effects they took back. */
  rollbacks: number;
  rolledBackEffects: number;
  /** Commands and transactions that threw and were taken back alone. */
  undoneCommands: number;
  /** Positions to which a journal was played back and compared. */
  points: number;
  /** Keyspaces made from nothing but payloads. */
  rebuilds: number;
  redisComparisons: number;
  redisCommands: number;
  effects: Record<string, number>;
  inverses: Record<string, number>;
  wrote: Record<string, number>;
}

export function emptyCoverage(): Coverage {
  return {
    programs: 0,
    requests: 0,
    rollbacks: 0,
    rolledBackEffects: 0,
    undoneCommands: 0,
    points: 0,
    rebuilds: 0,
    redisComparisons: 0,
    redisCommands: 0,
    effects: {},
    inverses: {},
    wrote: {},
  };
}

export function addCoverage(to: Coverage, more: Coverage): void {
  const sums = to as unknown as Record<string, number | Record<string, number>>;
  for (const [name, value] of Object.entries(more)) {
    const sum = sums[name];
    if (typeof sum === "number") sums[name] = sum + (value as number);
    else for (const [key, count] of Object.entries(value)) addCount(sum!, key, count as number);
  }
}

export function addCount(counts: Record<string, number>, key: string, count = 1): void {
  counts[key] = (counts[key] ?? 0) + count;
}

const KIND_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(kinds)
    .filter(([name]) => !/^(BATCH|VARINT|COLLECTION)_/.test(name))
    .map(([name, kind]) => [kind as number, name]),
);

/** What was never met though it exists. */
export function neverMet({ effects, inverses, wrote }: Coverage): string[] {
  const missing = (what: string, names: readonly string[], counts: Record<string, number>) =>
    names.filter((name) => counts[name] === undefined).map((name) => `${what} ${name}`);
  return [
    ...missing("effect", [...KIND_NAMES.values()], effects),
    ...missing("inverse", inverseNames(), inverses),
    ...missing("write by", writingRows(), wrote),
  ];
}

function writingRows(): string[] {
  return commandTable.rows
    .flatMap((row) => (row.subcommands === null ? [row] : [...row.subcommands.values()]))
    .filter((row) => row.isWrite && row.executor === "data")
    .map(({ fullName }) => fullName);
}

/** By type of value and class, as in `inverses`. */
function inverseNames(): string[] {
  return readdirSync(EFFECTS)
    .filter((name) => name.endsWith("-effects.ts"))
    .flatMap((name) => {
      const family = name.replace("-effects.ts", "");
      const types: Record<string, string> = { "sorted-set": "zset", group: "stream" };
      const source = readFileSync(`${EFFECTS}${name}`, "utf8");
      const classes = source.matchAll(/^class (\w+) extends \w*Inverse /gm);
      return [...classes].map(([, found]) => `${types[family] ?? family} ${found}`);
    });
}

/** Counts each inverse that is played from now on. Returns what ends that. */
export function countInverses(inverses: Record<string, number>): () => void {
  const { prototype } = Inverse;
  const { play } = prototype;
  prototype.play = function (store, key) {
    addCount(inverses, `${typeOf(store.value(key)!)} ${this.constructor.name}`);
    play.call(this, store, key);
  };
  return () => {
    prototype.play = play;
  };
}

/** Counts each effect that `read` decodes. */
export function countEffects(effects: Record<string, number>, read: () => void): void {
  const { prototype } = BatchReader;
  const { next } = prototype;
  prototype.next = function () {
    const isThere = next.call(this);
    if (isThere) addCount(effects, KIND_NAMES.get(this.kind) ?? `kind ${this.kind}`);
    return isThere;
  };
  try {
    read();
  } finally {
    prototype.next = next;
  }
}
