/**
 * Redis with Sentinel, as its documentation tells to run it: a master, replicas, and a sentinel on each machine. What
 * differs from the defaults is what makes a run of a minute see something (`constants.ts`), and what the name of the
 * target says.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ErrorReply, type Reply } from "../resp/resp-client.js";
import {
  REDIS_REPLICATION_TIMEOUT_S,
  SENTINEL_DOWN_AFTER_MS,
  SENTINEL_FAILOVER_TIMEOUT_MS,
} from "./constants.js";
import type { NodePrograms, ProcessNode } from "./process-node.js";
import {
  answersOf,
  answersUntil,
  isDecided,
  majorityOf,
  type NodeSettings,
  type TargetDescription,
} from "./target.js";
import { tool } from "./tool.js";

/** What sentinels call the master. */
const MASTER = "cluster";

export function redisTarget(
  name: string,
  title: string,
  lines: readonly string[],
  acknowledges: TargetDescription["acknowledges"] = null,
): TargetDescription {
  return {
    name,
    title,
    software: "redis",
    acknowledges,
    followsMoved: false,
    growsAndShrinks: false,
    lacks: ({ redisServer }) => (redisServer === true ? null : redisServer),
    version: async () => {
      const text = await tool("redis-server", ["--version"]);
      return `redis-server ${/v=(\S+)/.exec(text)?.[1] ?? "of unknown version"}`;
    },
    programs: (settings) => redisPrograms(settings, lines),
    leader: redisLeader,
    unborn: redisUnborn,
    missing: redisMissing,
    transfer: async (nodes) => {
      const replies = await answersOf(nodes, (node) =>
        node.askSentinel("SENTINEL", "FAILOVER", MASTER),
      );
      if (replies.includes("OK")) return;
      throw new Error(`no sentinel begins a failover: ${replies.map(shown).join("; ")}`);
    },
  };
}

function redisPrograms(node: NodeSettings, lines: readonly string[]): NodePrograms {
  const { place, directory, dataDirectory, members, settings } = node;
  const first = members[0]!;
  const bind = place.host === place.peerHost ? place.host : `${place.host} ${place.peerHost}`;
  const server = [
    `bind ${bind}`,
    `port ${place.port}`,
    "protected-mode no",
    `dir ${dataDirectory}`,
    `logfile ${join(directory, "redis.log")}`,
    "enable-debug-command yes",
    // Nothing on disk unless the target says so.
    'save ""',
    "repl-diskless-sync-delay 0",
    `repl-timeout ${REDIS_REPLICATION_TIMEOUT_S}`,
    `replica-announce-ip ${place.peerHost}`,
    `replica-announce-port ${place.peerClientPort}`,
    ...(node.id === first.id
      ? []
      : [`replicaof ${first.place.peerHost} ${first.place.peerClientPort}`]),
    ...lines,
    ...settings.filter((line) => !line.startsWith("sentinel ")),
  ];
  const quorum = Math.floor(members.length / 2) + 1;
  const sentinelDirectory = join(directory, "sentinel");
  const sentinel = [
    `bind ${bind}`,
    `port ${place.sentinelPort}`,
    "protected-mode no",
    `dir ${sentinelDirectory}`,
    `logfile ${join(directory, "sentinel.log")}`,
    `sentinel announce-ip ${place.peerHost}`,
    `sentinel announce-port ${place.sentinelPort}`,
    `sentinel monitor ${MASTER} ${first.place.peerHost} ${first.place.peerClientPort} ${quorum}`,
    `sentinel down-after-milliseconds ${MASTER} ${SENTINEL_DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER} ${SENTINEL_FAILOVER_TIMEOUT_MS}`,
    `sentinel parallel-syncs ${MASTER} ${members.length}`,
    ...settings
      .filter((line) => line.startsWith("sentinel "))
      .map((line) => line.replace(/^sentinel (\S+)/, `sentinel $1 ${MASTER}`)),
  ];
  mkdirSync(sentinelDirectory, { recursive: true });
  const serverPath = join(directory, "redis.conf");
  const sentinelPath = join(sentinelDirectory, "sentinel.conf");
  writeFileSync(serverPath, `${server.join("\n")}\n`);
  // Sentinel writes what it learns into its file, and so does a server that is given another master.
  writeFileSync(sentinelPath, `${sentinel.join("\n")}\n`);
  return {
    server: () => ["redis-server", serverPath],
    sentinel: ["redis-server", sentinelPath, "--sentinel"],
  };
}

/** Whom most sentinels that answer hold for the master. */
async function redisLeader(nodes: readonly ProcessNode[]): Promise<ProcessNode | null> {
  const named = async (node: ProcessNode): Promise<string | null> => {
    const reply = await node.askSentinel("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER);
    return Array.isArray(reply) ? reply.join(":") : null;
  };
  const addresses = await answersUntil(nodes, named, isDecided);
  const address = majorityOf(addresses);
  return nodes.find(({ place }) => `${place.peerHost}:${place.peerClientPort}` === address) ?? null;
}

/** A sentinel asks a master for its replicas when it starts, and then only every 10 s. */
async function redisUnborn(nodes: readonly ProcessNode[]): Promise<string | null> {
  const replicas = (await nodes[0]!.info("replication")).get("connected_slaves");
  return Number(replicas) === nodes.length - 1 ? null : `${replicas} replicas are connected`;
}

async function redisMissing(nodes: readonly ProcessNode[]): Promise<string | null> {
  const leader = await redisLeader(nodes);
  if (leader === null) return "the sentinels name no master";
  const master = await leader.info("replication");
  if (master.get("role") !== "master") return `node ${leader.id} is no master yet`;
  const offset = Number(master.get("master_repl_offset"));
  for (const node of nodes) {
    const short = node === leader ? null : await replicaMissing(node, leader, offset);
    const blind = short ?? (await sentinelMissing(node, nodes.length));
    if (blind !== null) return `node ${node.id}: ${blind}`;
  }
  return null;
}

async function replicaMissing(
  node: ProcessNode,
  leader: ProcessNode,
  offset: number,
): Promise<string | null> {
  const info = await node.info("replication");
  const follows = `${info.get("master_host")}:${info.get("master_port")}`;
  const wanted = `${leader.place.peerHost}:${leader.place.peerClientPort}`;
  if (info.get("role") !== "slave" || follows !== wanted)
    return `does not follow node ${leader.id}`;
  if (info.get("master_link_status") !== "up") return "its link to the master is down";
  return Number(info.get("slave_repl_offset")) < offset ? "is behind" : null;
}

/** A sentinel that has not met the others can't fail over. */
async function sentinelMissing(node: ProcessNode, count: number): Promise<string | null> {
  const reply = await node.askSentinel("SENTINEL", "MASTER", MASTER);
  if (!Array.isArray(reply)) return "its sentinel does not answer";
  const field = (name: string): string => String(reply[reply.indexOf(name) + 1]);
  if (field("flags") !== "master") return `its sentinel sees the master ${field("flags")}`;
  if (Number(field("num-slaves")) < count - 1) return "its sentinel lacks replicas";
  if (Number(field("num-other-sentinels")) < count - 1) return "its sentinel lacks other sentinels";
  return null;
}

function shown(reply: Reply): string {
  if (reply instanceof ErrorReply) return reply.text;
  return reply === null ? "no answer" : String(reply);
}
