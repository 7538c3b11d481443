/** Which workloads each throughput group asks of which sides. */

import type { Contest } from "./contest.js";
import { DURING_CATCH_UP, DURING_SNAPSHOTS } from "./disturbances.js";
import {
  ETCD,
  REDIS,
  REDIS_FOLLOWERS,
  REDIS_WAIT,
  REDOUBT,
  REDOUBT_ASYNC,
  REDOUBT_FOLLOWERS,
  REDOUBT_ONE_KEY,
  REDOUBT_QUORUM,
  REDOUBT_WAIT,
  redisSide,
  type Side,
} from "./sides.js";
import * as w from "./workloads.js";

/** Contests of one phase share their servers, which run all the time: few at once. */
export type Phase = readonly Contest[];

const WRITERS = [REDOUBT, REDIS_WAIT];
const READERS = [REDOUBT, REDIS];
const FIFTY: w.Shape = { connections: 50 };
const PIPELINES = [1, 16, 64];
const CONNECTIONS = [1, 8, 50, 200, 1_000];
const VALUE_SIZES = [64, 1_024, 65_536];
/** Keys of a server that makes snapshots: enough for one to take its time. */
const SNAPSHOT_KEYS = 1_000_000;

export const ACCEPTANCE: readonly Phase[] = [
  [
    ...[1, 8].map((connections) => contest(w.SET, { connections }, WRITERS)),
    ...[50, 200].map((connections) => contest(w.SET, { connections }, [...WRITERS, ETCD])),
    contest(w.SET, { connections: 50, pipeline: 16 }, READERS),
    contest(w.GET, { connections: 50, pipeline: 16 }, READERS),
    ...w.COLLECTION_WRITES.map((subject) => contest(subject, FIFTY, WRITERS)),
    ...w.COLLECTION_READS.map((subject) => contest(subject, FIFTY, READERS)),
  ],
  [contest(w.GET, FIFTY, [REDOUBT, REDOUBT_QUORUM, REDIS])],
  [contest(w.INCR, { connections: 200 }, [REDOUBT_ONE_KEY, REDOUBT])],
  [contest(w.SET, FIFTY, [REDOUBT, REDOUBT_WAIT, REDOUBT_ASYNC])],
];

export const STRINGS: readonly Phase[] = [
  [
    ...PIPELINES.map((pipeline) =>
      contest(w.SET, { connections: 50, pipeline }, [...WRITERS, REDIS]),
    ),
    ...PIPELINES.map((pipeline) => contest(w.GET, { connections: 50, pipeline }, READERS)),
  ],
];

export const COLLECTIONS: readonly Phase[] = [
  [
    ...w.COLLECTION_WRITES.flatMap((subject) => shapes(subject, WRITERS)),
    ...w.COLLECTION_READS.flatMap((subject) => shapes(subject, READERS)),
    ...w.COLLECTION_QUEUES.map((subject) =>
      contest(subject, { connections: 50, pipeline: 16 }, WRITERS),
    ),
    contest(w.HGET, { connections: 50, pipeline: 16 }, READERS),
  ],
];

export const WORKLOADS: readonly Phase[] = [
  [
    ...[w.SET, w.INCR, w.LPUSH, w.HSET, w.ZADD, w.MSET, w.MIXED, w.MULTI].map((subject) =>
      contest(subject, FIFTY, WRITERS),
    ),
    contest(w.GET, FIFTY, READERS),
  ],
];

export const SIZES: readonly Phase[] = [
  VALUE_SIZES.flatMap((bytes) => [
    contest(w.setOf(bytes), FIFTY, WRITERS),
    contest(w.getOf(bytes), FIFTY, READERS),
  ]),
];

export const BY_CONNECTIONS: readonly Phase[] = [
  CONNECTIONS.map((connections) => contest(w.SET, { connections }, [...WRITERS, ETCD])),
  CONNECTIONS.map((connections) => contest(w.GET, { connections }, READERS)),
];

export const ROUND_TRIP: readonly Phase[] = [
  [
    ...[1, 50, 200].map((connections) =>
      contest(w.SET, { connections, roundTripMs: 1 }, [...WRITERS, ETCD]),
    ),
    contest(w.GET, { ...FIFTY, roundTripMs: 1 }, READERS),
  ],
];

/** What each promise costs: from nothing on disk to a majority's disks. */
export const MODES: readonly Phase[] = [
  [
    contest(w.SET, FIFTY, [
      REDOUBT,
      REDOUBT_WAIT,
      REDOUBT_ASYNC,
      ...(["always", "everysec", "none"] as const).flatMap((sync) =>
        ([0, 1, 2] as const).map((waits) => redisSide(sync, waits)),
      ),
      ETCD,
    ]),
  ],
];

export const FOLLOWER_READS: readonly Phase[] = [
  [contest(w.GET, FIFTY, [REDOUBT, REDOUBT_FOLLOWERS, REDIS, REDIS_FOLLOWERS])],
];

const MANY_KEYS = w.strings(SNAPSHOT_KEYS, w.VALUE_BYTES);

export const SNAPSHOT: readonly Phase[] = [
  [{}, { disturbance: DURING_SNAPSHOTS }].map((more) =>
    contest({ ...w.SET, range: SNAPSHOT_KEYS, dataset: MANY_KEYS }, { ...FIFTY, ...more }, WRITERS),
  ),
];

export const CATCH_UP: readonly Phase[] = [
  [{}, { disturbance: DURING_CATCH_UP }].map((more) =>
    contest(w.SET, { ...FIFTY, ...more }, WRITERS),
  ),
];

function contest(subject: w.Subject, shape: w.Shape, sides: readonly Side[]): Contest {
  return { workload: w.shaped(subject, shape), sides };
}

function shapes(subject: w.Subject, sides: readonly Side[]): Contest[] {
  return [{ connections: 1 }, FIFTY, { connections: 50, pipeline: 16 }].map((shape) =>
    contest(subject, shape, sides),
  );
}
