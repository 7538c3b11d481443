/** What must be noticed: each canary takes one piece of safety out of a copy of the sources (patched.ts). */

import type { FaultKind } from "../faults/faults.js";
import type { Mix } from "../workload/mix.js";
import type { Edit } from "./patched.js";

export interface Canary {
  readonly name: string;
  /** What the patch takes away, in words. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Checkers that may be the first to see it. */
  readonly caughtBy: RegExp;
  /** Checkers that must not help, so that the others are shown to see it as well. */
  readonly muted?: readonly string[];
  /** Virtual ms with faults; as few as show it. */
  readonly durationMs?: number;
  readonly nodes?: number;
  /** Faults it needs, where drawn ones would be too rare. */
  readonly only?: readonly FaultKind[];
  readonly mix?: Partial<Mix>;
  readonly readMode?: "lease" | "quorum";
}

/** Whoever may see that something committed is gone, or that two histories are told. */
export const AFTER_A_LOSS =
  /^(acknowledged|revealed|committed reads|linearizability|state-machine safety|leader completeness|quorum intersection|rollback|digest|assertion|log matching)/;
