/**
 * A fast digest of everything two nodes must agree on: keys, values, deadlines in ms, log time; of streams
 * also groups, consumers, what is pending, last ids and counters. Each
 * (key, value) and each (key, deadline) is hashed to 64 bits alone and the hashes are added, so insertion
 * order and the form a value is held in do not show. It finds differences between nodes; it is no defence
 * against someone who makes them. The simulator takes it all the time: 100 small keys cost about 20 us, a
 * large value is hashed once.
 */

import { type Keyspace, STORE } from "../keyspace.js";
import { isStringValue } from "../value.js";
import { Hasher, hashCollection } from "./value-hash.js";

const VALUE_SEED = 0x9e3779b9;
const DEADLINE_SEED = 0x7f4a7c15;
const TOTAL_SEED = 0x94d049bb;

/** 16 hex digits. */
export function stateDigest(keyspace: Keyspace): string {
  const { values, deadlines } = keyspace[STORE].contents;
  const hasher = new Hasher();
  let sumA = 0;
  let sumB = 0;
  values.forEach((key, value) => {
    hasher.start(VALUE_SEED);
    hasher.text(key);
    if (isStringValue(value)) {
      hasher.value(value);
      hasher.pair(key.length, value.length);
    } else {
      hashCollection(value, hasher);
      hasher.pair(key.length, -1);
    }
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

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
