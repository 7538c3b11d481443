/**
 * A fast digest of everything two nodes must agree on: keys, values, deadlines in ms, libraries of functions, log
 * time; of streams also groups, consumers, what is pending, last ids and counters. Each
 * (key, value) and each (key, deadline) is hashed to 64 bits alone and the hashes are added, so insertion
 * order and the form a value is held in do not show. It finds differences between nodes; it is no defence
 * against someone who makes them. The simulator takes it all the time: 100 small keys cost about 20 us, a
 * large value is hashed once.
 */

import { type Keyspace, STORE } from "../keyspace.js";
import { isStringValue, type Value } from "../value.js";
import { Hasher, hashCollection } from "./value-hash.js";

const VALUE_SEED = 0x9e3779b9;
const DEADLINE_SEED = 0x7f4a7c15;
const TOTAL_SEED = 0x94d049bb;

/** How much of a value is hashed. The hasher has been fed the key. */
export type ValueHash = (value: Value, into: Hasher) => void;

/** 16 hex digits. */
export function stateDigest(keyspace: Keyspace): string {
  const { contents, libraries } = keyspace[STORE];
  const { values, deadlines } = contents;
  const sum = new KeySum(hashValue);
  sum.addHashes(libraries.sum, 1);
  values.forEach((key, value) => {
    sum.addValue(key, value);
  });
  deadlines.forEach((key, deadlineMs) => {
    sum.addDeadline(key, deadlineMs);
  });
  return sum.digest(values.size, deadlines.size, keyspace.logTimeMs);
}

/** Takes keys in any order; of each as much as `hashed` takes of its value. */
export class KeySum {
  private readonly hasher = new Hasher();
  private readonly hashValue: ValueHash;
  private a = 0;
  private b = 0;

  constructor(hashed: ValueHash) {
    this.hashValue = hashed;
  }

  addValue(key: string, value: Value): void {
    this.hashKey(key, value);
    this.add(1);
  }

  subtractValue(key: string, value: Value): void {
    this.hashKey(key, value);
    this.add(-1);
  }

  /** Only of keys that have one. */
  addDeadline(key: string, deadlineMs: number): void {
    this.hashDeadline(key, deadlineMs);
    this.add(1);
  }

  subtractDeadline(key: string, deadlineMs: number): void {
    this.hashDeadline(key, deadlineMs);
    this.add(-1);
  }

  addSum(other: KeySum): void {
    this.addHashes([other.a, other.b], 1);
  }

  /** Of libraries: `libraryHash`, or the sum of some. */
  addHashes([a, b]: readonly [number, number], sign: 1 | -1): void {
    this.a = (this.a + sign * a) | 0;
    this.b = (this.b + sign * b) | 0;
  }

  digest(values: number, deadlines: number, logTimeMs: number): string {
    const { hasher } = this;
    hasher.start(TOTAL_SEED);
    hasher.pair(this.a, this.b);
    hasher.pair(values, deadlines);
    hasher.integer(logTimeMs);
    return hex32(hasher.a) + hex32(hasher.b);
  }

  /** 16 hex digits. */
  toText(): string {
    return hex32(this.a) + hex32(this.b);
  }

  /** Of 16 hex digits. */
  static fromText(text: string, hashed: ValueHash): KeySum {
    const sum = new KeySum(hashed);
    sum.a = Number.parseInt(text.slice(0, 8), 16) | 0;
    sum.b = Number.parseInt(text.slice(8), 16) | 0;
    return sum;
  }

  private hashKey(key: string, value: Value): void {
    const { hasher } = this;
    hasher.start(VALUE_SEED);
    hasher.text(key);
    this.hashValue(value, hasher);
    hasher.pair(key.length, isStringValue(value) ? value.length : -1);
  }

  private hashDeadline(key: string, deadlineMs: number): void {
    const { hasher } = this;
    hasher.start(DEADLINE_SEED);
    hasher.text(key);
    hasher.integer(deadlineMs);
  }

  /** What was hashed last, so many times. */
  private add(sign: 1 | -1): void {
    this.a = (this.a + sign * this.hasher.a) | 0;
    this.b = (this.b + sign * this.hasher.b) | 0;
  }
}

export function hashValue(value: Value, into: Hasher): void {
  if (isStringValue(value)) into.value(value);
  else hashCollection(value, into);
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
