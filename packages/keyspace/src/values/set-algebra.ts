/**
 * SINTER, SUNION and SDIFF without a result in memory: members go to a visitor one after another, in no
 * meaningful order, each once. The sets must not change meanwhile (a visitor may fill another one). A key
 * that does not exist is an empty set; the same set may be given several times.
 */

import { MemberSet } from "./set.js";

/** What is asked of a set: a MemberSet, or a command's view of one. */
type Members = Pick<MemberSet, "size" | "has" | "forEach" | "every">;

/** Members of all sets until `visit` returns false. O(smallest size * sets), as Redis's. */
export function intersect(sets: readonly Members[], visit: (member: string) => boolean): void {
  const [smallest, ...others] = bySize(sets);
  smallest?.every((member) => !others.every((other) => other.has(member)) || visit(member));
}

/** Members of any set. O(all sizes). */
export function unite(sets: readonly Members[], visit: (member: string) => void): void {
  const [largest, ...others] = bySize(sets).reverse();
  if (largest === undefined) {
    return;
  }
  largest.forEach(visit);
  // The last of two sets needs no memory of what was seen.
  const seen = others.length > 1 ? new MemberSet() : null;
  for (const other of others) {
    other.forEach((member) => {
      if (!largest.has(member) && (seen === null || seen.add(member))) {
        visit(member);
      }
    });
  }
}

/**
 * Members of the first set that no other set has. O(all sizes), as Redis's: either each member of the
 * first is looked for in the others, or each member of the others in the first, whichever is less work.
 */
export function subtract(
  first: Members,
  others: readonly Members[],
  visit: (member: string) => void,
): void {
  const sizes = others.reduce((sum, other) => sum + other.size, 0);
  if (first.size * others.length <= sizes) {
    // The largest is the likeliest to have it.
    const largestFirst = bySize(others).reverse();
    first.forEach((member) => {
      if (!largestFirst.some((other) => other.has(member))) {
        visit(member);
      }
    });
    return;
  }
  const removed = new MemberSet();
  for (const other of others) {
    other.forEach((member) => {
      if (first.has(member)) {
        removed.add(member);
      }
    });
  }
  first.forEach((member) => {
    if (!removed.has(member)) {
      visit(member);
    }
  });
}

function bySize(sets: readonly Members[]): Members[] {
  return [...sets].sort((a, b) => a.size - b.size);
}
