/**
 * A leader never cuts its log (Raft, figure 3): a node that led a term asks its storage for no truncation
 * while that is its term. There is nobody else of that term who could make it.
 */

import type { Persist, Term } from "@redoubt/raft";
import type { Report } from "./violation.js";

export class LeaderAppendOnly {
  readonly #report: Report;
  readonly #terms = new Map<number, Term>();
  readonly #led = new Map<number, Term>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** On an empty disk nothing was led. */
  born(node: number): void {
    this.#led.delete(node);
    this.#terms.delete(node);
  }

  became(node: number, term: Term): void {
    this.#led.set(node, term);
    this.#terms.set(node, term);
  }

  /** In the order in which storage was given them. */
  written(node: number, { hardState, install, truncateFrom, entries }: Persist): void {
    if (hardState !== null) this.#terms.set(node, hardState.term);
    const term = this.#terms.get(node);
    if (term === undefined || this.#led.get(node) !== term) return;
    if (install !== undefined) {
      this.#report("leader append-only", `node ${node} leads term ${term}, installed a snapshot`);
    }
    if (truncateFrom > 0) {
      this.#report("leader append-only", `node ${node} leads term ${term}, cut at ${truncateFrom}`);
    }
    for (const entry of entries) {
      if (entry.term === term) continue;
      this.#report(
        "leader append-only",
        `node ${node} leads term ${term}, wrote entry ${entry.index} of term ${entry.term}`,
      );
    }
  }
}
