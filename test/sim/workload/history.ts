/** What clients did and saw, in virtual time. The input of the checkers. */

import { type Reply, RespError } from "../../support/resp-reader.js";

/** ok: answered. fail: certainly not done. info: unknown, it may take effect at any later time. */
export type OutcomeKind = "ok" | "fail" | "info";

/**
 * What kind of key it is about: decides which checkers look at it. `control`: part of something else (MULTI, a
 * queued command, WATCH), not counted as an operation.
 */
export type Model =
  | "register"
  | "counter"
  | "expiring"
  | "volatile"
  | "queue"
  | "library"
  | "transaction"
  | "follower"
  | "control";

export interface Operation {
  readonly client: number;
  /** As the model knows it: what is sent, but for CAS, which is sent as EXEC. */
  readonly argv: readonly string[];
  readonly model: Model;
  readonly key: string;
  invokedMs: number;
  returnedMs: number;
  outcome: OutcomeKind | "open";
  reply: Reply | undefined;
  /** Node the request was sent to. */
  node: number;
  /** Newest index that anybody had applied when it was sent. */
  committedBefore: number;
  /** Place in the history: of one client, the order in which a node executes them. */
  sequence: number;
}

export class History {
  readonly operations: Operation[] = [];
  #completed = 0;

  add(operation: Operation): void {
    operation.sequence = this.operations.length;
    this.operations.push(operation);
  }

  /** Its outcome is known: told once. */
  returned(operation: Operation): void {
    if (operation.outcome === "ok" && operation.model !== "control") this.#completed += 1;
  }

  get completed(): number {
    return this.#completed;
  }

  /** Between two writes or leader's reads that succeeded: follower's reads need no leader. */
  get longestSilenceMs(): number {
    let longest = 0;
    let last = 0;
    const times = this.operations
      .filter(({ outcome, model }) => outcome === "ok" && model !== "follower")
      .map(({ returnedMs }) => returnedMs)
      .sort((a, b) => a - b);
    if (times.length === 0) return Number.POSITIVE_INFINITY;
    for (const time of times) {
      longest = Math.max(longest, time - last);
      last = time;
    }
    return longest;
  }

  /** Errors clients were answered with, by code. */
  errors(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { reply } of this.operations) {
      if (reply instanceof RespError) counts[reply.code] = (counts[reply.code] ?? 0) + 1;
    }
    return counts;
  }

  /** How many were answered with success, by command. */
  answered(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { argv, outcome } of this.operations) {
      if (outcome !== "ok") continue;
      const name = argv[3] === "PX" ? `${argv[0]} PX` : argv[0]!;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }
}
