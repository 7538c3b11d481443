/**
 * Every option: one declarative row. Parsing, CONFIG GET/SET, checks of the value, command line help and
 * the reference page are derived from here. Only options that do something, or are answered honestly.
 */

import {
  BATCH_BYTES_MAX,
  IN_FLIGHT_BATCHES_CEILING,
  IN_FLIGHT_BATCHES_MAX,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_UNDO_BYTES_MAX,
  LOG_TRAILING_ENTRIES,
  REPLICATION_MODES,
  RESERVE_DELAY_MS,
} from "@redoubt/replica";
import type { SavePoint } from "../snapshot/triggers.js";
import {
  bulkBytesMax,
  bulkBytesMin,
  busyLeaderMsMax,
  clockDriftPercentMaxMax,
  electionTimeoutMsMax,
  electionTimeoutMsMin,
  expireEffortMax,
  expireEffortMin,
  heartbeatIntervalMsMax,
  heartbeatIntervalMsMin,
  int32Max,
  logSnapshotBytesDefault,
  logSnapshotBytesMin,
  logSnapshotEntriesDefault,
  maxmemoryBytesMin,
  mebibyte,
  nodeIdMax,
  peersMax,
  portMax,
  portMin,
  queryBufferBytesDefault,
  queryBufferBytesMin,
  reserveDelayMsMax,
} from "./constants.js";
import {
  type BufferLimits,
  bufferLimits,
  fixed,
  integer,
  type ListenAddress,
  listenAddresses,
  type MemoryOrPercent,
  memory,
  memoryOrPercent,
  oneOf,
  type Peer,
  peerList,
  savePoints,
  text,
  type ValueKind,
  yesNo,
} from "./values.js";

export type Section =
  | "Node"
  | "Consensus"
  | "Clients"
  | "Memory"
  | "Saving"
  | "Process"
  | "Announcing";

export interface ConfigRow<T> {
  readonly section: Section;
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** For the reference when the default is worked out at start. */
  readonly defaultText?: string;
  /** CONFIG SET may change it while the node runs. */
  readonly mutable: boolean;
  readonly origin: "redis" | "redoubt";
  readonly summary: string;
  /** What is not as in Redis, or why Redis's option has one value here. */
  readonly differs?: string;
  /** Not allowed in a file: it would be obeyed at every start. */
  readonly commandLineOnly?: boolean;
}

type Rest<T> = Omit<ConfigRow<T>, "kind" | "default" | "mutable" | "origin">;

const redis = <T>(kind: ValueKind<T>, initial: T, rest: Rest<T>): ConfigRow<T> => ({
  kind,
  default: initial,
  mutable: false,
  origin: "redis",
  ...rest,
});
const redisMutable = <T>(kind: ValueKind<T>, initial: T, rest: Rest<T>): ConfigRow<T> => ({
  ...redis(kind, initial, rest),
  mutable: true,
});
const own = <T>(kind: ValueKind<T>, initial: T, rest: Rest<T>): ConfigRow<T> => ({
  ...redis(kind, initial, rest),
  origin: "redoubt",
});
const ownMutable = <T>(kind: ValueKind<T>, initial: T, rest: Rest<T>): ConfigRow<T> => ({
  ...own(kind, initial, rest),
  mutable: true,
});

/** Why it can't be a cluster's name; null: it can. */
export const clusterIdRule = (word: string): string | null =>
  word === "" || /^[A-Za-z0-9._-]{1,64}$/.test(word)
    ? null
    : "argument must be 1 to 64 letters, digits, '.', '_' or '-'";

const hostRule = (word: string): string | null =>
  /^[A-Za-z0-9.:_%-]{0,253}$/.test(word) ? null : "argument must be a host name or address";

const loopback: readonly ListenAddress[] = [
  { host: "127.0.0.1", optional: false },
  { host: "::1", optional: true },
];
const noPeers: readonly Peer[] = [];
/**
 * Redis lets a normal client that never reads hold any amount of replies. Here that memory is the same
 * heap the data lives in: a client may have one very large reply, or a backlog for a minute, not more.
 */
const outputBufferDefaults: BufferLimits = {
  normal: { hardBytes: 256 * mebibyte, softBytes: 64 * mebibyte, softSeconds: 60 },
  replica: { hardBytes: 256 * mebibyte, softBytes: 64 * mebibyte, softSeconds: 60 },
  pubsub: { hardBytes: 32 * mebibyte, softBytes: 8 * mebibyte, softSeconds: 60 },
};
/** Redis's own. */
const savePointDefaults: readonly SavePoint[] = [
  { seconds: 3600, changes: 1 },
  { seconds: 300, changes: 100 },
  { seconds: 60, changes: 10_000 },
];
const noClientLimit: MemoryOrPercent = { amount: 0, unit: "bytes" };
const otherPolicy = "only noeviction is possible: Redoubt does not evict what it acknowledged";
const port = () => integer(portMin, portMax);

export const configRows = {
  "node-id": own(integer(1, nodeIdMax), 0, {
    section: "Node",
    defaultText: "none, required",
    summary: "Which member of `peers` this node is.",
  }),
  peers: own(peerList(nodeIdMax, peersMax), noPeers, {
    section: "Node",
    defaultText: "none, required",
    summary:
      "The members the cluster is born with, the same line on each, and where their peer listeners are reached. Later members come and go by `redoubt member`.",
  }),
  import: own(text("path"), "", {
    section: "Node",
    defaultText: "none",
    commandLineOnly: true,
    summary:
      "RDB file whose data the new cluster begins with: with `bootstrap yes`, on one of its members. It is checked before anything is created.",
  }),
  "cluster-id": own(text("1 to 64 letters, digits, . _ -", clusterIdRule), "", {
    section: "Node",
    defaultText: "what the data directory says",
    summary:
      "Name of the cluster, the same on every member. A directory or a peer of another cluster is refused.",
  }),
  "peer-port": own(port(), 0, {
    section: "Node",
    defaultText: "the port of this node's own entry in `peers`",
    summary: "Where this node listens for other members.",
  }),
  "peer-bind": own(text("address", hostRule), "127.0.0.1", {
    section: "Node",
    summary:
      "Address of the peer listener. Beyond loopback it needs `peer-secret-file`, or `peer-insecure yes`.",
  }),
  "peer-secret-file": own(text("path"), "", {
    section: "Node",
    defaultText: "none",
    summary:
      "File with the secret that members prove to each other, at least 16 bytes after trimming white space at its ends.",
  }),
  "encryption-key-file": own(text("path"), "", {
    section: "Node",
    defaultText: "none",
    summary:
      "File with the keys that log and snapshots of this node are encrypted by, readable by its owner only: a name and 64 hexadecimal digits a line. The first one is used, the others only open what they had encrypted before. Decided when the node gets its data, for good.",
  }),
  "peer-insecure": own(yesNo(), false, {
    section: "Node",
    summary: "Accept members from beyond loopback without a secret: only in a network you trust.",
  }),
  bootstrap: own(yesNo(), false, {
    section: "Node",
    commandLineOnly: true,
    summary:
      "Birth: create this member of a new cluster in an empty directory. Once per member and cluster, never again.",
  }),
  rejoin: own(yesNo(), true, {
    section: "Node",
    summary:
      "A node whose data is missing or damaged asks the other members for a new place and is filled by the leader; what was damaged is kept aside. no: it stops.",
  }),
  "election-timeout": own(integer(electionTimeoutMsMin, electionTimeoutMsMax, "ms"), 500, {
    section: "Consensus",
    summary:
      "A follower that hears no leader campaigns after one to two times this. The same on every member.",
  }),
  "heartbeat-interval": own(integer(heartbeatIntervalMsMin, heartbeatIntervalMsMax, "ms"), 50, {
    section: "Consensus",
    summary:
      "How often the leader speaks when it has nothing to say. At most a fifth of the above.",
  }),
  "read-mode": own(oneOf(["lease", "quorum"]), "lease", {
    section: "Consensus",
    summary:
      "How the leader makes sure that it still leads before a read is answered: by a lease its followers honour, or by asking a majority each time. A hypervisor that freezes a machine's clocks defeats any lease; `quorum` needs no clock.",
  }),
  "replication-mode": own(oneOf(REPLICATION_MODES), "raft", {
    section: "Consensus",
    summary:
      "When a write is acknowledged and a read answered. `raft`: when a majority holds the write durably, and when this node surely leads still. `wait`, `async`: at once, as Redis does; **UNSAFE**: acknowledged writes are lost when leadership is, and what was read can vanish. They are there to be compared with; with `wait` clients ask by WAIT who holds their writes. The same on every member: a node that acknowledges earlier than a member it meets stops.",
  }),
  "in-flight-bytes-max": ownMutable(
    memory(BATCH_BYTES_MAX, IN_FLIGHT_UNDO_BYTES_MAX),
    IN_FLIGHT_BYTES_MAX,
    {
      section: "Consensus",
      summary:
        "Bytes of effects that are executed and not committed above which the leader executes nothing new: clients wait while followers are slow, memory stays bounded. One command may exceed it by itself.",
    },
  ),
  "in-flight-batches-max": ownMutable(
    integer(1, IN_FLIGHT_BATCHES_CEILING),
    IN_FLIGHT_BATCHES_MAX,
    {
      section: "Consensus",
      summary: "The same, counted in entries of the log.",
    },
  ),
  "audit-interval": ownMutable(integer(0, int32Max, "s"), 600, {
    section: "Consensus",
    summary:
      "How often, at most, the leader has all data nodes compare digests of everything they hold at one entry of the log; a node in the minority stops. Nothing is compared while nothing is written. 0: never. The leader's setting counts.",
  }),
  "clock-drift-percent-max": own(integer(0, clockDriftPercentMaxMax, "percent"), 10, {
    section: "Consensus",
    summary:
      "By how much the nodes' monotonic clocks may drift apart: leases are shorter than the election timeout by it. The same on every member.",
  }),
  "busy-leader-max": own(integer(0, busyLeaderMsMax, "ms"), 10_000, {
    section: "Consensus",
    summary:
      "How long a leader whose event loop stands still (a long command, a collection of garbage) keeps its place. 0: no longer than the election timeout.",
  }),
  "reserve-delay": own(integer(0, reserveDelayMsMax, "ms"), RESERVE_DELAY_MS, {
    section: "Consensus",
    summary:
      "How long the leader collects entries for followers that a majority does without: a command waits for the others, and these get several entries at a time. What is late for its majority leaves for all at once. 0: every entry leaves for every follower at once. The leader's setting counts.",
  }),
  "node-role": own(oneOf(["data", "witness"]), "data", {
    section: "Node",
    defaultText: "what `peers` says of this node",
    summary:
      "A witness votes and stores the log, holds no data and serves no clients. As the membership names this node: another role is refused.",
  }),
  bind: redis(listenAddresses(), loopback, {
    section: "Clients",
    summary: "Addresses for clients.",
    differs: "the built-in default is loopback, as in the redis.conf that Redis ships",
  }),
  port: redis(port(), 6379, {
    section: "Clients",
    summary: "Port for clients.",
    differs: "0 (do not listen) is refused",
  }),
  "tcp-backlog": redis(integer(1, int32Max), 511, {
    section: "Clients",
    summary: "Connections the system may queue before they are accepted.",
  }),
  "tcp-keepalive": redisMutable(integer(0, int32Max, "s"), 300, {
    section: "Clients",
    summary: "Keepalive probes on client connections after this much silence. 0: none.",
  }),
  timeout: redisMutable(integer(0, int32Max, "s"), 0, {
    section: "Clients",
    summary: "Close a client that was idle this long. 0: never.",
  }),
  maxclients: redisMutable(integer(1, 4_294_967_295), 10_000, {
    section: "Clients",
    summary: "Clients connected at once.",
    differs: "the limit of open files is not raised or checked",
  }),
  "protected-mode": redisMutable(yesNo(), true, {
    section: "Clients",
    summary: "Without a password, refuse clients from beyond loopback.",
  }),
  requirepass: redisMutable(text("password, UTF-8"), "", {
    section: "Clients",
    defaultText: "none",
    summary: "Password of the default user. Empty: none.",
  }),
  "proto-max-bulk-len": redisMutable(memory(bulkBytesMin, bulkBytesMax), bulkBytesMax, {
    section: "Clients",
    summary: "Largest argument of a command, and largest string value.",
    differs: "at most, and by default, 64mb (Redis: 512mb): a value must fit one log entry",
  }),
  "client-query-buffer-limit": redisMutable(
    memory(queryBufferBytesMin, Number.MAX_SAFE_INTEGER),
    queryBufferBytesDefault,
    {
      section: "Clients",
      summary: "A client with more bytes of requests waiting is closed.",
      differs: "default 256mb (Redis: 1gb)",
    },
  ),
  "client-output-buffer-limit": redisMutable(bufferLimits(), outputBufferDefaults, {
    section: "Clients",
    defaultText: "`normal 256mb 64mb 60 replica 256mb 64mb 60 pubsub 32mb 8mb 60`",
    summary:
      "A client with more reply bytes waiting than hard, or than soft for that many seconds, is closed.",
    differs:
      "normal clients are limited by default; replica is read and answered but nothing uses it: members do not connect as clients",
  }),
  "maxmemory-clients": redisMutable(memoryOrPercent("`maxmemory`"), noClientLimit, {
    section: "Clients",
    summary:
      "While the buffers of all clients together hold more, the client with the largest is closed, but for those that said CLIENT NO-EVICT.",
    differs: "only buffers count, not what an idle connection costs; looked at 20 times a second",
  }),
  "enable-debug-command": redis(oneOf(["no", "yes", "local"]), "no", {
    section: "Clients",
    summary: "Who may use DEBUG: nobody, everybody, or clients from loopback.",
  }),
  "cluster-announce-ip": redis(text("address", hostRule), "", {
    section: "Announcing",
    defaultText: "the address the client connected to",
    summary: "Address that clients are sent to for this node.",
  }),
  "cluster-announce-port": redis(integer(0, portMax), 0, {
    section: "Announcing",
    defaultText: "`port`",
    summary: "Port that clients are sent to for this node.",
  }),
  "cluster-announce-hostname": redis(text("host name", hostRule), "", {
    section: "Announcing",
    defaultText: "none",
    summary: "Host name that clients are told for this node.",
  }),
  "cluster-preferred-endpoint-type": redis(
    oneOf(["ip", "hostname"], {
      "unknown-endpoint": "'unknown-endpoint' is not available, use 'ip' or 'hostname'",
    }),
    "ip",
    {
      section: "Announcing",
      summary: "What MOVED, CLUSTER SLOTS and CLUSTER SHARDS name a node by.",
      differs: "`unknown-endpoint` is refused, and it cannot be changed at run time",
    },
  ),
  maxmemory: redisMutable(memory(maxmemoryBytesMin, Number.MAX_SAFE_INTEGER, "no limit"), 0, {
    section: "Memory",
    defaultText: "a quarter of the machine's memory",
    summary:
      "Bytes of data and buffers above which commands that need more are refused. At run time up to what the heap was sized for at start.",
    differs: "limited by default; the number is printed at start and by CONFIG GET",
  }),
  "maxmemory-policy": redisMutable(
    oneOf(["noeviction"], {
      "allkeys-lru": otherPolicy,
      "allkeys-lfu": otherPolicy,
      "allkeys-random": otherPolicy,
      "volatile-lru": otherPolicy,
      "volatile-lfu": otherPolicy,
      "volatile-random": otherPolicy,
      "volatile-ttl": otherPolicy,
    }),
    "noeviction",
    {
      section: "Memory",
      summary: "What happens at `maxmemory`: commands that need memory are refused.",
      differs: "no other policy",
    },
  ),
  "active-expire-effort": redisMutable(integer(expireEffortMin, expireEffortMax), 1, {
    section: "Memory",
    summary:
      "How hard the leader looks for expired keys nobody asks for: 1 takes at most 25% of its time and leaves about 10% of them, each step takes 2% more and leaves 1% less.",
    differs: "cycles begin 10 times a second, as with Redis's default of `hz`, which cannot be set",
  }),
  "shutdown-timeout": redisMutable(integer(0, int32Max, "s"), 10, {
    section: "Process",
    summary:
      "How long a leader that is asked to stop waits at most until another one leads. 0: it hands nothing over, the others elect.",
    differs: "it is not lagging replicas that are waited for",
  }),
  dir: redis(text("path"), ".", {
    section: "Process",
    defaultText: "the working directory",
    summary: "Directory of the durable log. Relative paths of other options start here.",
  }),
  loglevel: redisMutable(oneOf(["debug", "verbose", "notice", "warning"]), "notice", {
    section: "Process",
    summary: "Least severe log lines that are written.",
  }),
  logfile: redis(text("path"), "", {
    section: "Process",
    defaultText: "standard output",
    summary: "File that log lines (JSON) are appended to.",
    differs: "the file is kept open, send SIGHUP after moving it away",
  }),
  pidfile: redis(text("path"), "", {
    section: "Process",
    defaultText: "none",
    summary: "File that holds the process id while the node runs.",
  }),
  daemonize: redis(fixed("no", "only 'no' is possible: use a service manager"), "no", {
    section: "Process",
    summary: "Answered, not changeable.",
  }),
  databases: redis(fixed("1", "only 1 is possible: a cluster has one database"), "1", {
    section: "Process",
    summary: "Answered, not changeable: as in Redis Cluster there is one database.",
  }),
  "cluster-enabled": redis(fixed("yes", "only 'yes' is possible"), "yes", {
    section: "Process",
    summary: "Answered, not changeable: clients see a cluster of one shard.",
  }),
  appendonly: redis(fixed("yes", "only 'yes' is possible: the log cannot be turned off"), "yes", {
    section: "Process",
    summary: "Answered, not changeable: every write is in a log on a majority before its reply.",
    differs: "the log is Redoubt's own, there is no appendonly.aof",
  }),
  appendfsync: redis(fixed("always", "only 'always' is possible"), "always", {
    section: "Process",
    summary: "Answered, not changeable: the log is synced before a write is acknowledged.",
  }),
  save: redisMutable(savePoints(savePointDefaults), savePointDefaults, {
    section: "Saving",
    summary:
      "Make a snapshot after so many seconds if there were so many changes. Every write is durable without: snapshots shorten the log, and the next start.",
    differs: "changes are counted as effects in the log, and nodes save one after the other",
  }),
  "log-snapshot-bytes": ownMutable(
    memory(logSnapshotBytesMin, Number.MAX_SAFE_INTEGER, "never"),
    logSnapshotBytesDefault,
    {
      section: "Saving",
      summary:
        "Make a snapshot when the log behind the last one has so many bytes, whatever `save` says: a start replays them, and a disk holds them.",
    },
  ),
  "log-snapshot-entries": ownMutable(integer(0, int32Max), logSnapshotEntriesDefault, {
    section: "Saving",
    summary: "The same, counted in entries of the log: many small ones take as long. 0: never.",
  }),
  "log-trailing-entries": ownMutable(integer(0, int32Max), LOG_TRAILING_ENTRIES, {
    section: "Saving",
    summary:
      "How many entries the log keeps behind a snapshot, up to 64mb of them: a member that was away for a moment is sent these instead of everything.",
  }),
  "shutdown-save": ownMutable(yesNo(), false, {
    section: "Saving",
    summary:
      "Make a snapshot before the node stops, by SHUTDOWN without SAVE or NOSAVE or by a signal, in what the hand-over leaves of `shutdown-timeout`. Nothing needs it: the next start is shorter, this stop longer.",
  }),
} as const;

export type ConfigName = keyof typeof configRows;
type KindOf<R> = R extends ConfigRow<infer T> ? T : never;
export type ConfigValues = { readonly [N in ConfigName]: KindOf<(typeof configRows)[N]> };
export const configNames = Object.keys(configRows) as readonly ConfigName[];

/** The row of a name as it may be written, any case; undefined: no such option. */
export function rowOf(name: string): { name: ConfigName; row: ConfigRow<unknown> } | undefined {
  const lower = name.toLowerCase();
  if (!Object.hasOwn(configRows, lower)) return undefined;
  return { name: lower as ConfigName, row: configRows[lower as ConfigName] as ConfigRow<unknown> };
}

export function defaultValues(): ConfigValues {
  const values = configNames.map((name) => [name, configRows[name].default]);
  return Object.fromEntries(values) as ConfigValues;
}
