/** Transfers between accounts keep the sum and make no debts: in whatever is read, while they happen and at the end. */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds } from "./words.js";

/** Of all accounts together, before and after any transfer. */
export const BANK_TOTAL = 500;

export const bankChecker: Checker = (history) => {
  const findings = new Findings("bank");
  const reads = history.operations.filter(
    ({ op, key, outcome }) =>
      outcome === "ok" && (op === "read-accounts" || (op === "final-read" && key === "accounts")),
  );
  for (const read of reads) checkRead(findings, read);
  const transfers = history.operations.filter(({ op }) => op === "transfer");
  const made = transfers.filter(({ outcome, output }) => outcome === "ok" && output === true);
  return findings.verdict(
    { reads: reads.length, transfers: transfers.length, made: made.length },
    reads.some(({ op }) => op === "final-read") ? 0 : 1,
  );
};

function checkRead(findings: Findings, read: Operation): void {
  const balances = Object.entries(read.output as Record<string, number>);
  const total = balances.reduce((sum, [, balance]) => sum + balance, 0);
  const debt = balances.find(([, balance]) => balance < 0);
  const at = seconds(read.completedAt);
  if (total !== BANK_TOTAL) {
    findings.add({
      kind: "wrong total",
      figure: "wrongTotals",
      text: `At ${at} all accounts together held ${total} instead of ${BANK_TOTAL}: half a transfer was seen or stayed.`,
      key: null,
      operations: [read],
      impossible: read,
    });
  }
  if (debt !== undefined) {
    findings.add({
      kind: "negative balance",
      figure: "debts",
      text: `At ${at} account ${debt[0]} held ${debt[1]}: more was taken than there was.`,
      key: null,
      operations: [read],
      impossible: read,
    });
  }
}
