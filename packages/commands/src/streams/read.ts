/** XREAD and XREADGROUP: their common grammar. */

import {
  asStream,
  formatStreamId,
  STREAM_ID_MIN,
  type StreamId,
  type Value,
} from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { add, clampToSafe, parseArgument } from "../numbers/int64.js";
import type { RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext, KeySpec } from "../types.js";
import { integerArgument, keyArgument, optionArgument, streamAt } from "../values.js";
import { idArgument } from "./ids.js";
import { type GroupRead, NEW_ENTRIES, type StreamRead, tryRead } from "./read-streams.js";
import { cText, noKeyOrGroup, streamErrors, unbalancedStreams } from "./texts.js";

interface ReadOptions {
  countMax: number;
  /** Null: does not wait. */
  timeoutMs: number | null;
  /** Arguments with the group's and the consumer's name; 0: none. */
  groupIndex: number;
  noAck: boolean;
  /** Argument with the first key; 0: there was no STREAMS. */
  firstKey: number;
}

function xread(context: CommandContext): void {
  read(context, "xread");
}

function xreadgroup(context: CommandContext): void {
  read(context, "xreadgroup");
}

function read(context: CommandContext, command: "xread" | "xreadgroup"): void {
  const options = parseOptions(context, command);
  if (options === null) return;
  const wanted = parseStreams(context, options);
  if (wanted === null || tryRead(context, wanted)) return;
  const { timeoutMs, firstKey } = options;
  if (timeoutMs === null || context.block === null) {
    context.reply.nullArray();
    return;
  }
  const { keys, after, group } = wanted;
  context.block({
    keys,
    // A group that is gone is news, whatever became of its key.
    type: group === null ? "stream" : null,
    ...(group === null ? {} : { mayServe: (value) => mayServeGroup(value, group.name) }),
    timeoutMs,
    argv: group === null ? withIds(context.argv, firstKey + keys.length, after) : context.argv,
  });
}

/** Every acknowledgement touches the key, and a thousand consumers may wait: only news is worth a look. */
function mayServeGroup(value: Value | undefined, name: string): boolean {
  const stream = value === undefined ? undefined : asStream(value);
  const group = stream?.group(name);
  return stream === undefined || group === undefined || stream.lastId > group.lastDeliveredId;
}

/** `$` is what it was when the command arrived. */
function withIds(argv: readonly Buffer[], from: number, ids: readonly StreamId[]): Buffer[] {
  const fixed = ids.map((id) => Buffer.from(formatStreamId(id), "latin1"));
  return [...argv.slice(0, from), ...fixed];
}

/** Null: the error was replied. */
function parseOptions(
  context: CommandContext,
  command: "xread" | "xreadgroup",
): ReadOptions | null {
  const { argv, reply } = context;
  const isGroup = command === "xreadgroup";
  const options: ReadOptions = {
    countMax: 0,
    timeoutMs: null,
    groupIndex: 0,
    noAck: false,
    firstKey: 0,
  };
  let refusal: string | null = null;
  for (let i = 1; i < argv.length && options.firstKey === 0; i++) {
    const word = optionArgument(context, i);
    const more = argv.length - i - 1;
    if (word === "BLOCK" && more > 0) {
      i += 1;
      options.timeoutMs = timeoutArgument(context, i);
      if (options.timeoutMs === null) return null;
    } else if (word === "COUNT" && more > 0) {
      i += 1;
      const count = integerArgument(context, i);
      if (count === null) return null;
      options.countMax = Math.max(clampToSafe(count), 0);
    } else if (word === "STREAMS" && more > 0) {
      options.firstKey = i + 1;
      if (more % 2 === 1) refusal = unbalancedStreams(command, isGroup ? ">" : "$");
    } else if (word === "GROUP" && more >= 2) {
      if (!isGroup) refusal = streamErrors.groupOnlyInGroup;
      options.groupIndex = i + 1;
      i += 2;
    } else if (word === "NOACK") {
      if (!isGroup) refusal = streamErrors.noAckOnlyInGroup;
      options.noAck = true;
    } else {
      refusal = errors.syntax;
    }
    if (refusal !== null) break;
  }
  if (refusal === null && options.firstKey === 0) refusal = errors.syntax;
  if (refusal === null && isGroup && options.groupIndex === 0) refusal = streamErrors.groupMissing;
  if (refusal === null) return options;
  reply.error(refusal);
  return null;
}

/** Null: the error was replied. */
function timeoutArgument(context: CommandContext, index: number): number | null {
  const value = parseArgument(context.argv[index]!);
  let refusal: string | null = null;
  if (value === null) refusal = streamErrors.timeoutNotInteger;
  else if (value < 0) refusal = streamErrors.timeoutNegative;
  else if (add(value, context.txn.nowMs) === null) refusal = streamErrors.timeoutOutOfRange;
  if (refusal === null) return clampToSafe(value!);
  context.reply.error(refusal);
  return null;
}

/** Reads keys and ids, and looks for the group. Null: the error was replied. */
function parseStreams(context: CommandContext, options: ReadOptions): StreamRead | null {
  const { argv, reply } = context;
  const { firstKey, groupIndex, countMax, noAck } = options;
  const count = (argv.length - firstKey) / 2;
  const keys: string[] = [];
  const after: StreamId[] = [];
  const group: GroupRead | null =
    groupIndex === 0
      ? null
      : { name: latin1(argv[groupIndex]!), consumer: latin1(argv[groupIndex + 1]!), noAck };
  for (let i = firstKey; i < firstKey + count; i++) {
    const key = keyArgument(context, i);
    const stream = streamAt(context, key);
    if (stream === null) return null;
    if (group !== null && stream?.group(group.name) === undefined) {
      const purpose = " in XREADGROUP with GROUP option";
      reply.error(noKeyOrGroup(argv[i]!, argv[groupIndex]!, purpose));
      return null;
    }
    const id = afterArgument(context, i + count, key, group !== null);
    if (id === null) return null;
    keys.push(key);
    after.push(id);
  }
  return { keys, after, countMax, group };
}

/** An id, or `$`, or in a group `>`. Null: the error was replied. */
function afterArgument(
  context: CommandContext,
  index: number,
  key: string,
  isGroup: boolean,
): StreamId | null {
  const { txn, reply } = context;
  const text = cText(context.argv[index]!);
  if (text === "$" && !isGroup) {
    const value = txn.get(key);
    return value === undefined ? STREAM_ID_MIN : asStream(value)!.lastId;
  }
  if (text === ">" && isGroup) return NEW_ENTRIES;
  if (text === "$" || text === ">") {
    reply.error(isGroup ? streamErrors.lastIdInGroup : streamErrors.newIdWithoutGroup);
    return null;
  }
  return idArgument(context, index);
}

/**
 * Where the grammar has the first key; 0: nowhere. By Redis's rule it is behind the first word STREAMS, but so
 * may a group or a consumer be called: a key that is read and not found here would be told before it commits.
 */
function firstKeyPosition(argv: readonly Buffer[]): number {
  let i = 1;
  while (i < argv.length) {
    const word = latin1(argv[i]!).toUpperCase();
    if (word === "STREAMS") return i + 1;
    const length = optionLengths.get(word);
    if (length === undefined) return 0;
    i += length;
  }
  return 0;
}

/** Arguments of each option, its word included. */
const optionLengths: ReadonlyMap<string, number> = new Map([
  ["BLOCK", 2],
  ["COUNT", 2],
  ["GROUP", 3],
  ["NOACK", 1],
]);

/** Keys from behind STREAMS on: the first half of what is left. */
function keysAfterStreams(startFrom: number): KeySpec {
  return {
    flags: ["RO", "access"],
    notes: null,
    begin: { type: "keyword", keyword: "STREAMS", startFrom, position: firstKeyPosition },
    find: { type: "range", lastKey: -1, keyStep: 1, limit: 2 },
  };
}

export const readRows: readonly RowSpec[] = [
  {
    name: "xread",
    arity: -4,
    flags: ["readonly", "blocking", "movablekeys"],
    categories: ["stream"],
    keys: [keysAfterStreams(1)],
    summary: "Entries above given ids of one or more streams; waits for some when told.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(log N + M) for each stream, N: chunks, M: entries returned",
    syntax:
      "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams{key:key... id:string...}",
    execute: xread,
  },
  {
    name: "xreadgroup",
    arity: -7,
    flags: ["write", "blocking", "movablekeys"],
    categories: ["stream"],
    keys: [keysAfterStreams(4)],
    summary: "Entries for one consumer of a group: new ones, or those it has not acknowledged.",
    since: "5.0.0",
    group: "stream",
    complexity: "O(M log N) for each stream, M: entries returned, N: entries pending",
    syntax:
      "GROUP group-block{group:string consumer:string} [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] STREAMS streams{key:key... id:string...}",
    execute: xreadgroup,
  },
];
