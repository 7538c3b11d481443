/** What clients did and saw, in virtual time. The input of the checkers. */

import type { Reply } from "../../support/resp-reader.js";

/** ok: answered. fail: certainly not done. info: unknown, it may take effect at any later time. */
export type OutcomeKind = "ok" | "fail" | "info";

export interface Operation {
  readonly client: number;
  readonly argv: readonly string[];
  /** What kind of key it is about: decides which checkers look at it. */
  readonly model: "register" | "counter" | "volatile" | "transaction" | "follower";
  readonly key: string;
  readonly invokedMs: number;
  returnedMs: number;
  outcome: OutcomeKind | "open";
  reply: Reply | undefined;
  /** Node the request was sent to. */
  readonly node: number;
}

export class History {
  readonly operations: Operation[] = [];

  get completed(): number {
    return this.operations.reduce((n, operation) => n + (operation.outcome === "ok" ? 1 : 0), 0);
  }

  /** Between two writes or leader's reads that succeeded: follower's reads need no leader. */
  get longestSilenceMs(): number {
    const times = this.operations
      .filter(({ outcome, model }) => outcome === "ok" && model !== "follower")
      .map(({ returnedMs }) => returnedMs)
      .sort((a, b) => a - b);
    let longest = times[0] ?? Number.POSITIVE_INFINITY;
    for (let at = 1; at < times.length; at++) {
      longest = Math.max(longest, times[at]! - times[at - 1]!);
    }
    return longest;
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
