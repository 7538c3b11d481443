/**
 * INFO: Redis's sections and names, with this node's true values; names that mean nothing here are left
 * out rather than invented. `Raft` is a section of its own.
 */

import { createHash } from "node:crypto";
import { arch, release, totalmem, type } from "node:os";
import type { ReplicaStatus, Session } from "@redoubt/replica";
import { redisVersion, redoubtVersion } from "../config/index.js";
import { offsetOf } from "./cluster-commands.js";
import { eventLoopLines } from "./info-event-loop.js";
import { importLines } from "./info-import.js";
import { persistenceLines } from "./info-persistence.js";
import { raftLines } from "./info-raft.js";
import { type HostHandler, type HostServices, isMaster } from "./services.js";

/** One report: what several sections need is asked for once. */
interface Report {
  readonly services: HostServices;
  readonly session: Session;
  readonly status: ReplicaStatus;
}

type Line = readonly [name: string, value: string | number];
type SectionWriter = (report: Report) => Line[];

/** INFO [section ...]. Redis: server.c, genInfoSectionDict. Unknown sections are nothing. */
export const info: HostHandler = (services, session, argv) => {
  const report: Report = { services, session, status: services.replica().status() };
  const wanted = new Set(argv.slice(1).map((name) => name.toString("latin1").toLowerCase()));
  const every =
    wanted.size === 0 || wanted.has("all") || wanted.has("everything") || wanted.has("default");
  const parts: string[] = [];
  for (const [title, lines] of sections) {
    if (!every && !wanted.has(title.toLowerCase())) continue;
    let part = `# ${title}\r\n`;
    for (const [name, value] of lines(report)) part += `${name}:${value}\r\n`;
    parts.push(part);
  }
  session.reply.verbatim("txt", parts.join("\r\n"));
};

const server: SectionWriter = ({ services: { config, facts, nowMs } }) => {
  const upSeconds = Math.floor((nowMs() - facts.startedMonotonicMs) / 1000);
  return [
    ["redis_version", redisVersion],
    ["redoubt_version", redoubtVersion],
    ["redis_mode", "cluster"],
    ["os", `${type()} ${release()} ${arch()}`],
    ["arch_bits", 64],
    ["node_version", process.version],
    ["process_id", process.pid],
    ["run_id", facts.runId],
    ["tcp_port", config.port],
    ["server_time_usec", Date.now() * 1000],
    ["uptime_in_seconds", upSeconds],
    ["uptime_in_days", Math.floor(upSeconds / 86_400)],
    ["executable", process.execPath],
    ["config_file", config.file ?? ""],
  ];
};

const clients: SectionWriter = ({ services: { gateway } }) => {
  let blocked = 0;
  let input = 0;
  let output = 0;
  for (const connection of gateway.connections) {
    if (connection.session.blocked) blocked += 1;
    input = Math.max(input, connection.queryBytes);
    output = Math.max(output, connection.outputBytes);
  }
  return [
    ["connected_clients", gateway.connections.size],
    ["cluster_connections", 0],
    ["maxclients", gateway.clientsMax],
    ["client_recent_max_input_buffer", input],
    ["client_recent_max_output_buffer", output],
    ["blocked_clients", blocked],
    ["tracking_clients", 0],
  ];
};

/** `used_memory` is what is held against maxmemory; rss is the process's. */
const memory: SectionWriter = ({ services: { config, gateway }, status }) => {
  const { usedBytes, keyspaceBytes, undoBytes, logBytes } = status.memory;
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return [
    ["used_memory", usedBytes],
    ["used_memory_human", human(usedBytes)],
    ["used_memory_rss", rss],
    ["used_memory_rss_human", human(rss)],
    ["used_memory_dataset", keyspaceBytes],
    ["used_memory_undo", undoBytes],
    ["used_memory_log", logBytes],
    ["used_memory_heap", heapUsed],
    ["used_memory_heap_total", heapTotal],
    ["used_memory_external", external],
    ["total_system_memory", totalmem()],
    ["total_system_memory_human", human(totalmem())],
    ["maxmemory", config.maxmemoryBytes],
    ["maxmemory_human", human(config.maxmemoryBytes)],
    ["maxmemory_policy", "noeviction"],
    ["mem_clients_normal", gateway.outsideBytes()],
    ["mem_allocator", "v8"],
  ];
};

const persistence: SectionWriter = ({ services, status }) => [
  ...persistenceLines(status, services.keeper.status, Date.now()),
  ...importLines(services.firstImport()),
];

const stats: SectionWriter = ({ services: { gateway, meter }, status }) => {
  const { stats: counted } = gateway;
  return [
    ["total_connections_received", counted.connectionsReceived],
    ["total_commands_processed", gateway.executedSinceReset()],
    ["instantaneous_ops_per_sec", Math.round(counted.opsRate.perSecond())],
    ["total_net_input_bytes", counted.inputBytes],
    ["total_net_output_bytes", counted.outputBytes],
    ["instantaneous_input_kbps", kilobytes(counted.inputRate.perSecond())],
    ["instantaneous_output_kbps", kilobytes(counted.outputRate.perSecond())],
    ["rejected_connections", counted.connectionsRejected],
    ["expired_keys", status.counters.expiredKeys],
    ["expired_stale_perc", (100 * status.counters.expiredStaleShare).toFixed(2)],
    ["expired_time_cap_reached_count", status.counters.expiredTimeCapReached],
    ["evicted_keys", 0],
    ["evicted_clients", counted.evictions],
    ["client_query_buffer_limit_disconnections", counted.queryLimitKills],
    ["client_output_buffer_limit_disconnections", counted.outputLimitKills],
    ["pubsub_channels", status.counters.channels],
    ["pubsub_patterns", status.counters.patterns],
    ["pubsubshard_channels", status.counters.shardChannels],
    ["protocol_errors", counted.protocolErrors],
    ["total_reads_processed", counted.reads],
    ["total_writes_processed", counted.writes],
    ...eventLoopLines(meter),
  ];
};

/** Offsets are log indexes. Differs from Redis: they count entries, not bytes. */
const replication: SectionWriter = (report) => {
  const { services, status } = report;
  const tail: Line[] = [
    ["master_failover_state", "no-failover"],
    ["master_replid", createHash("sha1").update(services.facts.clusterId).digest("hex")],
    ["master_repl_offset", status.applied],
  ];
  return isMaster(status)
    ? [["role", "master"], ...replicaLines(report), ...tail]
    : [["role", "slave"], ...masterLines(report), ["connected_slaves", 0], ...tail];
};

function replicaLines({ services, session, status }: Report): Line[] {
  const replicas = services.topology
    .nodes(session)
    .filter((node) => !node.isSelf && node.connected);
  return [
    ["connected_slaves", replicas.length],
    ...replicas.map((node, at): Line => {
      const offset = offsetOf(node, status);
      const where = `ip=${node.endpoint},port=${node.port}`;
      const state = node.isCatchingUp ? "send_bulk" : "online";
      return [`slave${at}`, `${where},state=${state},offset=${offset},lag=0`];
    }),
  ];
}

function masterLines({ services, session, status }: Report): Line[] {
  const master = services.topology.nodes(session).find((node) => node.isMaster && !node.isSelf);
  const linked = status.leader !== 0 && master?.connected === true;
  return [
    ["master_host", master?.endpoint ?? ""],
    ["master_port", master?.port ?? 0],
    ["master_link_status", linked ? "up" : "down"],
    ["master_sync_in_progress", 0],
    ["slave_read_repl_offset", status.appended],
    ["slave_repl_offset", status.applied],
    ["slave_priority", 100],
    ["slave_read_only", 1],
    ["replica_announced", 1],
  ];
}

const cpu: SectionWriter = () => {
  const { system, user } = process.cpuUsage();
  return [
    ["used_cpu_sys", (system / 1e6).toFixed(6)],
    ["used_cpu_user", (user / 1e6).toFixed(6)],
  ];
};

const cluster: SectionWriter = () => [["cluster_enabled", 1]];

const keyspace: SectionWriter = ({ services: { replica } }) => {
  const { size, volatileSize } = replica().keyspace;
  return size === 0 ? [] : [["db0", `keys=${size},expires=${volatileSize},avg_ttl=0`]];
};

const sections: readonly (readonly [title: string, lines: SectionWriter])[] = [
  ["Server", server],
  ["Clients", clients],
  ["Memory", memory],
  ["Persistence", persistence],
  ["Stats", stats],
  ["Replication", replication],
  ["CPU", cpu],
  ["Cluster", cluster],
  ["Raft", ({ services, status }) => raftLines(services, status)],
  ["Keyspace", keyspace],
];

/** Redis: util.c, bytesToHuman. */
function human(bytes: number): string {
  const units = ["K", "M", "G", "T", "P"] as const;
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(2)}${units[unit]}`;
}

function kilobytes(bytesPerSecond: number): string {
  return (bytesPerSecond / 1024).toFixed(2);
}
