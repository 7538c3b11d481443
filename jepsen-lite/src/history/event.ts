/**
 * What a history is made of: one event a line of JSON, in the order of their times. Clients invoke operations and
 * learn an outcome; faults begin and end; the harness may fail. A history is written while it happens, and everything
 * that is said about a run afterwards is computed from it.
 */

/** Whatever JSON can hold. Redis's values are strings; a nil is null. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/**
 * - `ok`: done, and the value is what the server answered.
 * - `fail`: certainly not done, now or ever.
 * - `info`: unknown. It may have happened, may happen later, or never.
 * `error-semantics.md` says which replies and failures are which.
 */
export type Outcome = "ok" | "fail" | "info";

/** Microseconds since the run began, of a monotonic clock. */
export type Microseconds = number;

/** Of a client. A process does one operation at a time; behind an `info` it goes on under a new number. */
export interface ClientEvent {
  readonly process: number;
  readonly type: "invoke" | Outcome;
  /** `operations.md` lists them with the shapes of their values. */
  readonly op: string;
  /** null: of several keys, or of none. */
  readonly key: string | null;
  /** What was asked (invoke, fail, info) or answered (ok). */
  readonly value: Json;
  readonly time: Microseconds;
  /** The node that it was sent to. Numbered from 1. */
  readonly node: number;
  /** The error's first word and text, when there was one. */
  readonly error?: string;
}

export type FaultPhase = "begin" | "end" | "failed";

/** Of the nemesis. One episode has one `id`; `failed` means that it did not come to be, or could not be taken back. */
export interface FaultEvent {
  readonly process: "nemesis";
  readonly type: "info";
  /** The fault's name: `partition`, `kill`... */
  readonly op: string;
  readonly key: null;
  readonly value: { readonly id: number; readonly phase: FaultPhase; readonly text: string };
  readonly time: Microseconds;
}

/** A failure of the harness: none of the outcomes. One of them makes a run invalid. */
export interface HarnessEvent {
  readonly process: "harness";
  readonly type: "error";
  readonly op: string;
  readonly key: null;
  readonly value: string;
  readonly time: Microseconds;
}

export type HistoryEvent = ClientEvent | FaultEvent | HarnessEvent;
