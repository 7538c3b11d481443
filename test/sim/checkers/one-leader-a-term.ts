/** Election safety: at most one node ever becomes leader of a term (Raft, figure 3). */

import type { Term } from "@redoubt/raft";
import type { Report } from "./violation.js";

export class OneLeaderATerm {
  readonly #leaders = new Map<Term, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  get terms(): number {
    return this.#leaders.size;
  }

  leaderOf(term: Term): number | undefined {
    return this.#leaders.get(term);
  }

  became(node: number, term: Term): void {
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, node);
    // The same node again: it lost its memory of having led, which a second leader would show.
    else this.#report("one leader a term", `term ${term}: nodes ${known} and ${node}`);
  }
}
