/**
 * What XREAD and XREADGROUP give at this moment: the part a blocking read can ask again. In Redis's terms an
 * entry of a group is new once (`>`) and history from then on, until it is acknowledged.
 */

import {
  asStream,
  type ConsumerGroupView,
  entriesReadWith,
  nextStreamId,
  STREAM_ID_MAX,
  type StreamId,
  type StreamView,
} from "@redoubt/keyspace";
import type { CommandContext } from "../types.js";
import { deliverCounted, touchConsumer } from "./deliveries.js";
import { type Entry, entriesUp, replyEntries } from "./entries.js";

/** As the id of a group's stream: entries never delivered. It is what `>` means in Redis, too. */
export const NEW_ENTRIES: StreamId = STREAM_ID_MAX;

export interface StreamRead {
  readonly keys: readonly string[];
  /** By key: entries above it are read. */
  readonly after: readonly StreamId[];
  /** Entries of each stream; 0: all. */
  readonly countMax: number;
  readonly group: GroupRead | null;
}

export interface GroupRead {
  readonly name: string;
  readonly consumer: string;
  /** New entries do not become pending. */
  readonly noAck: boolean;
}

interface Served {
  readonly key: string;
  readonly entries: readonly Entry[];
}

/** The keys hold streams, and the group, or are missing. False: there is nothing, and nothing was replied. */
export function tryRead(context: CommandContext, read: StreamRead): boolean {
  const { txn, reply } = context;
  const served: Served[] = [];
  read.keys.forEach((key, i) => {
    const value = txn.get(key);
    const stream = value === undefined ? undefined : asStream(value);
    if (stream === undefined) return;
    const after = read.after[i]!;
    const entries =
      read.group === null
        ? nonEmpty(entriesAfter(stream, after, read.countMax))
        : readAsConsumer(context, key, stream, after, read.countMax, read.group);
    if (entries !== null) served.push({ key, entries });
  });
  if (served.length === 0) return false;
  if (reply.protocol === 2) reply.array(served.length);
  else reply.map(served.length);
  for (const { key, entries } of served) {
    if (reply.protocol === 2) reply.array(2);
    reply.bulk(key);
    replyEntries(reply, entries);
  }
  return true;
}

function entriesAfter(stream: StreamView, after: StreamId, countMax: number): Entry[] {
  const first = nextStreamId(after);
  return first === undefined ? [] : entriesUp(stream, first, STREAM_ID_MAX, countMax);
}

function nonEmpty(entries: readonly Entry[]): readonly Entry[] | null {
  return entries.length === 0 ? null : entries;
}

/** Null: nothing new. History is an answer even when it is empty. */
function readAsConsumer(
  context: CommandContext,
  key: string,
  stream: StreamView,
  after: StreamId,
  countMax: number,
  { name, consumer, noAck }: GroupRead,
): readonly Entry[] | null {
  const { streams, nowMs } = context.txn;
  const group = stream.group(name);
  if (group === undefined) return null;
  const isNew = group.consumer(consumer) === undefined;
  if (isNew) streams.createConsumer(key, name, consumer, nowMs);
  if (after !== NEW_ENTRIES)
    return readHistory(context, key, stream, group, consumer, after, countMax);
  const entries = entriesAfter(stream, group.lastDeliveredId, countMax);
  const last = entries.at(-1);
  if (last === undefined) return null;
  let { entriesRead } = group;
  for (const { id } of entries) entriesRead = entriesReadWith(stream, entriesRead, id);
  if (!noAck) {
    const ids = entries.map(({ id }) => id);
    streams.deliver(key, name, { consumer, deliveryMs: nowMs, deliveryCount: 1, ids });
  }
  streams.setGroupPosition(key, name, last.id, entriesRead);
  touchConsumer(context, key, name, consumer, !noAck);
  return entries;
}

/** What is pending for the consumer above `after`; what is still there counts as delivered again. */
function readHistory(
  context: CommandContext,
  key: string,
  stream: StreamView,
  group: ConsumerGroupView,
  consumer: string,
  after: StreamId,
  countMax: number,
): Entry[] {
  const entries: Entry[] = [];
  const counts = new Map<StreamId, number>();
  const first = nextStreamId(after)!;
  group.consumer(consumer)?.pending.forEachUp(first, (id, { deliveryCount }) => {
    const fields = stream.get(id) ?? null;
    entries.push({ id, fields });
    if (fields !== null) counts.set(id, deliveryCount + 1);
    return entries.length !== countMax;
  });
  if (counts.size > 0) {
    deliverCounted(context, key, group.name, consumer, context.txn.nowMs, counts);
    touchConsumer(context, key, group.name, consumer, false);
  }
  return entries;
}
