/**
 * Union, intersection and difference of sorted sets and sets, in memory; no command, no reply. The order in
 * which scores are added is Redis's, because sums of doubles depend on it: smaller inputs first, equally
 * large ones as they were given.
 */

import { DistinctTexts, type SetView, type SortedSetView } from "@redoubt/keyspace";
import { ScoredMembers } from "./scored-members.js";

export type Aggregate = "sum" | "min" | "max";

/** A set whose members have scores: a plain set's are 1. */
export interface ScoredInput {
  readonly size: number;
  /** undefined: not a member. */
  score(member: string): number | undefined;
  forEach(visit: (member: string, score: number) => void): void;
  /** Until `visit` returns false. */
  every(visit: (member: string, score: number) => boolean): void;
}

export interface WeightedInput {
  readonly input: ScoredInput;
  readonly weight: number;
}

export const emptyInput: ScoredInput = {
  size: 0,
  score: () => undefined,
  forEach: () => {},
  every: () => {},
};

export function sortedSetInput(set: SortedSetView): ScoredInput {
  return {
    size: set.size,
    score: (member) => set.score(member),
    forEach: (visit) => set.forEach(visit),
    every: (visit) => {
      set.forEachFromRank(0, "up", visit);
    },
  };
}

export function plainSetInput(set: SetView): ScoredInput {
  return {
    size: set.size,
    score: (member) => (set.has(member) ? 1 : undefined),
    forEach: (visit) => {
      set.forEach((member) => {
        visit(member, 1);
      });
    },
    every: (visit) => {
      set.every((member) => visit(member, 1));
    },
  };
}

/** O(all sizes). */
export function uniteScored(inputs: readonly WeightedInput[], aggregate: Aggregate): ScoredMembers {
  const result = new ScoredMembers();
  for (const { input, weight } of smallestFirst(inputs)) {
    input.forEach((member, score) => {
      const before = result.get(member);
      const weighted = weigh(score, weight);
      result.set(member, before === undefined ? weighted : combine(before, weighted, aggregate));
    });
  }
  return result;
}

/** O(smallest size * inputs). */
export function intersectScored(
  inputs: readonly WeightedInput[],
  aggregate: Aggregate,
): ScoredMembers {
  const result = new ScoredMembers();
  const [smallest, ...others] = smallestFirst(inputs);
  smallest?.input.forEach((member, score) => {
    let total = weigh(score, smallest.weight);
    for (const { input, weight } of others) {
      const other = input.score(member);
      if (other === undefined) return;
      total = combine(total, other * weight, aggregate);
    }
    result.set(member, total);
  });
  return result;
}

/** How many members all inputs have; `limit` at most, 0: no limit. O(smallest size * inputs). */
export function countCommon(inputs: readonly WeightedInput[], limit: number): number {
  const [smallest, ...others] = smallestFirst(inputs);
  let count = 0;
  smallest?.input.every((member) => {
    if (others.every(({ input }) => input.score(member) !== undefined)) count += 1;
    return limit === 0 || count < limit;
  });
  return count;
}

/**
 * Members of the first input that no other has. O(all sizes): members of the first are looked for in the
 * others, or the others' in the first, whichever is less work.
 */
export function subtractScored(inputs: readonly ScoredInput[]): ScoredMembers {
  const [first = emptyInput, ...others] = inputs;
  const sizes = others.reduce((sum, other) => sum + other.size, 0);
  const result = new ScoredMembers();
  if (first.size * others.length <= sizes) {
    first.forEach((member, score) => {
      if (others.every((other) => other.score(member) === undefined)) result.set(member, score);
    });
    return result;
  }
  const removed = new DistinctTexts();
  for (const other of others) {
    other.forEach((member) => {
      if (first.score(member) !== undefined) removed.add(member);
    });
  }
  first.forEach((member, score) => {
    if (!removed.has(member)) result.set(member, score);
  });
  return result;
}

function smallestFirst(inputs: readonly WeightedInput[]): WeightedInput[] {
  return [...inputs].sort((a, b) => a.input.size - b.input.size);
}

/** 0 times infinity is 0 here. */
function weigh(score: number, weight: number): number {
  const weighted = score * weight;
  return Number.isNaN(weighted) ? 0 : weighted;
}

/** Infinities of both signs add to 0; what is not a number is neither smaller nor larger. */
function combine(a: number, b: number, aggregate: Aggregate): number {
  if (aggregate === "sum") {
    const sum = a + b;
    return Number.isNaN(sum) ? 0 : sum;
  }
  const isReplaced = aggregate === "min" ? b < a : b > a;
  return isReplaced ? b : a;
}
