/** Arguments and arithmetic of signed 64-bit integers (Integer, keyspace). */

import {
  INT64_MAX,
  INT64_MIN,
  INT64_TEXT_MAX,
  type Integer,
  int64Of,
  parseInteger,
} from "@redoubt/keyspace";
import { latin1 } from "../text.js";

export { INT64_MAX, INT64_MIN, type Integer, parseInteger };

export function parseArgument(argument: Buffer): Integer | null {
  if (argument.length > INT64_TEXT_MAX) return null;
  return parseInteger(latin1(argument));
}

/** Null: does not fit into 64 bits. */
export function add(a: Integer, b: Integer): Integer | null {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return int64Of(BigInt(a) + BigInt(b));
}

/** Null: does not fit into 64 bits. */
export function multiply(a: Integer, factor: number): Integer | null {
  if (typeof a === "number") {
    const product = a * factor;
    // + 0 turns -0 into 0.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return int64Of(BigInt(a) * BigInt(factor));
}

/** Null: does not fit into 64 bits. */
export function negate(a: Integer): Integer | null {
  return typeof a === "number" ? 0 - a : int64Of(-a);
}

/** The nearest number, for what is only compared with lengths. */
export function clampToSafe(a: Integer): number {
  if (typeof a === "number") return a;
  return a < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}
