/** A history as checkers read it: invocations paired with what became of them. */

import type {
  ClientEvent,
  FaultEvent,
  HarnessEvent,
  HistoryEvent,
  Json,
  Microseconds,
  Outcome,
} from "./event.js";

/** An operation of a client, from its invocation to its outcome. */
export interface Operation {
  /** Place in `History.operations`, which is the order of invocations. */
  readonly index: number;
  readonly process: number;
  readonly op: string;
  readonly key: string | null;
  /** What was asked. */
  readonly input: Json;
  /** What was answered; null unless the outcome is `ok`. */
  readonly output: Json;
  readonly outcome: Outcome;
  readonly invokedAt: Microseconds;
  /** Infinity when the outcome is `info`: it may still happen after the end. */
  readonly completedAt: Microseconds;
  readonly node: number;
  readonly error: string | null;
}

/** One fault, from its begin to its end. */
export interface FaultEpisode {
  readonly id: number;
  readonly name: string;
  readonly text: string;
  readonly beganAt: Microseconds;
  /** The run's end when it was never taken back. */
  readonly endedAt: Microseconds;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultEpisode[];
  /** What the harness failed at, faults that did not come to be included. */
  readonly failures: readonly string[];
  /** Of the last event. */
  readonly endedAt: Microseconds;
}

/**
 * Pairs events. An invocation without an outcome is `info`. Throws on events that are no history: an outcome without
 * an invocation, two invocations of a process at once.
 */
export function historyOf(events: Iterable<HistoryEvent>): History {
  const builder = new HistoryBuilder();
  for (const event of events) builder.add(event);
  return builder.finish();
}

type Draft = { -readonly [Name in keyof Operation]: Operation[Name] };
type EpisodeDraft = { -readonly [Name in keyof FaultEpisode]: FaultEpisode[Name] };

class HistoryBuilder {
  readonly #operations: Draft[] = [];
  readonly #open = new Map<number, Draft>();
  readonly #faults: EpisodeDraft[] = [];
  readonly #openFaults = new Map<number, EpisodeDraft>();
  readonly #failures: string[] = [];
  #endedAt: Microseconds = 0;

  add(event: HistoryEvent): void {
    this.#endedAt = Math.max(this.#endedAt, event.time);
    if (event.process === "nemesis") this.#addFault(event);
    else if (event.process === "harness") this.#addFailure(event);
    else if (event.type === "invoke") this.#invoke(event);
    else this.#complete(event, event.type);
  }

  finish(): History {
    for (const fault of this.#openFaults.values()) fault.endedAt = this.#endedAt;
    return {
      operations: this.#operations,
      faults: this.#faults,
      failures: this.#failures,
      endedAt: this.#endedAt,
    };
  }

  #invoke({ process, op, key, value, time, node }: ClientEvent): void {
    if (this.#open.has(process))
      throw new Error(`process ${process} invokes ${op} while another is open`);
    const operation: Draft = {
      index: this.#operations.length,
      process,
      op,
      key,
      input: value,
      output: null,
      outcome: "info",
      invokedAt: time,
      completedAt: Number.POSITIVE_INFINITY,
      node,
      error: null,
    };
    this.#operations.push(operation);
    this.#open.set(process, operation);
  }

  #complete({ process, op, value, time, error }: ClientEvent, outcome: Outcome): void {
    const operation = this.#open.get(process);
    if (operation?.op !== op)
      throw new Error(`process ${process} ends ${op}, which it did not invoke`);
    this.#open.delete(process);
    operation.outcome = outcome;
    operation.error = error ?? null;
    if (outcome === "ok") operation.output = value;
    if (outcome !== "info") operation.completedAt = time;
  }

  #addFault({ op, value: { id, phase, text }, time }: FaultEvent): void {
    if (phase === "begin") {
      const fault = { id, name: op, text, beganAt: time, endedAt: time };
      this.#faults.push(fault);
      this.#openFaults.set(id, fault);
    } else if (phase === "failed") {
      this.#failures.push(`${op}: ${text}`);
    } else {
      const fault = this.#openFaults.get(id);
      if (fault === undefined) throw new Error(`fault ${id} ends and never began`);
      fault.endedAt = time;
      this.#openFaults.delete(id);
    }
  }

  #addFailure({ op, value }: HarnessEvent): void {
    this.#failures.push(`${op}: ${value}`);
  }
}
