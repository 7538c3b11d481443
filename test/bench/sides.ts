/**
 * Who is measured beside whom: a server, and how it is asked. Servers that promise the same stand beside each other:
 * Redoubt answers a write when a majority has it on disk, so Redis's nearest promise is an append-only file synced at
 * every write and WAIT 1 behind it (the replica that answers WAIT has the write in memory). Everything else is there
 * to show what a promise costs.
 */

import { startEtcd } from "./targets/etcd.js";
import { type AofSync, startRedis } from "./targets/redis.js";
import { NO_SNAPSHOTS, startRedoubt } from "./targets/redoubt.js";
import type { Target } from "./targets/target.js";
import { INCR_HOT, type Subject } from "./workloads.js";

/** Started once for all sides that ask it. */
export interface Server {
  readonly name: string;
  /** null: not installed. */
  start(): Promise<Target | null>;
}

export interface Side {
  readonly name: string;
  readonly server: Server;
  readonly protocol: "resp" | "etcd";
  /** Replicas asked for by WAIT, in the same write as each operation that writes; 0: no WAIT. */
  readonly waits: number;
  /** Who is asked. Connections are dealt to the followers by turns. */
  readonly asks: "leader" | "followers";
  /** Sent first on every connection. */
  readonly preamble?: readonly string[];
  /** It is asked this instead of what the others are. */
  readonly subject?: Subject;
}

/** It makes a snapshot when a disturbance asks for one. */
export function redoubtServer(name: string, settings: readonly string[]): Server {
  return { name, start: () => startRedoubt([...NO_SNAPSHOTS, ...settings], name) };
}

function redisServer(sync: AofSync): Server {
  return { name: `redis, AOF ${sync}`, start: () => startRedis(sync) };
}

export function leaderSide(name: string, server: Server): Side {
  return { name, server, protocol: "resp", waits: 0, asks: "leader" };
}

const RAFT = redoubtServer("redoubt", []);
const AOF = {
  always: redisServer("always"),
  everysec: redisServer("everysec"),
  none: redisServer("none"),
} as const;

export const REDOUBT = leaderSide("redoubt", RAFT);
/** All clients count by one key, the others each time by another. */
export const REDOUBT_ONE_KEY: Side = {
  ...leaderSide("redoubt, one key", RAFT),
  subject: INCR_HOT,
};
export const REDOUBT_FOLLOWERS: Side = {
  ...leaderSide("redoubt, followers", RAFT),
  asks: "followers",
  preamble: ["READONLY"],
};
export const REDOUBT_QUORUM = leaderSide(
  "redoubt, read-mode quorum",
  redoubtServer("redoubt, read-mode quorum", ["read-mode=quorum"]),
);
/** Mode `wait` and mode `async` are one on the server: clients of the former ask by WAIT. */
export const REDOUBT_ASYNC = leaderSide(
  "redoubt, mode async",
  redoubtServer("redoubt, mode async", ["replication-mode=async"]),
);
const WAIT_SERVER = redoubtServer("redoubt, mode wait", ["replication-mode=wait"]);
export const REDOUBT_WAIT: Side = {
  ...leaderSide("redoubt, mode wait + WAIT 1", WAIT_SERVER),
  waits: 1,
};

export function redisSide(sync: AofSync, waits: 0 | 1 | 2): Side {
  const suffix = waits === 0 ? "" : ` + WAIT ${waits}`;
  return { ...leaderSide(`redis, AOF ${sync}${suffix}`, AOF[sync]), waits };
}

/** What writes are compared with. */
export const REDIS_WAIT = redisSide("always", 1);
/**
 * Plain redis-server, which reads are compared with: the same processes without WAIT. A read touches neither the
 * append-only file nor a replica, so it is as fast as from a server that has none.
 */
export const REDIS = redisSide("always", 0);
export const REDIS_FOLLOWERS: Side = {
  ...leaderSide("redis, replicas", AOF.always),
  asks: "followers",
};
export const ETCD: Side = {
  name: "etcd",
  server: { name: "etcd", start: startEtcd },
  protocol: "etcd",
  waits: 0,
  asks: "leader",
};
