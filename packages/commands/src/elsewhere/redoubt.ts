/** REDOUBT: what Redis has no words for, the members of the cluster and its leadership. The server executes it. */

import type { RowSpec } from "../row.js";
import type { CommandFlag } from "../types.js";

const adminFlags: readonly CommandFlag[] = ["admin", "noscript", "loading", "stale"];
/** A change is an entry of its own in the log: it can't stand in the middle of EXEC's. */
const changeFlags: readonly CommandFlag[] = [...adminFlags, "no_multi"];

type RedoubtRow = Omit<RowSpec, "group" | "executor" | "visibility" | "since">;

function redoubtRow(row: RedoubtRow): RowSpec {
  return { ...row, since: "7.2.0", group: "cluster", executor: "host", visibility: "noKeyspace" };
}

const conditions = "[FORCE] [IF configuration-index:integer]";

const member: readonly string[] = [
  "LIST",
  `add{ADD id:integer address:string [WITNESS] [NOPROMOTE] ${conditions}}`,
  `promote{PROMOTE id:integer ${conditions}}`,
  `remove{REMOVE id:integer ${conditions}}`,
  `replace{REPLACE id:integer address:string ${conditions}}`,
];

export const redoubtRows: readonly RowSpec[] = [
  redoubtRow({
    name: "redoubt",
    arity: -2,
    summary: "About the members of the cluster and its leadership.",
    complexity: "Depends on the subcommand",
    subcommands: [
      redoubtRow({
        name: "status",
        arity: 2,
        flags: adminFlags,
        tips: ["nondeterministic_output"],
        summary: "The cluster as this node sees it: leadership, log, members.",
        complexity: "O(N), N: members",
      }),
      redoubtRow({
        name: "member",
        arity: -3,
        flags: changeFlags,
        tips: ["nondeterministic_output"],
        summary: "Lists the members; on the leader, adds, promotes, removes or replaces one.",
        complexity: "O(N), N: members",
        syntax: `subcommand(${member.join(" | ")})`,
      }),
      redoubtRow({
        name: "transfer",
        arity: -2,
        flags: changeFlags,
        summary: "On the leader: hands leadership to that member, or to the one that lacks least.",
        complexity: "O(1)",
        syntax: "[id:integer]",
      }),
      redoubtRow({
        name: "snapshot",
        arity: -2,
        flags: adminFlags,
        tips: ["nondeterministic_output"],
        summary: "The newest snapshot of this node, or a piece of one's file.",
        complexity: "O(N), N: bytes",
        syntax: "[read{READ index:integer digest:integer offset:integer bytes:integer}]",
      }),
      redoubtRow({
        name: "log",
        arity: -3,
        flags: adminFlags,
        tips: ["nondeterministic_output"],
        summary: "Committed entries of this node's log.",
        complexity: "O(N), N: bytes",
        syntax: "subcommand(read{READ first:integer last:integer bytes:integer})",
      }),
      redoubtRow({
        name: "help",
        arity: 2,
        flags: ["loading", "stale"],
        summary: "The subcommands of REDOUBT.",
        complexity: "O(1)",
      }),
    ],
  }),
];
