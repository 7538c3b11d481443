/**
 * What a leader shows of a key without changing it is a state of the committed log - no older than what was
 * committed when the question was asked, and not one that nobody committed. Absence counts as well: a key
 * that is told to be missing behind an uncommitted FLUSHALL was revealed and may come back (trap 44).
 *
 * Linearizability of single keys, by index instead of search: it needs no later contradiction.
 */

import type { Operation } from "../workload/history.js";
import type { CommittedLog } from "./committed-log.js";
import type { Report } from "./violation.js";

type Told = (value: string | null) => boolean;

export class CommittedReads {
  readonly #log: CommittedLog;
  readonly #report: Report;
  checked = 0;

  constructor(log: CommittedLog, report: Report) {
    this.#log = log;
    this.#report = report;
  }

  answered(operation: Operation): void {
    const told = whatIsTold(operation);
    if (told === null) return;
    this.checked += 1;
    // Before its first change a key is missing.
    let value: string | null = null;
    const changes = this.#log.changesOf(operation.key);
    for (let at = 0; ; at++) {
      const next = changes[at];
      if ((next === undefined || next.index > operation.committedBefore) && told(value)) return;
      if (next === undefined) break;
      value = next.value;
    }
    this.#report(
      "committed reads",
      `${operation.argv.join(" ")} on node ${operation.node} was answered ${String(operation.reply)}: no committed state since index ${operation.committedBefore} says so`,
    );
  }
}

/** What the answer says about the key; null: it changed the key, or says nothing. */
function whatIsTold({ model, argv, reply }: Operation): Told | null {
  if (model !== "register" && model !== "counter" && model !== "expiring") return null;
  switch (argv[0]) {
    case "GET":
      return (value) => value === reply;
    case "EXISTS":
      return (value) => (value === null ? 0 : 1) === reply;
    case "SETNX":
      return reply === 0 ? (value) => value !== null : null;
    case "DEL":
      return reply === 0 ? (value) => value === null : null;
    case "GETDEL":
      return reply === null ? (value) => value === null : null;
    case "SET":
      return reply === null ? (value) => value === null : null;
    default:
      return null;
  }
}
