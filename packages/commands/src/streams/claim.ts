/** XCLAIM: pending entries change hands, by their ids. */

import type { StreamId, StreamView } from "@redoubt/keyspace";
import { parseStreamId, STREAM_ID_MIN } from "@redoubt/keyspace";
import { clampToSafe, parseArgument } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, streamAt } from "../values.js";
import { Claims } from "./claims.js";
import { counterArgument } from "./counters.js";
import { idArgument } from "./ids.js";
import { noKeyOrGroup, streamErrors, unknownClaimOption } from "./texts.js";

interface ClaimOptions {
  /** From when on the entries are idle; -1: now. */
  deliveryMs: number;
  /** -1: one more than before. */
  retryCount: number;
  /** Entries that are not pending become so. */
  force: boolean;
  justId: boolean;
  lastId: StreamId;
}

function xclaim(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  const stream = streamAt(context, key);
  if (stream === null) return;
  const group = stream?.group(keyArgument(context, 2));
  if (stream === undefined || group === undefined) {
    reply.error(noKeyOrGroup(argv[1]!, argv[2]!));
    return;
  }
  const minIdleMs = idleArgument(context, 4, streamErrors.claimIdle);
  if (minIdleMs === null) return;
  const ids = leadingIds(argv);
  const options = parseOptions(context, 5 + ids.length);
  if (options === null) return;
  const { lastId } = options;
  if (lastId > group.lastDeliveredId) {
    txn.streams.setGroupPosition(key, group.name, lastId, group.entriesRead);
  }
  const claims = new Claims(context, key, stream, group, keyArgument(context, 3));
  for (const id of ids) claimOne(context, claims, stream, id, minIdleMs, options);
  claims.finish(options.deliveryMs);
  claims.replyClaimed(options.justId);
}

/** Null: the error was replied. */
export function idleArgument(
  context: CommandContext,
  index: number,
  refusal: string,
): number | null {
  const idle = parseArgument(context.argv[index]!);
  if (idle !== null) return Math.max(clampToSafe(idle), 0);
  context.reply.error(refusal);
  return null;
}

/** What follows the first argument that is no id are options. */
function leadingIds(argv: readonly Buffer[]): StreamId[] {
  const ids: StreamId[] = [];
  for (let i = 5; i < argv.length; i++) {
    const id = parseStreamId(latin1(argv[i]!), "first");
    if (id === undefined) break;
    ids.push(id);
  }
  return ids;
}

/** Null: the error was replied. */
function parseOptions(context: CommandContext, start: number): ClaimOptions | null {
  const { argv, txn, reply } = context;
  const options: ClaimOptions = {
    deliveryMs: -1,
    retryCount: -1,
    force: false,
    justId: false,
    lastId: STREAM_ID_MIN,
  };
  for (let i = start; i < argv.length; i++) {
    const word = optionArgument(context, i);
    const hasMore = i + 1 < argv.length;
    if (word === "FORCE") {
      options.force = true;
    } else if (word === "JUSTID") {
      options.justId = true;
    } else if (hasMore && (word === "IDLE" || word === "TIME")) {
      i += 1;
      const isIdle = word === "IDLE";
      const refusal = isIdle ? streamErrors.claimIdleOption : streamErrors.claimTimeOption;
      const ms = timeArgument(context, i, refusal);
      if (ms === null) return null;
      options.deliveryMs = isIdle ? txn.nowMs - ms : ms;
    } else if (hasMore && word === "RETRYCOUNT") {
      i += 1;
      const count = counterArgument(context, i, streamErrors.claimCountOption);
      if (count === null) return null;
      options.retryCount = count;
    } else if (hasMore && word === "LASTID") {
      i += 1;
      const id = idArgument(context, i);
      if (id === null) return null;
      options.lastId = id;
    } else {
      reply.error(unknownClaimOption(argv[i]!));
      return null;
    }
  }
  // Redis: a time that makes no sense is no reason to fail, clocks differ.
  const { deliveryMs } = options;
  if (deliveryMs < 0 || deliveryMs > txn.nowMs) options.deliveryMs = txn.nowMs;
  return options;
}

/** Null: the error was replied. */
function timeArgument(context: CommandContext, index: number, refusal: string): number | null {
  const ms = parseArgument(context.argv[index]!);
  if (ms !== null) return clampToSafe(ms);
  context.reply.error(refusal);
  return null;
}

function claimOne(
  context: CommandContext,
  claims: Claims,
  stream: StreamView,
  id: StreamId,
  minIdleMs: number,
  { deliveryMs, retryCount, force, justId }: ClaimOptions,
): void {
  const pending = claims.pending(id, deliveryMs);
  if (!stream.has(id)) {
    if (pending !== undefined) claims.drop(id);
    return;
  }
  if (pending === undefined && !force) return;
  if (pending !== undefined && minIdleMs > 0) {
    if (context.txn.nowMs - pending.deliveryMs < minIdleMs) return;
  }
  // An entry that FORCE makes pending counts as delivered once already.
  const before = pending?.deliveryCount ?? 1;
  const count = justId ? before : before + 1;
  claims.take(id, retryCount >= 0 ? retryCount : count);
}

export const claimRow: RowSpec = {
  name: "xclaim",
  arity: -6,
  flags: ["write", "fast"],
  categories: ["stream"],
  keys: [keyAt(1, "RW", "update")],
  tips: ["nondeterministic_output"],
  summary: "Gives pending entries to a consumer, as if they had been delivered to it.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(log N) for each id, N: entries pending",
  syntax:
    "key:key group:string consumer:string min-idle-time:string id:string... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] [RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID lastid:string]",
  execute: xclaim,
};
