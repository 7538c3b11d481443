/**
 * A fast digest of everything two nodes must agree on: keys, values, deadlines in ms, log time. Each
 * (key, value) and each (key, deadline) is hashed to 64 bits alone and the hashes are added, so insertion
 * order and the form a value is held in do not show. It finds differences between nodes; it is no defence
 * against someone who makes them. The simulator takes it all the time: 100 small keys cost about 20 us, a
 * large value is hashed once.
 */

import type { Blob } from "../blob.js";
import { BLOB_BYTES_MIN } from "../constants.js";
import { type Keyspace, STORE } from "../keyspace.js";
import type { Value } from "../value.js";

const TWO_32 = 2 ** 32;
const VALUE_SEED = 0x9e3779b9;
const DEADLINE_SEED = 0x7f4a7c15;
const TOTAL_SEED = 0x94d049bb;
const LARGE_SEED = 0x3c6ef372;

/** Of large values: a Blob never changes. Its two words, and it does not live longer for being here. */
const blobHashes = new WeakMap<Blob, readonly [number, number]>();

/** 16 hex digits. */
export function stateDigest(keyspace: Keyspace): string {
  const { values, deadlines } = keyspace[STORE].contents;
  const hasher = new Hasher();
  let sumA = 0;
  let sumB = 0;
  values.forEach((key, value) => {
    hasher.start(VALUE_SEED);
    hasher.text(key);
    hasher.value(value);
    hasher.pair(key.length, value.length);
    sumA = (sumA + hasher.a) | 0;
    sumB = (sumB + hasher.b) | 0;
  });
  deadlines.forEach((key, deadlineMs) => {
    hasher.start(DEADLINE_SEED);
    hasher.text(key);
    hasher.integer(deadlineMs);
    sumA = (sumA + hasher.a) | 0;
    sumB = (sumB + hasher.b) | 0;
  });
  hasher.start(TOTAL_SEED);
  hasher.pair(sumA, sumB);
  hasher.pair(values.size, deadlines.size);
  hasher.integer(keyspace.logTimeMs);
  return hex32(hasher.a) + hex32(hasher.b);
}

/** Two 32-bit lanes; the second is fed by the first, so together they behave as one state of 64 bits. */
class Hasher {
  a = 0;
  b = 0;

  start(seed: number): void {
    this.a = seed;
    this.b = ~seed;
  }

  value(value: Value): void {
    if (value.length < BLOB_BYTES_MIN) {
      this.content(value);
    } else {
      const [a, b] = typeof value === "string" ? largeHash(value) : blobHash(value);
      this.pair(a, b);
    }
  }

  /** Does not depend on the form the value is held in. */
  content(value: Value): void {
    if (typeof value === "string") {
      this.text(value);
    } else {
      this.bytes(value.bytes());
    }
  }

  text(text: string): void {
    let { a, b } = this;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    }
    this.a = a;
    this.b = b;
  }

  /** The same steps as `text`. */
  bytes(bytes: Uint8Array): void {
    let { a, b } = this;
    for (let i = 0; i < bytes.length; i++) {
      const code = bytes[i]!;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    }
    this.a = a;
    this.b = b;
  }

  /** A whole number up to 2^53. */
  integer(value: number): void {
    this.pair(value | 0, Math.floor(value / TWO_32) | 0);
  }

  /** Two words of 32 bits. Mixes both lanes downward as well, which the steps above do not. */
  pair(first: number, second: number): void {
    let a = Math.imul(this.a ^ first, 0x9e3779b1);
    let b = Math.imul(this.b ^ second ^ (a >>> 15), 0x85ebca77);
    a = Math.imul(a ^ (b >>> 16), 0x2c1b3c6d);
    b = Math.imul(b ^ (a >>> 13), 0x297a2d39);
    a = Math.imul(a ^ (b >>> 15), 0x9e3779b1);
    this.a = a ^ (a >>> 16);
    this.b = b ^ (a >>> 14) ^ (b >>> 16);
  }
}

function blobHash(blob: Blob): readonly [number, number] {
  let hash = blobHashes.get(blob);
  if (hash === undefined) {
    hash = largeHash(blob);
    blobHashes.set(blob, hash);
  }
  return hash;
}

function largeHash(value: Value): readonly [number, number] {
  const hasher = new Hasher();
  hasher.start(LARGE_SEED);
  hasher.content(value);
  return [hasher.a, hasher.b];
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
