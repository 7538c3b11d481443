/**
 * A fast digest of everything two nodes must agree on: keys, values, deadlines in ms, log time. Each key
 * is hashed to 64 bits alone and the hashes are added, so insertion order and the form a value is held in
 * do not show. It finds differences between nodes; it is no defence against someone who makes them.
 */

import type { Keyspace } from "../keyspace.js";
import type { Value } from "../value.js";

const TWO_32 = 2 ** 32;

/** Two 32-bit lanes; the second is fed by the first, so together they behave as one state of 64 bits. */
class Hasher {
  a = 0;
  b = 0;

  reset(): void {
    this.a = 0x9e3779b9;
    this.b = 0x85ebca6b;
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
    this.integer(text.length);
  }

  bytes(bytes: Uint8Array): void {
    let { a, b } = this;
    for (let i = 0; i < bytes.length; i++) {
      const code = bytes[i]!;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    }
    this.a = a;
    this.b = b;
    this.integer(bytes.length);
  }

  value(value: Value): void {
    if (typeof value === "string") {
      this.text(value);
    } else {
      this.bytes(value.bytes());
    }
  }

  /** A whole number up to 2^53. Mixes both lanes downward as well, which the steps above do not. */
  integer(value: number): void {
    this.word(value | 0);
    this.word(Math.floor(value / TWO_32) | 0);
  }

  private word(word: number): void {
    let a = Math.imul(this.a ^ word, 0x9e3779b1);
    a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d);
    let b = Math.imul(this.b ^ word ^ (a >>> 13), 0x85ebca77);
    b = Math.imul(b ^ (b >>> 13), 0x297a2d39);
    this.a = a ^ (b >>> 16);
    this.b = b ^ (a >>> 15);
  }
}

/** 16 hex digits. */
export function stateDigest(keyspace: Keyspace): string {
  const hasher = new Hasher();
  let sumA = 0;
  let sumB = 0;
  keyspace.forEachKey((key, value, deadlineMs) => {
    hasher.reset();
    hasher.text(key);
    hasher.value(value);
    hasher.integer(deadlineMs);
    sumA = (sumA + hasher.a) | 0;
    sumB = (sumB + hasher.b) | 0;
  });
  hasher.reset();
  hasher.integer(sumA >>> 0);
  hasher.integer(sumB >>> 0);
  hasher.integer(keyspace.size);
  hasher.integer(keyspace.logTimeMs);
  return hex32(hasher.a) + hex32(hasher.b);
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
