/**
 * CLUSTER's words that change a cluster. Those that mean something here do it (FORGET, FAILOVER); the
 * others say what to say instead, since Redis's tools send them.
 */

import { errors } from "@redoubt/commands";
import { nodeLine } from "./cluster-commands.js";
import { shownWordLengthMax } from "./constants.js";
import { changeMembers, removal } from "./redoubt-commands.js";
import { type HostHandler, integerOf, word } from "./services.js";

/**
 * CLUSTER FAILOVER [FORCE|TAKEOVER] on a follower: asks the leader for its place; OK means asked, as in
 * Redis. Differs from Redis: FORCE and TAKEOVER are refused. They mean "without the master" and "without
 * the others"; here a majority that has lost its leader elects one by itself, and nothing else may.
 */
export const clusterFailover: HostHandler = ({ replica }, session, argv) => {
  const { reply } = session;
  if (argv.length > 3) return reply.error(wrongUse("FAILOVER"));
  const option = word(argv[2]);
  if (argv.length === 3 && option !== "FORCE" && option !== "TAKEOVER") {
    return reply.error(errors.syntax);
  }
  const status = replica().status();
  if (status.role === "leader") {
    return reply.error("ERR You should send CLUSTER FAILOVER to a replica");
  }
  if (argv.length === 3) {
    return reply.error(
      `ERR ${option} is not possible here: a majority elects the next leader by itself when one is ` +
        "gone, and nothing is decided without a majority",
    );
  }
  if (status.witness) return reply.error("ERR a witness holds no data: it can't be the master");
  if (replica().requestLeadership()) reply.ok();
  else reply.error("ERR no leader is known: a majority elects the next one by itself");
};

/**
 * CLUSTER FORGET name: removes that member. Differs from Redis: once, on the leader, for all nodes and for
 * good, where Redis forgets on each node for a minute.
 */
export const clusterForget: HostHandler = (services, session, argv) => {
  const { reply } = session;
  const name = shownText(argv[2]!);
  const id = services.topology.idNamed(name);
  if (id === null) return reply.error(`ERR Unknown node ${name}`);
  const status = services.replica().status();
  if (id === status.id) return reply.error("ERR I tried hard but I can't forget myself...");
  if (id === status.leader) return reply.error("ERR Can't forget my master!");
  const index = changeMembers(services, session, false, 0, (configuration) =>
    removal(configuration, id),
  );
  if (index > 0) reply.ok();
};

/** CLUSTER REPLICAS name (SLAVES): who follows that node. */
export const clusterReplicas: HostHandler = ({ topology, replica }, session, argv) => {
  const { reply } = session;
  const name = shownText(argv[2]!);
  const nodes = topology.nodes(session);
  const master = nodes.find((node) => node.name === name);
  if (master === undefined) return reply.error(`ERR Unknown node ${name}`);
  if (!master.isMaster) return reply.error("ERR The specified node is not a master");
  const { term } = replica().status();
  const replicas = nodes.filter((node) => !node.isMaster);
  reply.array(replicas.length);
  for (const node of replicas) reply.bulk(nodeLine(node, name, term));
};

/** What CLUSTER SAVECONFIG asks for is always so: the membership is in the durable log. */
export const clusterSaveConfig: HostHandler = (_services, session) => session.reply.ok();

/** Differs from Redis: two strangers can't become one cluster by an address alone. */
export const clusterMeet: HostHandler = (_services, session, argv) => {
  const { reply } = session;
  if (argv.length > 5) return reply.error(wrongUse("MEET"));
  if (integerOf(argv[3]) === null) {
    return reply.error(`ERR Invalid TCP base port specified: ${shownText(argv[3]!)}`);
  }
  reply.error(
    "ERR CLUSTER MEET is not possible here: a member needs an id beside its address. Say REDOUBT " +
      "MEMBER ADD id host:peer-port to the leader and start the node with that node-id",
  );
};

/** CLUSTER REPLICATE name: so it is already, or it can't be. */
export const clusterReplicate: HostHandler = ({ topology, replica }, session, argv) => {
  const { reply } = session;
  const name = shownText(argv[2]!);
  const id = topology.idNamed(name);
  if (id === null) return reply.error(`ERR Unknown node ${name}`);
  const status = replica().status();
  if (id === status.id) return reply.error("ERR Can't replicate myself");
  if (id === status.leader) return reply.ok();
  reply.error(
    "ERR every node follows the one leader; REDOUBT TRANSFER hands leadership to another member",
  );
};

export const clusterReset: HostHandler = (_services, session, argv) => {
  const { reply } = session;
  if (argv.length > 3) return reply.error(wrongUse("RESET"));
  const option = word(argv[2]);
  if (argv.length === 3 && option !== "HARD" && option !== "SOFT") {
    return reply.error(errors.syntax);
  }
  reply.error(
    "ERR CLUSTER RESET is not possible here: a node can't leave by itself. Say REDOUBT MEMBER REMOVE " +
      "id to the leader, the removed node stops by itself",
  );
};

/** SET-CONFIG-EPOCH and BUMPEPOCH. */
export const clusterEpoch: HostHandler = (_services, session) =>
  session.reply.error("ERR the epoch is the leader's term here: only an election raises it");

/** ADDSLOTS, DELSLOTS, SETSLOT and their like. */
export const clusterSlotChange: HostHandler = (_services, session) =>
  session.reply.error("ERR slots can't be moved here: the one shard owns all of them");

/** Redis: server.c, addReplySubcommandSyntaxError. */
function wrongUse(subcommand: string): string {
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try CLUSTER HELP.`;
}

function shownText(argument: Buffer): string {
  return argument.toString("latin1", 0, shownWordLengthMax);
}
