/**
 * Ranges of a sorted set, as ZRANGEBYSCORE and ZRANGEBYLEX ask for them, and the ranks they come to.
 */

export interface ScoreRange {
  readonly min: number;
  readonly max: number;
  readonly minExclusive: boolean;
  readonly maxExclusive: boolean;
}

/** `lowest` and `highest` are the bounds "-" and "+", whichever end they are given for. */
export interface LexBound {
  readonly kind: "lowest" | "inclusive" | "exclusive" | "highest";
  /** Only for inclusive and exclusive bounds. */
  readonly member: string;
}

export interface LexRange {
  readonly min: LexBound;
  readonly max: LexBound;
}

export interface RankRange {
  /** Rank of the first entry; some rank up to the size if there is none. */
  readonly first: number;
  readonly count: number;
}

interface CountedEntries {
  readonly size: number;
  countBelowScore(score: number, orEqual: boolean): number;
  countBelowMember(member: string, orEqual: boolean): number;
}

export function ranksOfScores(entries: CountedEntries, range: ScoreRange): RankRange {
  const first = entries.countBelowScore(range.min, range.minExclusive);
  const end = entries.countBelowScore(range.max, !range.maxExclusive);
  return { first, count: Math.max(0, end - first) };
}

/** Meaningful if all scores are the same, as in Redis; otherwise some range. */
export function ranksOfMembers(entries: CountedEntries, range: LexRange): RankRange {
  const first = countBelow(entries, range.min, range.min.kind === "exclusive");
  const end = countBelow(entries, range.max, range.max.kind === "inclusive");
  return { first, count: Math.max(0, end - first) };
}

function countBelow(entries: CountedEntries, bound: LexBound, orEqual: boolean): number {
  if (bound.kind === "lowest") {
    return 0;
  }
  return bound.kind === "highest" ? entries.size : entries.countBelowMember(bound.member, orEqual);
}
