/** CLUSTER: how clients learn where the leader is. The server executes them. */

import type { RowSpec } from "../row.js";
import type { Visibility } from "../types.js";
import { clusterChangeRows } from "./cluster-changes.js";
import { redoubtRows } from "./redoubt.js";

type ClusterRow = Omit<RowSpec, "group" | "executor" | "visibility" | "flags">;

function clusterRow(row: ClusterRow, visibility: Visibility = "noKeyspace"): RowSpec {
  return { ...row, flags: ["stale"], group: "cluster", executor: "host", visibility };
}

const subcommands: readonly RowSpec[] = [
  clusterRow({
    name: "slots",
    arity: 2,
    tips: ["nondeterministic_output"],
    summary: "Slot ranges and the nodes that serve them, the leader first.",
    since: "3.0.0",
    complexity: "O(N), N: nodes",
    deprecated: { since: "7.0.0", replacedBy: "`CLUSTER SHARDS`" },
  }),
  clusterRow({
    name: "shards",
    arity: 2,
    tips: ["nondeterministic_output"],
    summary: "Shards with their slots and nodes.",
    since: "7.0.0",
    complexity: "O(N), N: nodes",
  }),
  clusterRow({
    name: "nodes",
    arity: 2,
    tips: ["nondeterministic_output"],
    summary: "One line about each node.",
    since: "3.0.0",
    complexity: "O(N), N: nodes",
  }),
  clusterRow({
    name: "info",
    arity: 2,
    tips: ["nondeterministic_output"],
    summary: "State of the cluster as this node sees it.",
    since: "3.0.0",
    complexity: "O(1)",
  }),
  clusterRow({
    name: "myid",
    arity: 2,
    summary: "This node's id.",
    since: "3.0.0",
    complexity: "O(1)",
  }),
  clusterRow({
    name: "keyslot",
    arity: 3,
    summary: "The slot a key hashes to.",
    since: "3.0.0",
    complexity: "O(N), N: bytes of the key",
    syntax: "key:string",
  }),
  clusterRow(
    {
      name: "countkeysinslot",
      arity: 3,
      summary: "How many keys a slot holds.",
      since: "3.0.0",
      complexity: "O(N), N: keys that share the slot's part of the dictionary",
      syntax: "slot:integer",
    },
    "wholeKeyspace",
  ),
  clusterRow(
    {
      name: "getkeysinslot",
      arity: 4,
      tips: ["nondeterministic_output"],
      summary: "Some keys of a slot.",
      since: "3.0.0",
      complexity: "O(N), N: keys that share the slot's part of the dictionary",
      syntax: "slot:integer count:integer",
    },
    "wholeKeyspace",
  ),
  ...clusterChangeRows,
  {
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    summary: "The subcommands of CLUSTER.",
    since: "5.0.0",
    group: "cluster",
    complexity: "O(1)",
    executor: "host",
    visibility: "noKeyspace",
  },
];

export const clusterRows: readonly RowSpec[] = [
  {
    name: "cluster",
    arity: -2,
    summary: "About the cluster and its nodes.",
    since: "3.0.0",
    group: "cluster",
    complexity: "Depends on the subcommand",
    executor: "host",
    visibility: "noKeyspace",
    subcommands,
  },
  ...redoubtRows,
];
