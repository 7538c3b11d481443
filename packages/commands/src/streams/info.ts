/** XINFO: streams, groups and consumers, for people and for tools that watch lag. */

import {
  type ConsumerGroupView,
  type ConsumerView,
  ENTRIES_READ_UNKNOWN,
  groupLag,
  NEVER_ACTIVE,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamView,
} from "@redoubt/keyspace";
import { errors, subcommandSyntax } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument, streamAt } from "../values.js";
import {
  type Entry,
  entriesDown,
  entriesUp,
  replyEntries,
  replyEntry,
  replyId,
} from "./entries.js";
import { replyHelp } from "./groups.js";
import { noGroup } from "./texts.js";

/** Entries, and pending entries of each group and consumer, that FULL shows, as Redis. */
const FULL_COUNT_DEFAULT = 10;

function stream(context: CommandContext): void {
  const found = existing(context);
  if (found === null) return;
  const countMax = fullCount(context);
  if (countMax === null) return;
  const { reply } = context;
  reply.map(countMax === undefined ? 10 : 9);
  replyStream(context, found);
  if (countMax === undefined) {
    reply.bulk("groups");
    reply.integer(found.groupCount);
    reply.bulk("first-entry");
    replyEdge(context, entriesUp(found, STREAM_ID_MIN, STREAM_ID_MAX, 1)[0]);
    reply.bulk("last-entry");
    replyEdge(context, entriesDown(found, STREAM_ID_MIN, STREAM_ID_MAX, 1)[0]);
    return;
  }
  reply.bulk("entries");
  replyEntries(reply, entriesUp(found, STREAM_ID_MIN, STREAM_ID_MAX, countMax));
  reply.bulk("groups");
  reply.array(found.groupCount);
  found.forEachGroup((group) => replyFullGroup(context, found, group, countMax));
}

/** 0: all. undefined: not FULL. Null: the error was replied. */
function fullCount(context: CommandContext): number | undefined | null {
  const { argv, reply } = context;
  const options = argv.length - 3;
  if (options === 0) return undefined;
  const isFull = (options === 1 || options === 3) && optionArgument(context, 3) === "FULL";
  if (!isFull || (options === 3 && optionArgument(context, 4) !== "COUNT")) {
    reply.error(subcommandSyntax("XINFO", argv[1]!));
    return null;
  }
  if (options === 1) return FULL_COUNT_DEFAULT;
  const count = integerArgument(context, 5);
  if (count === null) return null;
  return count < 0 ? FULL_COUNT_DEFAULT : clampToSafe(count);
}

function replyStream({ reply }: CommandContext, found: StreamView): void {
  reply.bulk("length");
  reply.integer(found.length);
  // What corresponds to Redis's radix tree: the chunks, and the index above them.
  reply.bulk("radix-tree-keys");
  reply.integer(found.chunkCount);
  reply.bulk("radix-tree-nodes");
  reply.integer(found.chunkCount + 1);
  reply.bulk("last-generated-id");
  replyId(reply, found.lastId);
  reply.bulk("max-deleted-entry-id");
  replyId(reply, found.maxDeletedId);
  reply.bulk("entries-added");
  reply.integer(found.entriesAdded);
  reply.bulk("recorded-first-entry-id");
  replyId(reply, found.firstId);
}

function replyEdge({ reply }: CommandContext, entry: Entry | undefined): void {
  if (entry === undefined) reply.null();
  else replyEntry(reply, entry);
}

function replyProgress(
  { reply }: CommandContext,
  found: StreamView,
  group: ConsumerGroupView,
): void {
  reply.bulk("last-delivered-id");
  replyId(reply, group.lastDeliveredId);
  reply.bulk("entries-read");
  if (group.entriesRead === ENTRIES_READ_UNKNOWN) reply.null();
  else reply.integer(group.entriesRead);
  reply.bulk("lag");
  const lag = groupLag(found, group);
  if (lag === undefined) reply.null();
  else reply.integer(lag);
}

function replyFullGroup(
  context: CommandContext,
  found: StreamView,
  group: ConsumerGroupView,
  countMax: number,
): void {
  const { reply } = context;
  reply.map(7);
  reply.bulk("name");
  reply.bulk(group.name);
  replyProgress(context, found, group);
  reply.bulk("pel-count");
  reply.integer(group.pendingCount);
  reply.bulk("pending");
  reply.array(countMax === 0 ? group.pendingCount : Math.min(group.pendingCount, countMax));
  let shown = 0;
  if (group.pendingCount > 0) {
    group.forEachPending(STREAM_ID_MIN, (id, { consumer, deliveryMs, deliveryCount }) => {
      reply.array(4);
      replyId(reply, id);
      reply.bulk(consumer.name);
      reply.integer(deliveryMs);
      reply.integer(deliveryCount);
      shown += 1;
      return shown !== countMax;
    });
  }
  reply.bulk("consumers");
  reply.array(group.consumerCount);
  group.forEachConsumer((consumer) => replyFullConsumer(context, consumer, countMax));
}

function replyFullConsumer(
  { reply }: CommandContext,
  { name, seenMs, activeMs, pending }: ConsumerView,
  countMax: number,
): void {
  reply.map(5);
  reply.bulk("name");
  reply.bulk(name);
  reply.bulk("seen-time");
  reply.integer(seenMs);
  reply.bulk("active-time");
  reply.integer(activeMs);
  reply.bulk("pel-count");
  reply.integer(pending.size);
  reply.bulk("pending");
  reply.array(countMax === 0 ? pending.size : Math.min(pending.size, countMax));
  let shown = 0;
  pending.forEachUp(STREAM_ID_MIN, (id, { deliveryMs, deliveryCount }) => {
    reply.array(3);
    replyId(reply, id);
    reply.integer(deliveryMs);
    reply.integer(deliveryCount);
    shown += 1;
    return shown !== countMax;
  });
}

function groups(context: CommandContext): void {
  const found = existing(context);
  if (found === null) return;
  const { reply } = context;
  reply.array(found.groupCount);
  found.forEachGroup((group) => {
    reply.map(6);
    reply.bulk("name");
    reply.bulk(group.name);
    reply.bulk("consumers");
    reply.integer(group.consumerCount);
    reply.bulk("pending");
    reply.integer(group.pendingCount);
    replyProgress(context, found, group);
  });
}

function consumers(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const found = existing(context);
  if (found === null) return;
  const group = found.group(keyArgument(context, 3));
  if (group === undefined) {
    reply.error(noGroup(argv[2]!, argv[3]!));
    return;
  }
  reply.array(group.consumerCount);
  group.forEachConsumer(({ name, seenMs, activeMs, pending }) => {
    reply.map(4);
    reply.bulk("name");
    reply.bulk(name);
    reply.bulk("pending");
    reply.integer(pending.size);
    reply.bulk("idle");
    reply.integer(Math.max(txn.nowMs - seenMs, 0));
    reply.bulk("inactive");
    reply.integer(activeMs === NEVER_ACTIVE ? -1 : Math.max(txn.nowMs - activeMs, 0));
  });
}

/** Null: the error was replied. */
function existing(context: CommandContext): StreamView | null {
  const found = streamAt(context, keyArgument(context, 2));
  if (found !== undefined) return found;
  context.reply.error(errors.noSuchKey);
  return null;
}

const infoFacts = {
  flags: ["readonly"],
  categories: ["stream"],
  keys: [keyAt(2, "RO", "access")],
  since: "5.0.0",
  group: "stream",
} as const satisfies Partial<RowSpec>;

const subcommands: readonly RowSpec[] = [
  {
    ...infoFacts,
    name: "consumers",
    arity: 4,
    tips: ["nondeterministic_output"],
    summary: "The consumers of a group: what is pending for each, and for how long it was idle.",
    complexity: "O(N), N: consumers",
    syntax: "key:key group:string",
    execute: consumers,
  },
  {
    ...infoFacts,
    name: "groups",
    arity: 3,
    summary: "The groups of a stream: how far each has read, and how far it lags behind.",
    complexity: "O(N), N: groups",
    syntax: "key:key",
    execute: groups,
  },
  {
    ...infoFacts,
    name: "stream",
    arity: -3,
    summary: "A stream's counters and edges; with FULL its entries, groups and consumers.",
    complexity: "O(1); FULL: O(N), N: what is shown",
    syntax: "key:key [FULL full-block{[COUNT count:integer]}]",
    execute: stream,
  },
  {
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    categories: ["stream"],
    visibility: "noKeyspace",
    summary: "The subcommands of XINFO.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(1)",
    execute: (context) => replyHelp(context, infoRow),
  },
];

export const infoRow: RowSpec = {
  name: "xinfo",
  arity: -2,
  visibility: "noKeyspace",
  summary: "Facts about a stream, its groups and consumers.",
  since: "5.0.0",
  group: "stream",
  complexity: "Depends on the subcommand",
  subcommands,
};
