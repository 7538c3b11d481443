/**
 * Channels and who listens to them. Publishing is data; who is subscribed belongs to the connection, so the
 * replica's session does the rest.
 */

import { keyAt, keysFrom, type RowSpec } from "../row.js";
import type { CommandFlag } from "../types.js";
import { publish, spublish } from "./publish.js";

const publishFlags: readonly CommandFlag[] = ["pubsub", "loading", "stale", "fast"];
const subscribeFlags: readonly CommandFlag[] = ["pubsub", "noscript", "loading", "stale"];

type PubSubRow = Omit<RowSpec, "group" | "executor">;

const published: readonly RowSpec[] = [
  {
    name: "publish",
    arity: 3,
    flags: publishFlags,
    summary: "Posts a message to a channel.",
    since: "2.0.0",
    group: "pubsub",
    complexity: "O(N+M), N: subscribers of the channel, M: patterns",
    syntax: "channel:string message:string",
    visibility: "wholeKeyspace",
    emits: true,
    slotArgument: 1,
    execute: publish,
  },
  {
    name: "spublish",
    arity: 3,
    flags: publishFlags,
    keys: [keyAt(1, "not_key")],
    summary: "Posts a message to a shard channel.",
    since: "7.0.0",
    group: "pubsub",
    complexity: "O(N), N: subscribers of the shard channel",
    syntax: "shardchannel:string message:string",
    emits: true,
    execute: spublish,
  },
];

const subscriptions: readonly PubSubRow[] = [
  {
    name: "subscribe",
    arity: -2,
    flags: subscribeFlags,
    summary: "Listens to channels.",
    since: "2.0.0",
    complexity: "O(N), N: channels",
    syntax: "channel:string...",
    visibility: "noKeyspace",
    slotArgument: 1,
  },
  {
    name: "unsubscribe",
    arity: -1,
    flags: subscribeFlags,
    summary: "Listens to channels no more; to none, when none is named.",
    since: "2.0.0",
    complexity: "O(N), N: channels",
    syntax: "[channel:string...]",
    visibility: "noKeyspace",
  },
  {
    name: "psubscribe",
    arity: -2,
    flags: subscribeFlags,
    summary: "Listens to all channels whose names match a pattern.",
    since: "2.0.0",
    complexity: "O(N), N: patterns",
    syntax: "pattern{pattern:pattern}...",
    visibility: "noKeyspace",
    slotArgument: 1,
  },
  {
    name: "punsubscribe",
    arity: -1,
    flags: subscribeFlags,
    summary: "Drops patterns; all, when none is named.",
    since: "2.0.0",
    complexity: "O(N), N: patterns",
    syntax: "[pattern:pattern...]",
    visibility: "noKeyspace",
  },
  {
    name: "ssubscribe",
    arity: -2,
    flags: subscribeFlags,
    keys: [keysFrom(1, 1, "not_key")],
    summary: "Listens to shard channels.",
    since: "7.0.0",
    complexity: "O(N), N: shard channels",
    syntax: "shardchannel:string...",
  },
  {
    name: "sunsubscribe",
    arity: -1,
    flags: subscribeFlags,
    keys: [keysFrom(1, 1, "not_key")],
    summary: "Listens to shard channels no more; to none, when none is named.",
    since: "7.0.0",
    complexity: "O(N), N: shard channels",
    syntax: "[shardchannel:string...]",
  },
];

const askedFlags: readonly CommandFlag[] = ["pubsub", "loading", "stale"];

const asked: readonly PubSubRow[] = [
  {
    name: "channels",
    arity: -2,
    flags: askedFlags,
    summary: "Channels somebody on this node listens to.",
    since: "2.8.0",
    complexity: "O(N), N: channels",
    syntax: "[pattern:pattern]",
    visibility: "noKeyspace",
  },
  {
    name: "numpat",
    arity: 2,
    flags: askedFlags,
    summary: "How many patterns this node's clients listen to.",
    since: "2.8.0",
    complexity: "O(1)",
    visibility: "noKeyspace",
  },
  {
    name: "numsub",
    arity: -2,
    flags: askedFlags,
    summary: "How many on this node listen to each channel, patterns not counted.",
    since: "2.8.0",
    complexity: "O(N), N: channels",
    syntax: "[channel:string...]",
    visibility: "noKeyspace",
  },
  {
    name: "shardchannels",
    arity: -2,
    flags: askedFlags,
    summary: "Shard channels somebody on this node listens to.",
    since: "7.0.0",
    complexity: "O(N), N: shard channels",
    syntax: "[pattern:pattern]",
    visibility: "noKeyspace",
  },
  {
    name: "shardnumsub",
    arity: -2,
    flags: askedFlags,
    summary: "How many on this node listen to each shard channel.",
    since: "7.0.0",
    complexity: "O(N), N: shard channels",
    syntax: "[shardchannel:string...]",
    visibility: "noKeyspace",
  },
  {
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    summary: "The subcommands of PUBSUB.",
    since: "6.2.0",
    complexity: "O(1)",
    visibility: "noKeyspace",
  },
];

function sessionRow(row: PubSubRow): RowSpec {
  return { ...row, group: "pubsub", executor: "session" };
}

export const pubSubRows: readonly RowSpec[] = [
  ...published,
  ...subscriptions.map(sessionRow),
  sessionRow({
    name: "pubsub",
    arity: -2,
    summary: "Who listens to what on this node.",
    since: "2.8.0",
    complexity: "Depends on the subcommand",
    visibility: "noKeyspace",
    subcommands: asked.map(sessionRow),
  }),
];
