/** XGROUP: groups of a stream and their consumers. */

import {
  type ConsumerGroupView,
  ENTRIES_READ_UNKNOWN,
  STREAM_ID_MIN,
  type StreamView,
} from "@redoubt/keyspace";
import { subcommandSyntax } from "../errors.js";
import { helpLines } from "../introspection/help.js";
import { defineRow, keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, streamAt } from "../values.js";
import { counterArgument } from "./counters.js";
import { idArgument, looseIdArgument } from "./ids.js";
import { cText, noGroup, streamErrors } from "./texts.js";

interface GroupOptions {
  makesStream: boolean;
  entriesRead: number;
}

interface Found {
  readonly key: string;
  readonly name: string;
  readonly stream: StreamView;
  readonly group: ConsumerGroupView;
}

function create(context: CommandContext): void {
  const { txn, reply } = context;
  const options = parseOptions(context, true);
  if (options === null) return;
  const key = keyArgument(context, 2);
  const name = keyArgument(context, 3);
  const stream = streamAt(context, key);
  if (stream === null) return;
  if (stream === undefined && !options.makesStream) {
    reply.error(streamErrors.groupKeyMissing);
    return;
  }
  const position =
    cText(context.argv[4]!) === "$" ? (stream?.lastId ?? STREAM_ID_MIN) : idArgument(context, 4);
  if (position === null) return;
  if (stream?.group(name) !== undefined) {
    reply.error(streamErrors.groupExists);
    return;
  }
  txn.streams.createGroup(key, name, position, options.entriesRead);
  reply.ok();
}

function setid(context: CommandContext): void {
  const { txn, reply } = context;
  const options = parseOptions(context, false);
  if (options === null) return;
  const found = existingGroup(context);
  if (found === null) return;
  const { key, name, stream, group } = found;
  const position = cText(context.argv[4]!) === "$" ? stream.lastId : looseIdArgument(context, 4);
  if (position === null) return;
  const { entriesRead } = options;
  if (position !== group.lastDeliveredId || entriesRead !== group.entriesRead) {
    txn.streams.setGroupPosition(key, name, position, entriesRead);
  }
  reply.ok();
}

/** Null: the error was replied. */
function parseOptions(context: CommandContext, ofCreate: boolean): GroupOptions | null {
  const { argv, reply } = context;
  const options: GroupOptions = { makesStream: false, entriesRead: ENTRIES_READ_UNKNOWN };
  for (let i = 5; i < argv.length; i++) {
    const word = optionArgument(context, i);
    if (ofCreate && word === "MKSTREAM") {
      options.makesStream = true;
    } else if (word === "ENTRIESREAD" && i + 1 < argv.length) {
      i += 1;
      const entriesRead = counterArgument(context, i);
      if (entriesRead === null) return null;
      if (entriesRead < ENTRIES_READ_UNKNOWN) {
        reply.error(streamErrors.entriesReadNegative);
        return null;
      }
      options.entriesRead = entriesRead;
    } else {
      reply.error(subcommandSyntax("XGROUP", argv[1]!));
      return null;
    }
  }
  return options;
}

function destroy(context: CommandContext): void {
  const { txn, reply } = context;
  const key = keyArgument(context, 2);
  const name = keyArgument(context, 3);
  const stream = existingStream(context, key);
  if (stream === null) return;
  const isThere = stream.group(name) !== undefined;
  if (isThere) txn.streams.destroyGroup(key, name);
  reply.integer(isThere ? 1 : 0);
}

function createconsumer(context: CommandContext): void {
  const { txn, reply } = context;
  const found = existingGroup(context);
  if (found === null) return;
  const consumer = latin1(context.argv[4]!);
  const isNew = found.group.consumer(consumer) === undefined;
  if (isNew) txn.streams.createConsumer(found.key, found.name, consumer, txn.nowMs);
  reply.integer(isNew ? 1 : 0);
}

function delconsumer(context: CommandContext): void {
  const { txn, reply } = context;
  const found = existingGroup(context);
  if (found === null) return;
  const name = latin1(context.argv[4]!);
  const consumer = found.group.consumer(name);
  reply.integer(consumer?.pending.size ?? 0);
  if (consumer !== undefined) txn.streams.deleteConsumer(found.key, found.name, name);
}

/** Null: the error was replied. */
function existingStream(context: CommandContext, key: string): StreamView | null {
  const stream = streamAt(context, key);
  if (stream !== undefined) return stream;
  context.reply.error(streamErrors.groupKeyMissing);
  return null;
}

/** Null: the error was replied. */
function existingGroup(context: CommandContext): Found | null {
  const { argv, reply } = context;
  const key = keyArgument(context, 2);
  const name = keyArgument(context, 3);
  const stream = existingStream(context, key);
  if (stream === null) return null;
  const group = stream.group(name);
  if (group !== undefined) return { key, name, stream, group };
  reply.error(noGroup(argv[2]!, argv[3]!));
  return null;
}

/** HELP of a container of this family. */
export function replyHelp(context: CommandContext, container: RowSpec): void {
  const lines = helpLines(defineRow(container));
  context.reply.array(lines.length);
  for (const line of lines) context.reply.simple(line);
}

const groupFacts = { categories: ["stream"], group: "stream" } as const satisfies Partial<RowSpec>;

const subcommands: readonly RowSpec[] = [
  {
    ...groupFacts,
    name: "create",
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [keyAt(2, "RW", "insert")],
    summary: "Makes a consumer group that reads on from an id.",
    since: "5.0.0",
    complexity: "O(1)",
    syntax:
      "key:key group:string id-selector(id:string | new-id:'$') [MKSTREAM] [ENTRIESREAD entries-read:integer]",
    execute: create,
  },
  {
    ...groupFacts,
    name: "setid",
    arity: -5,
    flags: ["write"],
    keys: [keyAt(2, "RW", "update")],
    summary: "Sets the id from which on a group reads.",
    since: "5.0.0",
    complexity: "O(1)",
    syntax:
      "key:key group:string id-selector(id:string | new-id:'$') [ENTRIESREAD entries-read:integer]",
    execute: setid,
  },
  {
    ...groupFacts,
    name: "destroy",
    arity: 4,
    flags: ["write"],
    keys: [keyAt(2, "RW", "delete")],
    summary: "Removes a group, its consumers and what is pending for them.",
    since: "5.0.0",
    complexity: "O(1)",
    syntax: "key:key group:string",
    execute: destroy,
  },
  {
    ...groupFacts,
    name: "createconsumer",
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [keyAt(2, "RW", "insert")],
    summary: "Makes a consumer of a group.",
    since: "6.2.0",
    complexity: "O(1)",
    syntax: "key:key group:string consumer:string",
    execute: createconsumer,
  },
  {
    ...groupFacts,
    name: "delconsumer",
    arity: 5,
    flags: ["write"],
    keys: [keyAt(2, "RW", "delete")],
    summary: "Removes a consumer and what is pending for it; returns how much that was.",
    since: "5.0.0",
    complexity: "O(N), N: entries pending for the consumer",
    syntax: "key:key group:string consumer:string",
    execute: delconsumer,
  },
  {
    ...groupFacts,
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    visibility: "noKeyspace",
    summary: "The subcommands of XGROUP.",
    since: "5.0.0",
    complexity: "O(1)",
    execute: (context) => replyHelp(context, groupsRow),
  },
];

export const groupsRow: RowSpec = {
  name: "xgroup",
  arity: -2,
  visibility: "noKeyspace",
  summary: "Consumer groups of a stream.",
  since: "5.0.0",
  group: "stream",
  complexity: "Depends on the subcommand",
  subcommands,
};
