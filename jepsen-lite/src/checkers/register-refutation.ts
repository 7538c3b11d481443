/**
 * Answers of a register that are impossible for a plain reason, found without a search: nobody can have written what was
 * seen, or whoever did had ended before another write began, which in turn had ended before the answer was asked for.
 * What a system that loses or forgets writes does is almost always of this kind, and a search for it is at its longest.
 */

import type { Operation } from "../history/history.js";
import { valueSeen, valueWritten } from "./register-operations.js";

/** When a value can have been written: from the first begin to the last end of its writes. */
interface Written {
  readonly beganAt: number;
  readonly endedAt: number;
}

/** The first to be answered; null: none is plainly impossible. `operations`: of one key. */
export function plainlyImpossible(operations: readonly Operation[]): Operation | null {
  const values = writtenValues(operations);
  const overwrites = new Overwrites(operations);
  let first: Operation | null = null;
  for (const each of operations) {
    const seen = valueSeen(each);
    if (seen === undefined || (first !== null && each.completedAt >= first.completedAt)) continue;
    const written = seen === null ? { beganAt: -1, endedAt: -1 } : values.get(String(seen));
    const isPossible =
      written !== undefined &&
      written.beganAt <= each.completedAt &&
      overwrites.lastBegin(each.invokedAt) <= written.endedAt;
    if (!isPossible) first = each;
  }
  return first;
}

function writtenValues(operations: readonly Operation[]): ReadonlyMap<string, Written> {
  const values = new Map<string, Written>();
  for (const operation of operations) {
    const value = operation.outcome === "fail" ? undefined : valueWritten(operation);
    if (value === undefined) continue;
    const { beganAt, endedAt } = values.get(value) ?? {
      beganAt: Number.POSITIVE_INFINITY,
      endedAt: -1,
    };
    values.set(value, {
      beganAt: Math.min(beganAt, operation.invokedAt),
      endedAt: Math.max(endedAt, operation.completedAt),
    });
  }
  return values;
}

/** Acknowledged writes in the order of their ends. */
class Overwrites {
  readonly #ends: readonly number[];
  /** By place: the latest begin up to it. */
  readonly #begins: readonly number[];

  constructor(operations: readonly Operation[]) {
    const writes = operations
      .filter((each) => each.outcome === "ok" && valueWritten(each) !== undefined)
      .sort((a, b) => a.completedAt - b.completedAt);
    let latest = -1;
    this.#ends = writes.map(({ completedAt }) => completedAt);
    this.#begins = writes.map(({ invokedAt }) => {
      latest = Math.max(latest, invokedAt);
      return latest;
    });
  }

  /** The latest begin of those that had ended before; -1: none had. */
  lastBegin(before: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! < before) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : this.#begins[low - 1]!;
  }
}
