/**
 * CLUSTER's words that change a cluster, and those that only Redis's own cluster has: its clients and
 * tools say them, so they get an answer that helps. The server executes them.
 */

import type { RowSpec } from "../row.js";
import type { CommandFlag } from "../types.js";

const changeFlags: readonly CommandFlag[] = ["admin", "stale", "no_async_loading"];

type ChangeRow = Omit<RowSpec, "group" | "executor" | "visibility">;

function changeRow(row: ChangeRow): RowSpec {
  return {
    flags: changeFlags,
    ...row,
    group: "cluster",
    executor: "host",
    visibility: "noKeyspace",
  };
}

export const clusterChangeRows: readonly RowSpec[] = [
  changeRow({
    name: "failover",
    arity: -2,
    summary: "Asks the leader to hand its place to this node.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "[options(FORCE | TAKEOVER)]",
  }),
  changeRow({
    name: "forget",
    arity: 3,
    // An entry of its own can't stand in the middle of EXEC's.
    flags: [...changeFlags, "no_multi"],
    summary: "Removes a member from the cluster.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "node-id:string",
  }),
  changeRow({
    name: "replicas",
    arity: 3,
    flags: ["admin", "stale"],
    tips: ["nondeterministic_output"],
    summary: "One line about each node that follows the given one.",
    since: "5.0.0",
    complexity: "O(N), N: nodes",
    syntax: "node-id:string",
  }),
  changeRow({
    name: "slaves",
    arity: 3,
    flags: ["admin", "stale"],
    tips: ["nondeterministic_output"],
    summary: "One line about each node that follows the given one.",
    since: "3.0.0",
    complexity: "O(N), N: nodes",
    syntax: "node-id:string",
    deprecated: { since: "5.0.0", replacedBy: "`CLUSTER REPLICAS`" },
  }),
  changeRow({
    name: "saveconfig",
    arity: 2,
    summary: "Nothing to do: the membership is durable in the log.",
    since: "3.0.0",
    complexity: "O(1)",
  }),
  changeRow({
    name: "meet",
    arity: -4,
    summary: "Refused: members are added by REDOUBT MEMBER ADD.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "ip:string port:integer [cluster_bus_port:integer]",
  }),
  changeRow({
    name: "replicate",
    arity: 3,
    summary: "Refused: every node follows the leader.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "node-id:string",
  }),
  changeRow({
    name: "reset",
    arity: -2,
    flags: ["admin", "noscript", "stale"],
    summary: "Refused: a member is removed by REDOUBT MEMBER REMOVE.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "[hard_soft(HARD | SOFT)]",
  }),
  changeRow({
    name: "set-config-epoch",
    arity: 3,
    summary: "Refused: the leader's term is chosen by election.",
    since: "3.0.0",
    complexity: "O(1)",
    syntax: "config-epoch:integer",
  }),
  changeRow({
    name: "bumpepoch",
    arity: 2,
    tips: ["nondeterministic_output"],
    summary: "Refused: the leader's term is chosen by election.",
    since: "3.0.0",
    complexity: "O(1)",
  }),
  ...slotRows(),
];

function slotRows(): RowSpec[] {
  const summary = "Refused: the one shard owns every slot.";
  const range = "start-slot_end-slot{start-slot:integer end-slot:integer}...";
  const rows: readonly [name: string, arity: number, since: string, syntax: string][] = [
    ["addslots", -3, "3.0.0", "slot:integer..."],
    ["addslotsrange", -4, "7.0.0", range],
    ["delslots", -3, "3.0.0", "slot:integer..."],
    ["delslotsrange", -4, "7.0.0", range],
    ["flushslots", 2, "3.0.0", ""],
    [
      "setslot",
      -4,
      "3.0.0",
      "slot:integer subcommand(IMPORTING node-id:string | MIGRATING node-id:string | " +
        "NODE node-id:string | STABLE)",
    ],
  ];
  return rows.map(([name, arity, since, syntax]) =>
    changeRow({ name, arity, summary, since, complexity: "O(1)", syntax }),
  );
}
