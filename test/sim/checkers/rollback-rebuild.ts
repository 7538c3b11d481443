/**
 * Rollback equals rebuild: the state a deposed leader went back to is the one a fresh keyspace has after the
 * committed log up to that index, applied from scratch. The same for every node at the end of a run.
 */

import { applyBatch, Keyspace, stateDigest } from "@redoubt/keyspace";
import { EntryKind, type Index } from "@redoubt/raft";
import type { SimulatedNode } from "../world/node.js";
import type { CommittedLog } from "./committed-log.js";
import type { Report } from "./violation.js";

export class RollbackRebuild {
  readonly #log: CommittedLog;
  readonly #report: Report;
  #rebuilt = new Keyspace();
  #index: Index = 0;
  rollbacks = 0;
  compared = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  rolledBack(node: SimulatedNode, applied: Index): void {
    this.rollbacks += 1;
    this.compare(node, applied, "rolled back to");
  }

  /** A node's whole state is that of `index`, which somebody applied. */
  compare(node: SimulatedNode, index: Index, how: string): void {
    if (index > this.#log.last) {
      this.#report("rollback equals rebuild", `node ${node.id} is at ${index}: nobody applied it`);
      return;
    }
    this.#advanceTo(index);
    this.compared += 1;
    if (node.replica!.stateDigest().digest === stateDigest(this.#rebuilt)) return;
    this.#report("rollback equals rebuild", `index ${index} ${how} on node ${node.id} differs`);
  }

  /** Forward from where it stands; back only by beginning anew. */
  #advanceTo(index: Index): void {
    if (index < this.#index) {
      this.#rebuilt = new Keyspace();
      this.#index = 0;
    }
    while (this.#index < index) {
      this.#index += 1;
      const { entry } = this.#log.at(this.#index)!;
      if (entry.kind === EntryKind.batch) applyBatch(this.#rebuilt, entry.payload);
    }
  }
}
