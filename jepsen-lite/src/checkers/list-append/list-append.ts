/**
 * Strict serializability of transactions that append unique elements to lists and read whole lists. A list tells its
 * own history, so what each transaction saw and missed is known without a search (Kingsbury and Alvaro, "Elle:
 * Inferring Isolation Anomalies from Experimental Observations", 2020): either all "before" go one way, or there is a
 * cycle. Transactions may be of one step. Every kind of anomaly makes a history invalid.
 *
 * Presumes that lists are only ever appended to: nothing removes elements or keys.
 */

import type { History } from "../../history/history.js";
import type { Checker, Verdict } from "../verdict.js";
import { findCycles } from "./cycles.js";
import { Findings } from "./findings.js";
import { graphOf } from "./graph.js";
import { checkLostUpdates } from "./lost-updates.js";
import { keyOrder } from "./orders.js";
import { checkOwnViews } from "./own-view.js";
import { happenedOf, keyUses, transactionsOf } from "./transactions.js";

/** Of operations `txn`. Throws when an element is appended twice to a key, or a value is no transaction. */
export const listAppend: Checker = (history: History): Verdict => {
  const transactions = transactionsOf(history);
  const findings = new Findings();
  checkOwnViews(transactions, findings);
  const uses = keyUses(transactions);
  const happened = happenedOf(transactions, uses);
  const orders = uses.map((use) => keyOrder(use, { transactions, happened, findings }));
  uses.forEach((use, i) => {
    checkLostUpdates(use, orders[i]!, transactions, findings);
  });
  const { graph, nodes } = graphOf(transactions, happened, orders);
  const cycles = findCycles({ graph, nodes, transactions, orders }, findings);
  return {
    checker: "list-append",
    validity: findings.isEmpty ? "valid" : "invalid",
    anomalies: findings.anomalies(),
    figures: {
      transactions: transactions.length,
      keys: uses.length,
      elements: uses.reduce((sum, { appended }) => sum + appended.size, 0),
      edges: graph.to.length,
      cycles,
      ...findings.counts,
    },
  };
};
