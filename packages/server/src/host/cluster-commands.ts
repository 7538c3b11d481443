/** CLUSTER: one shard, every slot, the leader as its master (host/topology.ts). */

import { errors } from "@redoubt/commands";
import { keySlot } from "@redoubt/keyspace";
import type { Term } from "@redoubt/raft";
import type { ReplicaStatus, Session } from "@redoubt/replica";
import { slotLast, slotsTotal } from "./constants.js";
import { replyHelp } from "./help.js";
import { type HostHandler, integerOf, isMaster } from "./services.js";
import type { NodeView } from "./topology.js";

/** [[0, 16383, master, replica...]]; empty until a leader's client address is known. */
export const clusterSlots: HostHandler = ({ topology, config }, session) => {
  const { reply } = session;
  const nodes = topology
    .nodes(session)
    .filter((node) => node.isMaster || (node.connected && !node.isCatchingUp));
  if (nodes[0]?.isMaster !== true) return reply.array(0);
  const byName = config.clusterPreferredEndpointType === "hostname";
  reply.array(1);
  reply.array(2 + nodes.length);
  reply.integer(0);
  reply.integer(slotLast);
  for (const node of nodes) {
    reply.array(4);
    reply.bulk(node.endpoint);
    reply.integer(node.port);
    reply.bulk(node.name);
    // What the endpoint does not say already.
    const other: [string, string] = byName ? ["ip", node.ip] : ["hostname", node.hostname];
    const tells = other[1] !== "" && other[1] !== node.endpoint;
    reply.map(tells ? 1 : 0);
    if (tells) for (const text of other) reply.bulk(text);
  }
};

export const clusterShards: HostHandler = (services, session) => {
  const { reply } = session;
  const nodes = services.topology.nodes(session);
  const served = nodes[0]?.isMaster === true;
  const status = services.replica().status();
  reply.array(1);
  reply.map(2);
  reply.bulk("slots");
  reply.array(served ? 2 : 0);
  if (served) {
    reply.integer(0);
    reply.integer(slotLast);
  }
  reply.bulk("nodes");
  reply.array(nodes.length);
  for (const node of nodes) shardNode(session, node, status);
};

export const clusterNodes: HostHandler = ({ topology, replica }, session) => {
  const nodes = topology.nodesWithSelf(session);
  const { term } = replica().status();
  const master = nodes[0]?.isMaster === true ? nodes[0].name : "-";
  const lines = nodes.map((node) => `${nodeLine(node, master, term)}\n`);
  session.reply.verbatim("txt", lines.join(""));
};

/** <id> <ip:port@peer-port[,hostname]> <flags> <master> <ping> <pong> <epoch> <link> [<slots>] */
export function nodeLine(node: NodeView, master: string, term: Term): string {
  const hostname = node.hostname === "" ? "" : `,${node.hostname}`;
  const flags = [
    ...(node.isSelf ? ["myself"] : []),
    node.isMaster ? "master" : "slave",
    ...(node.connected ? [] : ["fail?"]),
    ...(node.isWitness ? ["nofailover"] : []),
  ];
  const fields = [
    node.name,
    `${node.ip}:${node.port}@${node.peerPort}${hostname}`,
    flags.join(","),
    node.isMaster ? "-" : master,
    0,
    0,
    term,
    node.connected ? "connected" : "disconnected",
    ...(node.isMaster ? [`0-${slotLast}`] : []),
  ];
  return fields.join(" ");
}

export const clusterInfo: HostHandler = (services, session) => {
  const status = services.replica().status();
  const known = services.topology.nodes(session);
  const served = isMaster(status) || (status.leader !== 0 && status.role === "follower");
  const assigned = known[0]?.isMaster === true ? slotsTotal : 0;
  const facts = [
    ["cluster_state", served ? "ok" : "fail"],
    ["cluster_slots_assigned", assigned],
    ["cluster_slots_ok", served ? assigned : 0],
    ["cluster_slots_pfail", 0],
    ["cluster_slots_fail", served ? 0 : assigned],
    ["cluster_known_nodes", known.length],
    ["cluster_size", 1],
    ["cluster_current_epoch", status.term],
    ["cluster_my_epoch", status.term],
  ];
  const text = facts.map(([name, value]) => `${name}:${value}\r\n`).join("");
  session.reply.verbatim("txt", text);
};

export const clusterMyId: HostHandler = ({ topology, replica }, session) =>
  session.reply.bulk(topology.nameOf(replica().status().id));

export const clusterKeySlot: HostHandler = (_services, session, argv) =>
  session.reply.integer(keySlot(argv[2]!.toString("latin1")));

/** CLUSTER COUNTKEYSINSLOT slot */
export const clusterCountKeysInSlot: HostHandler = ({ replica }, session, argv) => {
  const { reply } = session;
  const slot = integerOf(argv[2]);
  if (slot === null) return reply.error(errors.notInteger);
  if (slot < 0 || slot >= slotsTotal) return reply.error("ERR Invalid slot");
  reply.integer(replica().keyspace.countKeysInSlot(slot));
};

/** CLUSTER GETKEYSINSLOT slot count */
export const clusterGetKeysInSlot: HostHandler = ({ replica }, session, argv) => {
  const { reply } = session;
  const slot = integerOf(argv[2]);
  const count = integerOf(argv[3]);
  if (slot === null || count === null) return reply.error(errors.notInteger);
  if (slot < 0 || slot >= slotsTotal || count < 0) {
    return reply.error("ERR Invalid slot or number of keys");
  }
  const keys = replica().keyspace.keysInSlot(slot, count);
  reply.array(keys.length);
  for (const key of keys) reply.bulk(key);
};

export const clusterHelp: HostHandler = (_services, session) =>
  replyHelp(session.reply, "CLUSTER", [
    ["COUNTKEYSINSLOT <slot>", "How many keys a slot holds."],
    ["FAILOVER", "Asks the leader to hand its place to this node."],
    ["FORGET <node-id>", "Removes a member from the cluster."],
    ["GETKEYSINSLOT <slot> <count>", "Some keys of a slot."],
    ["INFO", "State of the cluster as this node sees it."],
    ["KEYSLOT <key>", "The slot a key hashes to."],
    ["MYID", "This node's id."],
    ["NODES", "One line about each node."],
    ["REPLICAS <node-id>", "One line about each node that follows the given one."],
    ["SAVECONFIG", "Nothing to do: the membership is durable in the log."],
    ["SHARDS", "The shard with its slots and nodes."],
    ["SLOTS", "The slots and the nodes that serve them, the leader first."],
  ]);

function shardNode(session: Session, node: NodeView, status: ReplicaStatus): void {
  const { reply } = session;
  reply.map(node.hostname === "" ? 7 : 8);
  reply.bulk("id");
  reply.bulk(node.name);
  reply.bulk("port");
  reply.integer(node.port);
  reply.bulk("ip");
  reply.bulk(node.ip);
  reply.bulk("endpoint");
  reply.bulk(node.endpoint);
  if (node.hostname !== "") {
    reply.bulk("hostname");
    reply.bulk(node.hostname);
  }
  reply.bulk("role");
  reply.bulk(node.isMaster ? "master" : "replica");
  reply.bulk("replication-offset");
  reply.integer(offsetOf(node, status));
  reply.bulk("health");
  reply.bulk(!node.connected ? "fail" : node.isCatchingUp ? "loading" : "online");
}

/** Differs from Redis: an offset is a log index, not a count of bytes. Of others a follower knows no better than the commit index. */
export function offsetOf(node: NodeView, status: ReplicaStatus): number {
  if (node.isSelf) return status.applied;
  const progress = status.peers.find((peer) => peer.id === node.id);
  return progress === undefined ? status.commit : Math.min(progress.match, status.commit);
}
