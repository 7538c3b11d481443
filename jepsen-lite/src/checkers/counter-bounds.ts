/**
 * A counter that only grows. Whatever it shows lies between what was certainly added before the look began and what
 * may have been added before it ended; and it never goes back. At the end the same holds on every node.
 */

import type { History, Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import { PrefixMax, StepSum } from "./over-time.js";
import type { Checker } from "./verdict.js";
import { seconds } from "./words.js";

export const counterBounds: Checker = (history) => {
  const findings = new Findings("counter");
  let looks = 0;
  for (const [key, { increments, reads }] of byKey(history)) {
    looks += reads.length;
    const certain = new StepSum();
    const possible = new StepSum();
    for (const { input, outcome, invokedAt, completedAt } of increments) {
      if (outcome === "ok") certain.add(completedAt, input as number);
      if (outcome !== "fail") possible.add(invokedAt, input as number);
    }
    const highest = new PrefixMax<Look>();
    for (const look of reads) highest.add(look.operation.completedAt, look.value, look);
    for (const { operation, value } of reads) {
      const { invokedAt, completedAt } = operation;
      const low = certain.before(invokedAt);
      const before = highest.before(invokedAt);
      const high = possible.upTo(completedAt);
      const found = (kind: string, figure: string, text: string, also: Operation[]): void =>
        findings.add({ kind, figure, text, key, operations: also, impossible: operation });
      const shownAt = `At ${seconds(completedAt)} the counter showed ${value}`;
      if (value < low) {
        const text = `${shownAt}, and ${low} had been acknowledged before.`;
        found("lost increment", "tooLow", text, []);
      } else if (value > high) {
        const text = `${shownAt}, and no more than ${high} had been asked for.`;
        found("out of thin air", "tooHigh", text, []);
      } else if (before !== null && before.value > value) {
        const text = `${shownAt}, and ${before.value} at ${seconds(before.operation.completedAt)} before.`;
        found("counter went back", "backwards", text, [before.operation]);
      }
    }
  }
  return findings.verdict({ looks });
};

interface Look {
  readonly operation: Operation;
  readonly value: number;
}

function byKey({ operations }: History): Map<string, { increments: Operation[]; reads: Look[] }> {
  const keys = new Map<string, { increments: Operation[]; reads: Look[] }>();
  const of = (key: string): { increments: Operation[]; reads: Look[] } => {
    const found = keys.get(key) ?? { increments: [], reads: [] };
    keys.set(key, found);
    return found;
  };
  for (const operation of operations) {
    if (operation.op === "increment") of(operation.key!).increments.push(operation);
  }
  for (const operation of operations) {
    const { op, key, outcome, output } = operation;
    if (outcome !== "ok" || key === null || !keys.has(key)) continue;
    if (op === "read-counter" || op === "increment") {
      of(key).reads.push({ operation, value: output as number });
    } else if (op === "final-read") {
      of(key).reads.push({ operation, value: Number(output ?? 0) });
    }
  }
  return keys;
}
