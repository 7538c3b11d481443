/** What a checker says of a history. */

import type { History } from "../history/history.js";

/** `unknown`: it could not be decided within the budget. It never passes. */
export type Validity = "valid" | "invalid" | "unknown";

/** Something a correct system cannot have done, with the operations that show it. */
export interface Anomaly {
  /** A term of the field: `lost write`, `dirty read`, `stale read`, `G1a`, `not linearizable`... */
  readonly kind: string;
  /** One sentence, to somebody who has never heard of the term. */
  readonly text: string;
  readonly key: string | null;
  /** Indexes of `History.operations`: those to draw, in the order of invocation. */
  readonly operations: readonly number[];
  /** Of those, what cannot be: drawn apart. null: they contradict each other as a whole. */
  readonly impossible: number | null;
}

export interface Verdict {
  readonly checker: string;
  readonly validity: Validity;
  /** The first `ANOMALIES_MAX`; `figures` counts all. */
  readonly anomalies: readonly Anomaly[];
  /** By name: counts, milliseconds (`...Ms`). */
  readonly figures: Readonly<Record<string, number>>;
}

export type Checker = (history: History) => Verdict;
