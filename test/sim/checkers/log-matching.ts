/**
 * Log matching: two durable logs with an entry of the same index and term agree in it and in everything
 * before it (Raft, figure 3). Checksums are a chain: equal ones say that the whole prefix is equal.
 */

import type { Index, Persist, Term } from "@redoubt/raft";
import type { Report } from "./violation.js";

interface Written {
  readonly term: Term;
  readonly checksum: number;
  readonly node: number;
}

export class LogMatching {
  readonly #report: Report;
  /** By index: what was ever written there; one for each term, and terms are few. */
  readonly #written: (Written[] | undefined)[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  written(node: number, { install, entries }: Persist): void {
    if (install !== undefined) this.#compare(node, install.index, install.term, install.checksum);
    for (const { index, term, checksum } of entries) this.#compare(node, index, term, checksum);
  }

  #compare(node: number, index: Index, term: Term, checksum: number): void {
    const all = this.#written[index];
    if (all === undefined) {
      this.#written[index] = [{ term, checksum, node }];
      return;
    }
    const known = all.find((each) => each.term === term);
    if (known === undefined) all.push({ term, checksum, node });
    else if (known.checksum !== checksum) {
      this.#report(
        "log matching",
        `index ${index} of term ${term} differs on nodes ${known.node} and ${node}`,
      );
    }
  }
}
