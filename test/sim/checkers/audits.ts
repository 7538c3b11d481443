/** No node is ever found to hold another state than others: what the nodes find themselves, and tell their logs. */

import type { Report } from "./violation.js";

/** The lines of replica/audits.ts that name two states at one index. */
const FINDINGS: ReadonlySet<string> = new Set([
  "states differ, and no digest is held by most members: nobody can tell who is right",
  "this node's state is not that of most members: it stops",
  "a member's state is not that of most members",
]);

export class Audits {
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  logged(node: number, event: string, fields: object): void {
    if (FINDINGS.has(event)) {
      this.#report("audit", `node ${node}: ${event} ${JSON.stringify(fields)}`);
    }
  }
}
