/**
 * What an answer, or its absence, says about a write: the one table that decides between `fail` and `info`. Wrong in
 * one direction it hides losses (a write that happened is called `fail`, and nobody misses it), wrong in the other it
 * accuses a server of what it never promised. `error-semantics.md` is made of this table.
 *
 * A read that was not answered changed nothing, whatever became of it: it is always `fail`.
 */

import type { Outcome } from "./event.js";

/** Who says it. `harness`: nobody did, the client noticed. */
export type Speaker = "Redis" | "Redoubt" | "both" | "harness";

export interface ErrorRow {
  /** How the error begins, by whole words. */
  readonly begins: string;
  readonly speaker: Speaker;
  /** Of a write that was answered so. */
  readonly write: Exclude<Outcome, "ok">;
  readonly why: string;
}

/** First words of what the client notices itself. Lower case: no server's error begins so. */
export const NOT_CONNECTED = "not-connected";
export const NO_REPLY = "no-reply";
export const NOT_ENOUGH_REPLICAS = "not-enough-replicas";
export const PARTLY_DONE = "partly-done";
export const NO_ROUTE = "no-route";

/** The longest beginning that fits counts. */
export const ERROR_ROWS: readonly ErrorRow[] = [
  {
    begins: NOT_CONNECTED,
    speaker: "harness",
    write: "fail",
    why: "the connection was refused, or gone before the request: nothing was sent",
  },
  {
    begins: NO_ROUTE,
    speaker: "harness",
    write: "fail",
    why: "nobody knew a node to send it to: nothing was sent",
  },
  {
    begins: NO_REPLY,
    speaker: "harness",
    write: "info",
    why: "sent, and the connection was lost or the time was up: it may be done, or still lie in a buffer",
  },
  {
    begins: NOT_ENOUGH_REPLICAS,
    speaker: "harness",
    write: "info",
    why: "WAIT counted fewer replicas than were asked for; Redis takes nothing back, so it may stay",
  },
  {
    begins: PARTLY_DONE,
    speaker: "harness",
    write: "info",
    why: "of the commands of one operation some were done and some were not",
  },
  {
    begins: "READONLY",
    speaker: "both",
    write: "fail",
    why: "a replica or follower refuses writes before they are executed",
  },
  {
    begins: "MOVED",
    speaker: "both",
    write: "fail",
    why: "a redirection: somebody else must be asked, nothing was executed here",
  },
  {
    begins: "CLUSTERDOWN",
    speaker: "both",
    write: "fail",
    why: "nobody leads. Redoubt says it only of what never reached its log",
  },
  {
    begins: "TRYAGAIN",
    speaker: "both",
    write: "fail",
    why: "refused before it was executed",
  },
  {
    begins: "LOADING",
    speaker: "both",
    write: "fail",
    why: "the dataset is being loaded: commands are refused before they are executed",
  },
  {
    begins: "MASTERDOWN",
    speaker: "Redis",
    write: "fail",
    why: "a replica without its master, told not to serve stale data, refuses",
  },
  {
    begins: "NOREPLICAS",
    speaker: "Redis",
    write: "fail",
    why: "min-replicas-to-write is looked at before the command is executed",
  },
  {
    begins: "MISCONF",
    speaker: "Redis",
    write: "fail",
    why: "the last save failed, so writes are refused before they are executed",
  },
  {
    begins: "OOM",
    speaker: "both",
    write: "fail",
    why: "the memory limit is looked at before the command is executed",
  },
  {
    begins: "EXECABORT",
    speaker: "both",
    write: "fail",
    why: "a command was refused while it was queued, so none of the transaction was executed",
  },
  {
    begins: "UNBLOCKED",
    speaker: "both",
    write: "fail",
    why: "a waiting command was sent away unserved because the node's role changed",
  },
  {
    begins: "BUSY",
    speaker: "both",
    write: "fail",
    why: "a script runs, nothing else is executed meanwhile",
  },
  {
    begins: "NOAUTH",
    speaker: "both",
    write: "fail",
    why: "refused before it was executed",
  },
  {
    begins: "INDETERMINATE",
    speaker: "Redoubt",
    write: "info",
    why: "leadership was lost between the log and the majority's word: it may or may not survive",
  },
  {
    begins: "ERR the changes of this command are larger than one log entry can hold",
    speaker: "Redoubt",
    write: "fail",
    why: "a definite refusal; what was done was undone before anybody could see it",
  },
  {
    begins: "ERR the transaction is larger than one log entry can hold",
    speaker: "Redoubt",
    write: "fail",
    why: "refused when it was queued",
  },
  {
    begins: "ERR internal error, nothing was done",
    speaker: "Redoubt",
    write: "fail",
    why: "a handler threw and its changes were undone",
  },
];

export interface Judgement {
  readonly outcome: Exclude<Outcome, "ok">;
  /** Not in the table: it counts as unknown, and the run's notes tell of it. */
  readonly isListed: boolean;
}

/** `error`: as the server wrote it, or one of the harness's own beginnings. */
export function judge(error: string, isWrite: boolean): Judgement {
  const row = rowOf(error);
  if (!isWrite) return { outcome: "fail", isListed: row !== null };
  return { outcome: row?.write ?? "info", isListed: row !== null };
}

function rowOf(error: string): ErrorRow | null {
  let best: ErrorRow | null = null;
  for (const row of ERROR_ROWS) {
    if (!error.startsWith(row.begins)) continue;
    const isWhole = error.length === row.begins.length || !/\w/.test(error[row.begins.length]!);
    if (isWhole && row.begins.length > (best?.begins.length ?? 0)) best = row;
  }
  return best;
}

/** The page `error-semantics.md`. */
export function errorSemanticsPage(): string {
  const rows = ERROR_ROWS.map(
    ({ begins, speaker, write, why }) => `| \`${begins}\` | ${speaker} | ${write} | ${why} |`,
  );
  return `# What an error says about a write

Generated from \`src/history/error-semantics.ts\`; a test keeps it fresh.

- \`ok\`: done, as the server promised it in its mode (with WAIT: by as many replicas as were asked for).
- \`fail\`: certainly not done, now or ever. If its value is seen nevertheless, that is an anomaly.
- \`info\`: unknown. It may have happened, may happen later, or never; seen or not, both are right.

A read that was not answered is always \`fail\`: it changed nothing. A write's error that is not listed is \`info\`, and
the run's notes name it. The longest beginning that fits counts. Lower case: no server said it, the client noticed.

| error begins | said by | a write is | because |
|---|---|---|---|
${rows.join("\n")}
`;
}
