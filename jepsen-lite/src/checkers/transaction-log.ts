/**
 * A log and a balance, written in one pipeline, the entry first. So whenever both are read together the balance is no
 * more than the entries there add up to, and no less than what had been acknowledged. Entries are there once.
 */

import type { History, Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import { StepSum } from "./over-time.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

export const transactionLog: Checker = (history) => {
  const findings = new Findings("transaction log");
  let looks = 0;
  for (const [key, { entries, reads }] of byKey(history)) {
    const certain = new StepSum();
    for (const { input, outcome, completedAt } of entries) {
      if (outcome === "ok") certain.add(completedAt, (input as { amount: number }).amount);
    }
    for (const read of reads) {
      looks += 1;
      checkLook(findings, key, read, certain.before(read.invokedAt));
      const missing = entries.findLast(
        ({ outcome, completedAt }) => outcome === "ok" && completedAt < read.invokedAt,
      );
      if (missing !== undefined) checkNewest(findings, key, read, missing);
    }
  }
  return findings.verdict({ looks });
};

interface LogState {
  readonly elements: readonly string[];
  readonly balance: number;
}

function byKey({ operations }: History): Map<string, { entries: Operation[]; reads: Operation[] }> {
  const keys = new Map<string, { entries: Operation[]; reads: Operation[] }>();
  for (const operation of operations) {
    if (operation.op !== "log") continue;
    const of = keys.get(operation.key!) ?? { entries: [], reads: [] };
    keys.set(operation.key!, of);
    of.entries.push(operation);
  }
  for (const operation of operations) {
    const { op, key, outcome } = operation;
    if (outcome !== "ok" || (op !== "read-log" && op !== "final-read")) continue;
    keys.get(key!)?.reads.push(operation);
  }
  return keys;
}

function checkLook(findings: Findings, key: string, read: Operation, acknowledged: number): void {
  const { elements, balance } = read.output as unknown as LogState;
  const sum = elements.reduce((total, element) => total + amountOf(element), 0);
  const at = seconds(read.completedAt);
  const found = (kind: string, figure: string, text: string): void =>
    findings.add({ kind, figure, text, key, operations: [read], impossible: read });
  if (balance > sum) {
    const text = `At ${at} the balance was ${balance}, and the entries add up to ${sum}: an amount counts without its entry.`;
    found("order broken", "balanceWithoutEntry", text);
  }
  if (balance < acknowledged) {
    const text = `At ${at} the balance was ${balance}, and ${acknowledged} had been acknowledged.`;
    found("lost increment", "lostAmounts", text);
  }
  if (new Set(elements).size !== elements.length) {
    found("duplicated entry", "duplicates", `At ${at} the log had one entry twice.`);
  }
}

/** All of them the final reads check; the newest one while the run goes on finds what is stale. */
function checkNewest(findings: Findings, key: string, read: Operation, entry: Operation): void {
  const { elements } = read.output as unknown as LogState;
  const { element } = entry.input as { element: string };
  if (elements.includes(element)) return;
  findings.add({
    kind: "stale read",
    figure: "staleReads",
    text: `The log read at ${seconds(read.invokedAt)} lacks ${shown(element)}, which had been acknowledged at ${seconds(entry.completedAt)}.`,
    key,
    operations: [entry, read],
    impossible: read,
  });
}

function amountOf(element: string): number {
  return Number(element.slice(element.indexOf(":") + 1));
}
