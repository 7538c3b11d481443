/**
 * Different ranks of `size` elements, every choice of `count` as probable (Floyd's algorithm: Bentley and
 * Floyd, "A sample of brilliance", CACM 1987): it takes time and memory by the count, not by the size.
 */

import { assert } from "../assert.js";
import { SAMPLE_BITMAP_SHARE } from "../constants.js";

export interface Ranked {
  readonly size: number;
  nameAtRank(rank: number): string;
  everyName(visit: (name: string) => boolean): boolean;
}

/** Names of `count` elements, or of all. The elements must not change meanwhile. */
export function visitSample(
  elements: Ranked,
  count: number,
  random: () => number,
  visit: (name: string) => void,
): void {
  const { size } = elements;
  if (count >= size) {
    elements.everyName((name) => {
      visit(name);
      return true;
    });
  } else if (count * SAMPLE_BITMAP_SHARE < size) {
    for (const rank of sparseRanks(size, count, random)) {
      visit(elements.nameAtRank(rank));
    }
  } else {
    const chosen = markedRanks(size, count, random);
    let rank = 0;
    elements.everyName((name) => {
      if (chosen[rank] === 1) {
        visit(name);
      }
      rank++;
      return true;
    });
  }
}

function sparseRanks(size: number, count: number, random: () => number): Set<number> {
  const chosen = new Set<number>();
  for (let last = size - count; last < size; last++) {
    const rank = randomBelow(last + 1, random);
    chosen.add(chosen.has(rank) ? last : rank);
  }
  return chosen;
}

/** A byte for each rank: no Set of a million numbers, and one walk in the order of the ranks. */
function markedRanks(size: number, count: number, random: () => number): Uint8Array {
  const chosen = new Uint8Array(size);
  for (let last = size - count; last < size; last++) {
    const rank = randomBelow(last + 1, random);
    chosen[chosen[rank] === 1 ? last : rank] = 1;
  }
  return chosen;
}

function randomBelow(end: number, random: () => number): number {
  const rank = Math.floor(random() * end);
  assert(rank >= 0 && rank < end, "random number is in [0, 1)");
  return rank;
}
