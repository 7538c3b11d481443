/** What a group has delivered and not seen acknowledged: XACK, XPENDING. */

import type { ConsumerGroupView, StreamId } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument, streamAt } from "../values.js";
import { replyId } from "./entries.js";
import { endArgument, idArguments, startArgument } from "./ids.js";
import { noKeyOrGroup } from "./texts.js";

function xack(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 1);
  const group = keyArgument(context, 2);
  const stream = streamAt(context, key);
  if (stream === null) return;
  if (stream?.group(group) === undefined) {
    reply.integer(0);
    return;
  }
  const ids = idArguments(context, 3);
  if (ids !== null) reply.integer(txn.streams.acknowledge(key, group, ids));
}

interface PendingRange {
  readonly minIdleMs: number;
  readonly first: StreamId;
  readonly last: StreamId;
  readonly countMax: number;
  /** Null: of all. */
  readonly consumer: string | null;
}

function xpending(context: CommandContext): void {
  const { argv, reply } = context;
  if (argv.length !== 3 && (argv.length < 6 || argv.length > 9)) {
    reply.error(errors.syntax);
    return;
  }
  const range = argv.length === 3 ? undefined : parseRange(context);
  if (range === null) return;
  const stream = streamAt(context, keyArgument(context, 1));
  if (stream === null) return;
  const group = stream?.group(keyArgument(context, 2));
  if (group === undefined) {
    reply.error(noKeyOrGroup(argv[1]!, argv[2]!));
  } else if (range === undefined) {
    replySummary(context, group);
  } else {
    replyRange(context, group, range);
  }
}

/** Null: the error was replied. */
function parseRange(context: CommandContext): PendingRange | null {
  const { argv, reply } = context;
  let start = 3;
  let minIdleMs = 0;
  if (optionArgument(context, 3) === "IDLE") {
    const idle = integerArgument(context, 4);
    if (idle === null) return null;
    if (argv.length < 8) {
      reply.error(errors.syntax);
      return null;
    }
    minIdleMs = clampToSafe(idle);
    start = 5;
  }
  const count = integerArgument(context, start + 2);
  if (count === null) return null;
  const first = startArgument(context, start);
  if (first === null) return null;
  const last = endArgument(context, start + 1);
  if (last === null) return null;
  const name = argv[start + 3];
  const consumer = name === undefined ? null : latin1(name);
  return { minIdleMs, first, last, countMax: Math.max(clampToSafe(count), 0), consumer };
}

function replySummary({ reply }: CommandContext, group: ConsumerGroupView): void {
  reply.array(4);
  reply.integer(group.pendingCount);
  const first = group.firstPendingId();
  const last = group.lastPendingId();
  if (first === undefined || last === undefined) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  replyId(reply, first);
  replyId(reply, last);
  const counts: { readonly name: string; readonly size: number }[] = [];
  group.forEachConsumer(({ name, pending }) => {
    if (pending.size > 0) counts.push({ name, size: pending.size });
  });
  reply.array(counts.length);
  for (const { name, size } of counts) {
    reply.array(2);
    reply.bulk(name);
    reply.bulk(String(size));
  }
}

interface PendingRow {
  readonly id: StreamId;
  readonly consumer: string;
  readonly idleMs: number;
  readonly deliveryCount: number;
}

function replyRange(
  { txn, reply }: CommandContext,
  group: ConsumerGroupView,
  { minIdleMs, first, last, countMax, consumer }: PendingRange,
): void {
  const rows: PendingRow[] = [];
  const visit: Parameters<ConsumerGroupView["forEachPending"]>[1] = (id, entry) => {
    if (id > last || rows.length >= countMax) return false;
    const idleMs = txn.nowMs - entry.deliveryMs;
    if (minIdleMs === 0 || idleMs >= minIdleMs) {
      const { deliveryCount } = entry;
      rows.push({ id, consumer: entry.consumer.name, idleMs: Math.max(idleMs, 0), deliveryCount });
    }
    return true;
  };
  if (consumer === null) group.forEachPending(first, visit);
  else group.consumer(consumer)?.pending.forEachUp(first, visit);
  reply.array(rows.length);
  for (const row of rows) {
    reply.array(4);
    replyId(reply, row.id);
    reply.bulk(row.consumer);
    reply.integer(row.idleMs);
    reply.integer(row.deliveryCount);
  }
}

export const pendingRows: readonly RowSpec[] = [
  {
    name: "xack",
    arity: -4,
    flags: ["write", "fast"],
    categories: ["stream"],
    keys: [keyAt(1, "RW", "update")],
    summary: "Acknowledges entries: they are no longer pending in the group.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(log N) for each id, N: entries pending",
    syntax: "key:key group:string id:string...",
    execute: xack,
  },
  {
    name: "xpending",
    arity: -3,
    flags: ["readonly"],
    categories: ["stream"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    summary:
      "What is pending in a group: a summary, or entries with consumer, idle time and count.",
    since: "5.0.0",
    group: "stream",
    complexity:
      "O(log N + M), N: entries pending, M: entries looked at; O(C) the summary, C: consumers",
    syntax:
      "key:key group:string [filters{[IDLE min-idle-time:integer] start:string end:string count:integer [consumer:string]}]",
    execute: xpending,
  },
];
