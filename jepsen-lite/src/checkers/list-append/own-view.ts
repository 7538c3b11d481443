/**
 * Internal consistency: within one transaction a list is what it read before, and what it appended since behind it. It
 * needs no other transaction to be seen.
 */

import { seconds, shown, shownList } from "../words.js";
import type { Findings } from "./findings.js";
import type { Transaction } from "./transactions.js";

/** What a transaction knows of one list. */
interface View {
  /** As it last read it; null: it has not. */
  readonly read: readonly string[] | null;
  /** Appended since. */
  readonly own: readonly string[];
}

const NOTHING: View = { read: null, own: [] };

export function checkOwnViews(transactions: readonly Transaction[], findings: Findings): void {
  for (const transaction of transactions) {
    if (transaction.operation.outcome === "ok" && transaction.steps.length > 1)
      checkOwnView(transaction, findings);
  }
}

function checkOwnView({ operation, steps }: Transaction, findings: Findings): void {
  const views = new Map<string, View>();
  const { process, index, completedAt } = operation;
  const report = (key: string, text: string): void =>
    findings.add("internal", () => ({
      text: `Client ${process}'s transaction that ended at ${seconds(completedAt)} ${text}`,
      key,
      operations: [index],
      impossible: index,
    }));
  for (const step of steps) {
    const { key } = step;
    const { read, own } = views.get(key) ?? NOTHING;
    if (step.kind === "append") {
      const known = read === null ? null : read.length + own.length + 1;
      if (known !== null && step.length !== null && step.length !== known)
        report(
          key,
          `had ${known - 1} elements in list ${shown(key)}, and its next made ${step.length} of them.`,
        );
      views.set(key, { read, own: [...own, step.element] });
    } else if (step.elements !== null) {
      if (!follows(step.elements, read, own))
        report(
          key,
          `read ${shownList(step.elements)} from list ${shown(key)}, which is not what it had read and appended there itself.`,
        );
      views.set(key, { read: step.elements, own: [] });
    }
  }
}

function follows(
  elements: readonly string[],
  read: readonly string[] | null,
  own: readonly string[],
): boolean {
  const before = elements.length - own.length;
  if (before < 0 || own.some((element, i) => elements[before + i] !== element)) return false;
  if (read === null) return true;
  return before === read.length && read.every((element, i) => elements[i] === element);
}
