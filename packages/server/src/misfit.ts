/**
 * Whether this node, as its configuration file makes it, is the member that the log names. Judged when it starts
 * and when the log names it: a node that joins has no log to compare with before.
 */

import { allMembers, type Configuration, type Member, memberOf, type Timing } from "@redoubt/raft";
import type { Logger } from "@redoubt/replica";
import type { ServerConfig } from "./config/index.js";
import { NodeError } from "./gateway/errors.js";

export type MemberConfig = Pick<
  ServerConfig,
  "electionTimeoutMs" | "clockDriftPercentMax" | "isWitness"
>;

/** Why this node can't be that member, or null. A configuration that does not name it says nothing about it. */
export function misfit(
  config: MemberConfig,
  { nodeId, incarnation }: { readonly nodeId: number; readonly incarnation: number },
  configuration: Configuration | null,
): NodeError | null {
  if (configuration === null) return null;
  const member = memberOf(configuration, nodeId);
  // An earlier one of this id may have been another kind of node, in another time of the cluster.
  if (member?.incarnation !== incarnation) return null;
  return timingProblem(config, configuration.timing) ?? roleProblem(config, member);
}

/** Leases rest on timing that is the same everywhere: it is in the log, and changes by the log only. */
function timingProblem(config: MemberConfig, timing: Timing | undefined): NodeError | null {
  if (timing === undefined) return null;
  const { electionTimeoutMs, clockDriftPercentMax } = config;
  if (
    timing.electionTimeoutMs === electionTimeoutMs &&
    timing.clockDriftPercentMax === clockDriftPercentMax
  ) {
    return null;
  }
  const said = `election-timeout ${electionTimeoutMs}, clock-drift-percent-max ${clockDriftPercentMax}`;
  const logged = `${timing.electionTimeoutMs} and ${timing.clockDriftPercentMax}`;
  return new NodeError(
    "ELECTION_TIMING_DIFFERS",
    `${said}: the cluster was made with ${logged}, and its leases rest on that`,
  );
}

/** What a node is does not change while it is a member: one that held no data would serve none of it. */
function roleProblem({ isWitness }: MemberConfig, { id, witness }: Member): NodeError | null {
  if ((witness === true) === isWitness) return null;
  const [said, logged] = isWitness ? ["witness", "data node"] : ["data node", "witness"];
  return new NodeError(
    "NODE_ROLE_DIFFERS",
    `node ${id} is to start as a ${said}, but the membership names it as a ${logged}`,
  );
}

/** Membership is in the log: `peers` of the file only begins a cluster and says where its members are. */
export function warnOfDifferences(
  config: Pick<ServerConfig, "peers">,
  configuration: Configuration | null,
  logger: Logger,
): void {
  if (configuration === null) return;
  const members = allMembers(configuration).map(({ id }) => id);
  const listed = config.peers.map(({ id }) => id);
  const strangers = listed.filter((id) => !members.includes(id));
  const missing = members.filter((id) => !listed.includes(id));
  if (strangers.length > 0) {
    logger.warn({ nodes: strangers }, "peers names nodes that are not members: they are ignored");
  }
  if (missing.length > 0) {
    logger.info({ nodes: missing }, "peers lacks members: they are reached where the log says");
  }
}
