/**
 * EXEC is one atomic part of one entry (trap 51): the two keys of a pair, always written together, are equal
 * behind every committed entry and in every answer.
 */

import type { Operation } from "../workload/history.js";
import type { CommittedEntry, CommittedLog } from "./committed-log.js";
import type { Report } from "./violation.js";

export class Transactions {
  readonly #log: CommittedLog;
  readonly #report: Report;
  checked = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  committed({ entry, touched }: CommittedEntry): void {
    if (touched === null) return;
    for (const key of touched) {
      if (!key.startsWith("pair") || !key.endsWith(":a")) continue;
      this.checked += 1;
      const pair = key.slice(0, -2);
      const a = this.#log.valueOf(key);
      const b = this.#log.valueOf(`${pair}:b`);
      if (a === b) continue;
      this.#report("transactions", `index ${entry.index} has half of ${pair}: ${a} and ${b}`);
    }
  }

  answered({ argv, reply, key, node }: Operation): void {
    if (argv[0] !== "MGET" || !Array.isArray(reply)) return;
    const [a, b] = reply;
    if (a === b) return;
    this.#report("transactions", `node ${node} shows ${key}: ${String(a)} and ${String(b)}`);
  }
}
