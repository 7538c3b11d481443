/** All workloads, by name. */

import { bank } from "./bank.js";
import { counter } from "./counter.js";
import { followerReads } from "./follower-reads.js";
import { listAppend } from "./list-append.js";
import { pubSub } from "./pub-sub.js";
import { queue, stream } from "./queue.js";
import { register } from "./register.js";
import { sessions } from "./sessions.js";
import { set } from "./set.js";
import { transactionLog } from "./transaction-log.js";
import { uniqueIds } from "./unique-ids.js";
import type { Workload } from "./workload.js";
import { largeWrites, writes } from "./writes.js";

const all: readonly Workload[] = [
  writes,
  largeWrites,
  register,
  listAppend,
  set,
  counter,
  queue,
  stream,
  uniqueIds,
  bank,
  followerReads,
  pubSub,
  sessions,
  transactionLog,
];

export const workloads: ReadonlyMap<string, Workload> = new Map(
  all.map((workload) => [workload.name, workload]),
);
