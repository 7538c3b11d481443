/** Nothing revealed and then lost: a value that is shown is in a committed entry at that moment. */

import type { Operation } from "../workload/history.js";
import type { CommittedLog } from "./committed-log.js";
import { tokensOf } from "./tokens.js";
import type { Report } from "./violation.js";

export class Revealed {
  readonly #log: CommittedLog;
  readonly #report: Report;
  checked = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  answered(operation: Operation): void {
    for (const token of tokensOf(operation.reply!)) {
      this.checked += 1;
      if (this.#log.tokens.has(token)) continue;
      this.#report(
        "revealed",
        `${token} was shown by ${operation.argv.slice(0, 2).join(" ")} on node ${operation.node} and is not committed`,
      );
    }
  }
}
