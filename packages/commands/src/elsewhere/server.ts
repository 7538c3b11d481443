/** CONFIG, INFO, ROLE, DEBUG, SHUTDOWN: about the process. The server executes them. */

import type { RowSpec } from "../row.js";
import type { CommandFlag, Visibility } from "../types.js";

const adminFlags: readonly CommandFlag[] = ["admin", "noscript", "loading", "stale"];

type ServerRow = Omit<RowSpec, "group" | "executor" | "visibility">;

function serverRow(row: ServerRow, visibility: Visibility = "noKeyspace"): RowSpec {
  return { ...row, group: "server", executor: "host", visibility };
}

const config: readonly RowSpec[] = [
  serverRow({
    name: "get",
    arity: -3,
    flags: adminFlags,
    summary: "Settings whose names match.",
    since: "2.0.0",
    complexity: "O(N), N: patterns given",
    syntax: "parameter:string...",
  }),
  serverRow({
    name: "set",
    arity: -4,
    flags: adminFlags,
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    summary: "Changes settings of the running process, all of them or none.",
    since: "2.0.0",
    complexity: "O(N), N: settings given",
    syntax: "data{parameter:string value:string}...",
  }),
  serverRow({
    name: "resetstat",
    arity: 2,
    flags: adminFlags,
    summary: "Sets the counters of INFO to zero.",
    since: "2.0.0",
    complexity: "O(1)",
  }),
  serverRow({
    name: "rewrite",
    arity: 2,
    flags: adminFlags,
    summary: "Writes the settings in force back to the configuration file.",
    since: "2.8.0",
    complexity: "O(1)",
  }),
  serverRow({
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    summary: "The subcommands of CONFIG.",
    since: "5.0.0",
    complexity: "O(1)",
  }),
];

/** Redis has one DEBUG row; here each subcommand says what it reveals. */
const debug: readonly RowSpec[] = [
  serverRow({
    name: "sleep",
    arity: 3,
    flags: adminFlags,
    summary: "Stops the process for so many seconds.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "seconds:double",
  }),
  serverRow(
    {
      name: "digest",
      arity: 2,
      flags: adminFlags,
      summary: "Redis's digest of the dataset.",
      since: "1.0.0",
      complexity: "O(N), N: keys",
    },
    "wholeKeyspace",
  ),
  serverRow(
    {
      name: "statedigest",
      arity: 2,
      flags: adminFlags,
      summary: "Digest of keys, values, deadlines and log time, with the index it belongs to.",
      since: "7.2.0",
      complexity: "O(N), N: keys",
    },
    "wholeKeyspace",
  ),
];

export const serverRows: readonly RowSpec[] = [
  serverRow({
    name: "config",
    arity: -2,
    summary: "Reads and changes settings.",
    since: "2.0.0",
    complexity: "Depends on the subcommand",
    subcommands: config,
  }),
  serverRow(
    {
      name: "info",
      arity: -1,
      flags: ["loading", "stale"],
      categories: ["dangerous"],
      tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
      summary: "Facts and counters about this node, by section.",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "[section:string...]",
    },
    "wholeKeyspace",
  ),
  serverRow({
    name: "role",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    summary: "Whether this node leads, and whom it follows or feeds.",
    since: "2.8.12",
    complexity: "O(1)",
  }),
  serverRow({
    name: "debug",
    arity: -2,
    flags: adminFlags,
    summary: "For tests and for finding faults.",
    since: "1.0.0",
    complexity: "Depends on the subcommand",
    subcommands: debug,
  }),
  serverRow({
    name: "shutdown",
    arity: -1,
    flags: ["admin", "noscript", "loading", "stale", "no_multi", "allow_busy"],
    summary:
      "Stops this node, on demand behind a snapshot; what was acknowledged is durable already.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "[save-selector(NOSAVE | SAVE)] [NOW] [FORCE] [ABORT]",
  }),
];
