/** What can be put under test, by the name on the command line. */

import { redisTarget } from "./redis-target.js";
import { redoubtTarget } from "./redoubt-target.js";
import type { TargetDescription } from "./target.js";

/** Redis's own defaults, for "RDB" to mean what it means to those who install it. */
const SAVE_POINTS = ["save 3600 1 300 100 60 10000"];
const appendOnly = (sync: string): string[] => ["appendonly yes", `appendfsync ${sync}`];

const all: readonly TargetDescription[] = [
  redoubtTarget("raft", "Redoubt: acknowledged when durable on a majority"),
  redoubtTarget("wait", "Redoubt acknowledging as Redis with WAIT 1 does: unsafe, to compare with"),
  redoubtTarget("async", "Redoubt acknowledging as Redis does: unsafe, to compare with"),
  redisTarget("redis-async", "Redis with Sentinel, asynchronous replication, nothing on disk", []),
  redisTarget("redis-wait1", "Redis with Sentinel, WAIT 1 behind each write", [], { wait: 1 }),
  redisTarget("redis-wait2", "Redis with Sentinel, WAIT 2 behind each write", [], { wait: 2 }),
  redisTarget(
    "redis-aof-everysec",
    "Redis with Sentinel, append-only file synced once a second",
    appendOnly("everysec"),
  ),
  redisTarget(
    "redis-aof-always",
    "Redis with Sentinel, append-only file synced before each reply",
    appendOnly("always"),
  ),
  redisTarget(
    "redis-aof-no",
    "Redis with Sentinel, append-only file synced when the system likes",
    appendOnly("no"),
  ),
  redisTarget(
    "redis-rdb",
    "Redis with Sentinel, snapshots at the default save points",
    SAVE_POINTS,
  ),
  redisTarget(
    "redis-hybrid",
    "Redis with Sentinel and all it offers at once: snapshots, append-only file with RDB preamble, a replica required",
    [
      ...SAVE_POINTS,
      ...appendOnly("everysec"),
      "aof-use-rdb-preamble yes",
      "min-replicas-to-write 1",
      "min-replicas-max-lag 2",
    ],
  ),
];

export const targets: ReadonlyMap<string, TargetDescription> = new Map(
  all.map((target) => [target.name, target]),
);
