/** When the episodes of a run are, and what befalls in each: decided by the seed alone. */

import type { Random } from "../random.js";
import { CALM_SECONDS, EPISODE_SECONDS, EPISODES_MIN, OVERLAP_SHARE } from "./constants.js";

export interface Episode {
  /** Seconds of calm before it. */
  readonly calm: number;
  /** Seconds it lasts. */
  readonly lasts: number;
  /** Places in the list of faults that were asked for: one, or two that are in force together. */
  readonly faults: readonly number[];
  /** When the second one joins, as a share of `lasts`. */
  readonly joinsAt: number;
}

/** By how much episodes are shortened, for `seconds` to have room for enough of them. */
export function scaleOf(seconds: number): number {
  return Math.min(1, seconds / (EPISODES_MIN * (CALM_SECONDS.max + EPISODE_SECONDS.max)));
}

/** Without end. Each fault of `count` has its turn before one has its second. */
export function* episodes(count: number, scale: number, random: Random): Generator<Episode> {
  let waiting: number[] = [];
  const all = Array.from({ length: count }, (_, at) => at);
  const between = ({ min, max }: { min: number; max: number }): number =>
    scale * (min + random.next() * (max - min));
  for (;;) {
    if (waiting.length === 0) waiting = random.sample(all, count);
    const first = waiting.shift()!;
    const rest = all.filter((each) => each !== first);
    const isJoined = rest.length > 0 && random.chance(OVERLAP_SHARE);
    yield {
      calm: between(CALM_SECONDS),
      lasts: between(EPISODE_SECONDS),
      faults: isJoined ? [first, random.pick(rest)] : [first],
      joinsAt: 0.1 + 0.4 * random.next(),
    };
  }
}
