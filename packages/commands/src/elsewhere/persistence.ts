/** SAVE and its kin: a snapshot of this node, which shortens its log and its next start. The server executes them. */

import type { RowSpec } from "../row.js";
import type { CommandFlag } from "../types.js";

const saveFlags: readonly CommandFlag[] = ["admin", "noscript", "no_async_loading"];

type PersistenceRow = Omit<RowSpec, "group" | "executor" | "visibility" | "since">;

function persistenceRow(row: PersistenceRow): RowSpec {
  return { ...row, since: "1.0.0", group: "server", executor: "host", visibility: "noKeyspace" };
}

export const persistenceRows: readonly RowSpec[] = [
  persistenceRow({
    name: "bgrewriteaof",
    arity: 1,
    flags: saveFlags,
    summary: "Shortens the log: makes a snapshot, and drops what it covers.",
    complexity: "O(1); a thread writes the dataset",
  }),
  persistenceRow({
    name: "bgsave",
    arity: -1,
    flags: saveFlags,
    summary: "Makes a snapshot of this node; does not wait for it.",
    complexity: "O(1); a thread writes the dataset",
    syntax: "[SCHEDULE]",
  }),
  persistenceRow({
    name: "lastsave",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    tips: ["nondeterministic_output"],
    summary: "When the last snapshot was made, in seconds since the epoch.",
    complexity: "O(1)",
  }),
  persistenceRow({
    name: "save",
    arity: 1,
    flags: [...saveFlags, "no_multi"],
    summary: "Makes a snapshot of this node and waits for it; other clients are served meanwhile.",
    complexity: "O(1); a thread writes the dataset",
  }),
];
