/** What a key does, one operation after the other: against it linearizability is judged. */

import type { Operation } from "../history/history.js";

/** What a key holds. States are the same when they are equal. */
export type State = string | number | boolean | null;

/** The operation cannot have had its answer in that state. */
export const INCONSISTENT = Symbol("inconsistent");

export interface Model {
  readonly name: string;
  /** Of `operations.md`, what it knows. */
  readonly ops: readonly string[];
  /** Of a key that nobody has touched. */
  readonly init: State;
  /**
   * The state behind the operation. Of an `ok`, INCONSISTENT when its output is not what the state gives. An `info` is
   * consistent with every state. Never asked about a `fail`. Throws on an op that is not among `ops`.
   */
  step(state: State, operation: Operation): State | typeof INCONSISTENT;
  /** Its op and answer say that it leaves every state as it is in which it can have been answered so. */
  changesNothing(operation: Operation): boolean;
  /**
   * An answer that is impossible for a reason that needs no search, and that `explain` names without `states`; null:
   * there is none, or it takes a search to find it. `operations`: all of one key, failed ones too.
   */
  refute(operations: readonly Operation[]): Operation | null;
  /** Says what is wrong, to somebody who has never heard of linearizability. */
  explain(finding: Finding): Explanation;
}

/** The first answer of a key that no order of its operations explains. */
export interface Finding {
  readonly key: string;
  /** All of the key, the failed ones too, in the order of invocation. */
  readonly operations: readonly Operation[];
  /** What nodes held when all was over: reads that are no part of what was judged. */
  readonly finalReads: readonly Operation[];
  /** What came back before it can be explained, with it nothing can. */
  readonly impossible: Operation;
  /** Those the key can have had during `impossible`, by some order of the others; none when it was refuted. */
  readonly states: ReadonlySet<State>;
}

export interface Explanation {
  /** As `Anomaly.kind`. */
  readonly kind: string;
  /** As `Anomaly.text`. */
  readonly text: string;
  /** Operations that the text speaks of, besides the impossible one. */
  readonly witnesses: readonly Operation[];
}
