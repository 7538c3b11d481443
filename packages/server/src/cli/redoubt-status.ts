/** redoubt status: the cluster at a glance, as the leader sees it where there is one. */

import { ClusterClient } from "./redoubt-client.js";
import {
  type ClusterStatus,
  leadersStatus,
  type MemberStatus,
  statusOf,
} from "./redoubt-cluster-status.js";
import { parseCommand } from "./redoubt-options.js";
import { ExitCode, type Subcommand, usageError } from "./redoubt-terminal.js";

export const status: Subcommand = {
  usage: ["status [--local]"],
  summary: "Leadership, log and members. --local: as the node asked sees it, not the leader.",
  async run(argv, terminal) {
    const command = parseCommand(argv, { local: { type: "boolean" } }, terminal);
    if (command.positionals.length > 0) throw usageError("status takes no arguments");
    const client = new ClusterClient(command.target);
    try {
      const seen = await (command.flag("local") ? statusOf(client) : leadersStatus(client));
      if (command.json) terminal.out(JSON.stringify(seen));
      else for (const line of statusLines(seen)) terminal.out(line);
      return ExitCode.ok;
    } finally {
      client.close();
    }
  },
};

export function statusLines(seen: ClusterStatus): string[] {
  const leader = seen.members.find((each) => each.leader);
  const change = seen.joint ? ", a change of the voters is under way" : "";
  const lease = seen.leaseRemainingMs > 0 ? `, lease ${seen.leaseRemainingMs} ms` : "";
  const facts: [string, string][] = [
    ["cluster", `${seen.clusterId}, configuration ${seen.configurationIndex}${change}`],
    ["leader", `${leaderText(seen, leader)}, term ${seen.term}${lease}`],
    [
      "log",
      `commit ${seen.commit}, applied ${seen.applied}, first ${seen.firstIndex}, ` +
        `snapshot ${seen.snapshotIndex}`,
    ],
  ];
  if (seen.role !== "leader") facts.push(["seen by", `node ${seen.nodeId}, a ${seen.role}`]);
  return [...table(facts), "", ...memberLines(seen.members)];
}

export function memberLines(members: readonly MemberStatus[]): string[] {
  const rows = members.map((each) => [
    String(each.id),
    kindText(each),
    String(each.incarnation),
    each.clientAddress || "-",
    each.peerAddress,
    each.state ?? "-",
    String(each.match ?? "-"),
    String(each.lag ?? "-"),
    each.active === null ? "-" : each.active ? "yes" : "no",
  ]);
  const titles = ["id", "kind", "incarnation", "clients", "peers", "state", "match", "lag"];
  return table([[...titles, "active"], ...rows]);
}

function kindText({ kind, votes, outgoing, promote, leader }: MemberStatus): string {
  const notes = [
    ...(leader ? ["leader"] : []),
    ...(outgoing ? ["leaving"] : []),
    ...(promote ? ["joining"] : []),
    ...(kind === "witness" && !votes ? ["learner"] : []),
  ];
  return notes.length === 0 ? kind : `${kind} (${notes.join(", ")})`;
}

function leaderText(seen: ClusterStatus, leader: MemberStatus | undefined): string {
  if (seen.leader === 0) return "not known";
  const where = leader === undefined || leader.clientAddress === "" ? "" : leader.clientAddress;
  const notes = [
    ...(seen.leaderIsWitness ? ["a witness: it hands over to a data node"] : []),
    ...(seen.transferring ? ["handing over"] : []),
  ];
  const at = where === "" ? "" : ` at ${where}`;
  return `node ${seen.leader}${at}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
