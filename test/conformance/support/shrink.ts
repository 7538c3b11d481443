/** The shortest part of a failing sequence that still fails, by leaving out halves, quarters and single ones. */

/** Runs of one search: a sequence of some hundreds needs about as many. */
const TRIES_MAX = 600;

export interface Shrunk<Item, Failure> {
  readonly items: readonly Item[];
  readonly failure: Failure;
}

/** `failureOf`: null when the items do not fail. */
export async function shrink<Item, Failure>(
  all: readonly Item[],
  failure: Failure,
  failureOf: (items: readonly Item[]) => Promise<Failure | null>,
): Promise<Shrunk<Item, Failure>> {
  let best: Shrunk<Item, Failure> = { items: all, failure };
  let tries = 0;
  for (let width = Math.ceil(all.length / 2); ; width = Math.ceil(width / 2)) {
    for (let end = best.items.length; end > 0 && tries < TRIES_MAX; end -= width) {
      tries += 1;
      const items = best.items.filter((_, i) => i < end - width || i >= end);
      const still = items.length < best.items.length ? await failureOf(items) : null;
      if (still !== null) best = { items, failure: still };
    }
    if (width === 1) return best;
  }
}
