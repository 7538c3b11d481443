/** Reading a key's deadline: TTL, PTTL, EXPIRETIME, PEXPIRETIME. */

import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";

/** Replies instead of a time. */
const KEY_MISSING = -2;
const NEVER = -1;

function ttl(context: CommandContext): void {
  replyTime(context, true, 1000);
}

function pttl(context: CommandContext): void {
  replyTime(context, true, 1);
}

function expiretime(context: CommandContext): void {
  replyTime(context, false, 1000);
}

function pexpiretime(context: CommandContext): void {
  replyTime(context, false, 1);
}

function replyTime(context: CommandContext, relative: boolean, unitMs: number): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  if (!txn.has(key)) {
    reply.integer(KEY_MISSING);
    return;
  }
  const deadline = txn.deadline(key);
  if (deadline === 0) {
    reply.integer(NEVER);
    return;
  }
  const time = relative ? Math.max(deadline - txn.nowMs, 0) : deadline;
  // Seconds are rounded half up, as Redis.
  reply.integer(unitMs === 1 ? time : Math.floor((time + unitMs / 2) / unitMs));
}

const ttlFacts = {
  arity: 2,
  flags: ["readonly", "fast"],
  categories: ["keyspace"],
  keys: [keyAt(1, "RO", "access")],
  group: "generic",
  complexity: "O(1)",
  syntax: "key:key",
} as const satisfies Partial<RowSpec>;

export const ttlRows: readonly RowSpec[] = [
  {
    ...ttlFacts,
    name: "ttl",
    tips: ["nondeterministic_output"],
    summary: "Seconds until a key expires; -1: never, -2: no such key.",
    since: "1.0.0",
    execute: ttl,
  },
  {
    ...ttlFacts,
    name: "pttl",
    tips: ["nondeterministic_output"],
    summary: "Milliseconds until a key expires; -1: never, -2: no such key.",
    since: "2.6.0",
    execute: pttl,
  },
  {
    ...ttlFacts,
    name: "expiretime",
    summary: "When a key expires, in seconds since the epoch; -1: never, -2: no such key.",
    since: "7.0.0",
    execute: expiretime,
  },
  {
    ...ttlFacts,
    name: "pexpiretime",
    summary: "When a key expires, in milliseconds since the epoch; -1: never, -2: no such key.",
    since: "7.0.0",
    execute: pexpiretime,
  },
];
