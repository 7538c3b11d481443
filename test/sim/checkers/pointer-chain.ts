/**
 * The chain of pointers, against the disk and not only against each other as production asserts it:
 * what is applied is durable on this very node, applied <= committed <= appended, flushed <= appended, and
 * none of applied, committed and term goes back while a process lives.
 */

import type { Entry } from "@redoubt/raft";
import type { ReplicaStatus } from "@redoubt/replica";
import type { SimulatedNode } from "../world/node.js";
import { durableLast, holds } from "./durable.js";
import type { Report } from "./violation.js";

interface Seen {
  readonly crashes: number;
  readonly applied: number;
  readonly commit: number;
  readonly term: number;
}

export class PointerChain {
  readonly #report: Report;
  readonly #seen = new Map<number, Seen>();

  constructor(report: Report) {
    this.#report = report;
  }

  applied(node: SimulatedNode, { index, checksum }: Entry): void {
    if (holds(node.disk, index, checksum)) return;
    this.#report("pointer chain", `node ${node.id} applied ${index}, which is not on its disk`);
  }

  looked(node: SimulatedNode, status: ReplicaStatus): void {
    const { applied, commit, appended, flushed, executed, serving, term } = status;
    const durable = durableLast(node.disk).index;
    const inOrder =
      applied <= commit &&
      commit <= appended &&
      flushed <= appended &&
      applied <= flushed &&
      executed >= applied &&
      executed <= (serving ? appended + 1 : applied);
    const text = `applied ${applied}, commit ${commit}, flushed ${flushed}, appended ${appended}, executed ${executed}, disk ${durable}`;
    if (!inOrder) this.#report("pointer chain", `node ${node.id}: ${text}`);
    const before = this.#seen.get(node.id);
    this.#seen.set(node.id, { crashes: node.crashes, applied, commit, term });
    if (before === undefined || before.crashes !== node.crashes) return;
    if (applied < before.applied || commit < before.commit || term < before.term) {
      this.#report("pointer chain", `node ${node.id} went back: ${text}`);
    }
  }
}
