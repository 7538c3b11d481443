/** Histories for tests of checkers, told line by line: who did what from when to when, and what came of it. */

import type { Json, Outcome } from "../../history/event.js";
import type { FaultEpisode, History, Operation } from "../../history/history.js";
import type { Verdict } from "../verdict.js";

interface Told {
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly process?: number;
  readonly node?: number;
  readonly op: string;
  readonly key?: string | null;
  /** What was asked; of a look what was answered, unless `output` says so. */
  readonly input?: Json;
  readonly output?: Json;
  readonly outcome?: Outcome;
}

/** In any order; each gets a process of its own unless it names one. */
export function told(lines: readonly Told[], faults: readonly FaultEpisode[] = []): History {
  const ordered = lines.toSorted((a, b) => a.from - b.from);
  const operations = ordered.map((line, index): Operation => {
    const { from, to, process = index, node = 1, op, key = "k", outcome = "ok" } = line;
    const { input = null, output = input } = line;
    return {
      index,
      process,
      op,
      key,
      input,
      output: outcome === "ok" ? output : null,
      outcome,
      invokedAt: from * 1_000,
      completedAt: outcome === "info" ? Number.POSITIVE_INFINITY : to * 1_000,
      node,
      error: outcome === "ok" ? null : "told",
    };
  });
  const endedAt = Math.max(0, ...lines.map(({ to }) => to)) * 1_000;
  return { operations, faults, failures: [], endedAt };
}

/** What every node shows at the end. */
export function finals(key: string, outputs: readonly Json[], at = 1_000): Told[] {
  return outputs.map((output, node) => ({
    from: at + node,
    to: at + node,
    op: "final-read",
    key,
    output,
    node: node + 1,
  }));
}

/** `lost write, dirty read`; empty: nothing was found. */
export function kindsOf({ anomalies }: Verdict): string[] {
  return [...new Set(anomalies.map(({ kind }) => kind))];
}
