/**
 * Rare code paths by name, and whether a run went there. A path nobody took for hundreds of histories proves
 * nothing about itself: main.ts says so loudly.
 *
 * A path is known by the constant text of a line in a node's log, by the error code a client got, or by what a
 * checker counted. To add one, add a line here.
 */

import type { RunResult } from "./run.js";

interface RarePath {
  readonly name: string;
  /** How often this run took it. */
  readonly count: (result: RunResult) => number;
}

/** Lines of the log by their text; those that name a problem, with it. */
const LOG_LINES = [
  "stepped down: no quorum heard",
  "stepped down: the own disk stands still",
  "stepped down: removed",
  "removed from the cluster",
  "a higher term was seen",
  "vote refused: a leader is heard",
  "append refused",
  "log cut",
  "leadership lost",
  "message of another incarnation",
  "message refused: not a member",
  "lease voided: a clock jumped",
  "leadership transfer begins",
  "leadership transfer aborted",
  "campaigns by leave of the leader",
  "configuration appended",
  "configuration back in force",
  "joint configuration left",
  "learner promoted",
  "witness leads",
  "snapshot begins",
  "snapshot sent",
  "snapshot resumed",
  "snapshot refused",
  "snapshot installed",
  "configuration from a snapshot",
  "state loaded",
  "the state gives way to a snapshot's before that is read: both do not fit",
  "state digest told",
  "audit given up",
] as const;

/** Answers that tell a client what became of its request. */
const ERROR_CODES = ["INDETERMINATE", "MOVED", "CLUSTERDOWN", "UNBLOCKED"] as const;

const CHECKED = {
  "rolled back, and compared with a rebuild": "rollbacks",
  "an EXEC was judged as a whole": "transactions",
  "an element of a queue was taken": "queueElements",
  "who waited for an element got it": "waitsServed",
  "a replica's read was judged": "monotoneReads",
  "a leader's read was judged by index": "committedReads",
  "a deposed leader's lease was judged": "leases",
} as const satisfies Record<string, keyof RunResult>;

export const RARE_PATHS: readonly RarePath[] = [
  ...LOG_LINES.map((line) => ({ name: line, count: ({ lines }: RunResult) => lines[line] ?? 0 })),
  ...ERROR_CODES.map((code) => ({
    name: `answered ${code}`,
    count: ({ errors }: RunResult) => errors[code] ?? 0,
  })),
  ...Object.entries(CHECKED).map(([name, figure]) => ({
    name,
    count: (result: RunResult) => result[figure],
  })),
];

/** Counts lines of the nodes' logs. */
export class LogLines {
  readonly counts: Record<string, number> = {};

  logged(event: string, fields: object): void {
    this.#add(event);
    const { problem } = fields as { readonly problem?: string };
    if (problem !== undefined) this.#add(`${event}: ${problem}`);
  }

  #add(line: string): void {
    this.counts[line] = (this.counts[line] ?? 0) + 1;
  }
}
