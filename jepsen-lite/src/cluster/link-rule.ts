/** What befalls whatever is sent over one directed link. */

export interface LinkRule {
  /** Nothing passes. */
  readonly cut: boolean;
  /** Shares of packets, in [0, 1]. */
  readonly loss: number;
  readonly duplicate: number;
  /** Held back so long that later ones overtake. */
  readonly reorder: number;
  readonly delayMs: number;
  /** The delay is uniform within this on both sides; order is kept. */
  readonly jitterMs: number;
  /** 0: no limit. */
  readonly bitsPerSecond: number;
}

/** From one node to another, by their ids. */
export interface DirectedLink {
  readonly from: number;
  readonly to: number;
}

export const clearRule: LinkRule = {
  cut: false,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  delayMs: 0,
  jitterMs: 0,
  bitsPerSecond: 0,
};

/** Several in force on one link at once: each packet meets them one after the other. */
export function combinedRule(rules: readonly LinkRule[]): LinkRule {
  return rules.reduce(
    (a, b) => ({
      cut: a.cut || b.cut,
      loss: either(a.loss, b.loss),
      duplicate: either(a.duplicate, b.duplicate),
      reorder: either(a.reorder, b.reorder),
      delayMs: a.delayMs + b.delayMs,
      jitterMs: a.jitterMs + b.jitterMs,
      bitsPerSecond: narrower(a.bitsPerSecond, b.bitsPerSecond),
    }),
    clearRule,
  );
}

/** Probability that at least one of two independent things happens. */
function either(a: number, b: number): number {
  return 1 - (1 - a) * (1 - b);
}

function narrower(a: number, b: number): number {
  if (a === 0 || b === 0) return Math.max(a, b);
  return Math.min(a, b);
}
