/**
 * Lost updates: two transactions read a list in the same state, and both appended to it. Whichever came second must
 * have read what the first appended.
 */

import { seconds, shown } from "../words.js";
import type { Findings } from "./findings.js";
import type { KeyOrder } from "./orders.js";
import type { KeyUse, Transaction } from "./transactions.js";

export function checkLostUpdates(
  { key, appended }: KeyUse,
  { reads }: KeyOrder,
  transactions: readonly Transaction[],
  findings: Findings,
): void {
  const writers = new Set([...appended.values()].map(({ writer }) => writer));
  /** By length read: the first that read so much and appended. */
  const updaters = new Map<number, number>();
  for (const { reader, elements, ownBefore } of reads) {
    if (ownBefore > 0 || !writers.has(reader)) continue;
    const first = updaters.get(elements.length);
    if (first === undefined) updaters.set(elements.length, reader);
    else if (first !== reader) {
      findings.add("lost update", () => {
        const [a, b] = [transactions[first]!.operation, transactions[reader]!.operation];
        return {
          text:
            `Client ${a.process} (done at ${seconds(a.completedAt)}) and client ${b.process} (done at ${seconds(b.completedAt)}) ` +
            `both found ${elements.length} elements in list ${shown(key)} and appended to it, as if the other had not been there.`,
          key,
          operations: [a.index, b.index],
          impossible: null,
        };
      });
    }
  }
}
