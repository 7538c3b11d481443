/**
 * Entries in order of (score, member bytes) as two parallel columns with room behind the `size` used
 * places. The compact sorted set is one such pair, so is every leaf of the rank tree.
 *
 *   scores   1    2    2    7   | spare
 *   members  "x"  "a"  "b"  "k" | ""        nothing behind size keeps a member alive
 *
 * Score columns hold unboxed doubles from the first one on: a column that began with small integers
 * would be another kind of array, and every place that reads it slower.
 */

import { assert } from "../assert.js";
import { RANK_NODE_ENTRIES_MAX, ZSET_LISTPACK_ENTRIES_MAX } from "../constants.js";

const CAPACITY_MAX = Math.max(RANK_NODE_ENTRIES_MAX, ZSET_LISTPACK_ENTRIES_MAX);
const SPARE_SCORE = 0.5;
const spareScores: number[] = [SPARE_SCORE];
const spareMembers: string[] = [""];
while (spareScores.length < CAPACITY_MAX) {
  spareScores.push(SPARE_SCORE);
  spareMembers.push("");
}

/** slice allocates exactly what is asked for; an array that grows by push takes half as much again. */
export function newScores(capacity: number): number[] {
  assert(capacity <= CAPACITY_MAX, "a column has a bounded length");
  return spareScores.slice(0, capacity);
}

export function newMembers(capacity: number): string[] {
  assert(capacity <= CAPACITY_MAX, "a column has a bounded length");
  return spareMembers.slice(0, capacity);
}

/** Entries before (score, member). */
export function entriesBefore(
  scores: readonly number[],
  members: readonly string[],
  size: number,
  score: number,
  member: string,
): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = scores[middle]!;
    if (other < score || (other === score && members[middle]! < member)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Entries whose score is lower, or equal. */
export function entriesBelowScore(
  scores: readonly number[],
  size: number,
  score: number,
  orEqual: boolean,
): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = scores[middle]!;
    if (other < score || (orEqual && other === score)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Entries whose member is lower, or equal. The entries have one score. */
export function entriesBelowMember(
  members: readonly string[],
  size: number,
  member: string,
  orEqual: boolean,
): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = members[middle]!;
    if (other < member || (orEqual && other === member)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** There is room for one more than `size`. */
export function insertEntry(
  scores: number[],
  members: string[],
  size: number,
  at: number,
  score: number,
  member: string,
): void {
  for (let i = size; i > at; i--) {
    scores[i] = scores[i - 1]!;
    members[i] = members[i - 1]!;
  }
  scores[at] = score;
  members[at] = member;
}

export function removeEntries(
  scores: number[],
  members: string[],
  size: number,
  at: number,
  count: number,
): void {
  const rest = size - count;
  for (let i = at; i < rest; i++) {
    scores[i] = scores[i + count]!;
    members[i] = members[i + count]!;
  }
  for (let i = rest; i < size; i++) {
    members[i] = "";
  }
}

/** Copies entries over to other columns, or further down in the same ones. */
export function copyEntries(
  fromScores: readonly number[],
  fromMembers: readonly string[],
  from: number,
  toScores: number[],
  toMembers: string[],
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    toScores[to + i] = fromScores[from + i]!;
    toMembers[to + i] = fromMembers[from + i]!;
  }
}
