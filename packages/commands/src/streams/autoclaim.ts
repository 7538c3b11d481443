/** XAUTOCLAIM: pending entries that were idle for long change hands, in order of ids. */

import { formatStreamId, STREAM_ID_MIN, type StreamId } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { parseArgument } from "../numbers/int64.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, streamAt } from "../values.js";
import { idleArgument } from "./claim.js";
import { Claims } from "./claims.js";
import { replyIds } from "./entries.js";
import { startArgument } from "./ids.js";
import { noKeyOrGroup, streamErrors } from "./texts.js";

const COUNT_DEFAULT = 100;

/** Greatest COUNT, as Redis: the largest long divided by the bytes of an id. */
const COUNT_MAX = (2n ** 63n - 1n) / 16n;

/** Entries looked at for each one that COUNT allows, as Redis. */
const ATTEMPTS_FACTOR = 10;

interface AutoclaimOptions {
  countMax: number;
  justId: boolean;
}

function xautoclaim(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const minIdleMs = idleArgument(context, 4, streamErrors.autoclaimIdle);
  if (minIdleMs === null) return;
  const first = startArgument(context, 5);
  if (first === null) return;
  const options = parseOptions(context);
  if (options === null) return;
  const { countMax, justId } = options;
  const key = keyArgument(context, 1);
  const stream = streamAt(context, key);
  if (stream === null) return;
  const group = stream?.group(keyArgument(context, 2));
  if (stream === undefined || group === undefined) {
    reply.error(noKeyOrGroup(argv[1]!, argv[2]!));
    return;
  }
  const claims = new Claims(context, key, stream, group, keyArgument(context, 3));
  let looked = 0;
  let found = 0;
  let next: StreamId = STREAM_ID_MIN;
  group.forEachPending(first, (id, { deliveryMs, deliveryCount }) => {
    if (found === countMax || looked === countMax * ATTEMPTS_FACTOR) {
      next = id;
      return false;
    }
    looked += 1;
    if (!stream.has(id)) {
      claims.drop(id);
      found += 1;
    } else if (minIdleMs === 0 || txn.nowMs - deliveryMs >= minIdleMs) {
      claims.take(id, justId ? deliveryCount : deliveryCount + 1);
      found += 1;
    }
    return true;
  });
  claims.finish(txn.nowMs);
  reply.array(3);
  reply.bulk(formatStreamId(next));
  claims.replyClaimed(justId);
  replyIds(reply, claims.droppedIds);
}

/** Null: the error was replied. */
function parseOptions(context: CommandContext): AutoclaimOptions | null {
  const { argv, reply } = context;
  const options: AutoclaimOptions = { countMax: COUNT_DEFAULT, justId: false };
  for (let i = 6; i < argv.length; i++) {
    const word = optionArgument(context, i);
    if (word === "COUNT" && i + 1 < argv.length) {
      i += 1;
      const count = parseArgument(argv[i]!);
      if (count === null || count < 1 || count > COUNT_MAX) {
        reply.error(streamErrors.autoclaimCount);
        return null;
      }
      options.countMax = Number(count);
    } else if (word === "JUSTID") {
      options.justId = true;
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  return options;
}

export const autoclaimRow: RowSpec = {
  name: "xautoclaim",
  arity: -6,
  flags: ["write", "fast"],
  categories: ["stream"],
  keys: [keyAt(1, "RW", "delete")],
  tips: ["nondeterministic_output"],
  summary: "Gives pending entries that nobody has worked on for a while to a consumer.",
  since: "6.2.0",
  group: "stream",
  complexity: "O(log N + M), N: entries pending, M: entries looked at",
  syntax:
    "key:key group:string consumer:string min-idle-time:string start:string [COUNT count:integer] [JUSTID]",
  execute: xautoclaim,
};
