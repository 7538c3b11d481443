/**
 * Acknowledged, never lost: a write that was answered is in a committed entry at that very moment, and
 * committed entries never change (state-machine safety). So it stays.
 */

import type { Operation } from "../workload/history.js";
import type { CommittedLog } from "./committed-log.js";
import { acknowledgesItsValue, tokensOf } from "./tokens.js";
import type { Report } from "./violation.js";

export class Acknowledged {
  readonly #log: CommittedLog;
  readonly #report: Report;
  checked = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  answered(operation: Operation): void {
    if (!acknowledgesItsValue(operation)) return;
    for (const token of tokensOf(operation.argv.slice(2))) {
      this.checked += 1;
      if (this.#log.tokens.has(token)) continue;
      this.#report(
        "acknowledged",
        `${token} of ${operation.argv[0]} ${operation.key} on node ${operation.node} is not committed`,
      );
    }
  }
}
