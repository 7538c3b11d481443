/** XSETID: a stream's last id and its counters. */

import { STREAM_ID_MAX, STREAM_ID_MIN, type StreamId } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, streamAt } from "../values.js";
import { counterArgument } from "./counters.js";
import { entriesDown } from "./entries.js";
import { idArgument } from "./ids.js";
import { streamErrors } from "./texts.js";

interface Counters {
  /** -1: stays. */
  entriesAdded: number;
  /** 0-0: stays, as in Redis. */
  maxDeletedId: StreamId;
}

function xsetid(context: CommandContext): void {
  const { txn, reply } = context;
  const lastId = idArgument(context, 2);
  if (lastId === null) return;
  const counters = parseCounters(context, lastId);
  if (counters === null) return;
  const key = keyArgument(context, 1);
  const stream = streamAt(context, key);
  if (stream === null) return;
  if (stream === undefined) {
    reply.error(errors.noSuchKey);
    return;
  }
  const { entriesAdded } = counters;
  if (lastId < stream.maxDeletedId) {
    reply.error(streamErrors.idBelowDeleted);
    return;
  }
  const top = entriesDown(stream, STREAM_ID_MIN, STREAM_ID_MAX, 1)[0];
  if (top !== undefined && lastId < top.id) {
    reply.error(streamErrors.idBelowTop);
    return;
  }
  if (entriesAdded >= 0 && entriesAdded < stream.length) {
    reply.error(streamErrors.addedBelowLength);
    return;
  }
  const added = entriesAdded < 0 ? stream.entriesAdded : entriesAdded;
  const { maxDeletedId } = counters;
  const deleted = maxDeletedId === STREAM_ID_MIN ? stream.maxDeletedId : maxDeletedId;
  const isSame =
    lastId === stream.lastId && added === stream.entriesAdded && deleted === stream.maxDeletedId;
  if (!isSame) txn.streams.setIds(key, lastId, added, deleted);
  reply.ok();
}

/** Null: the error was replied. */
function parseCounters(context: CommandContext, lastId: StreamId): Counters | null {
  const { argv, reply } = context;
  const counters: Counters = { entriesAdded: -1, maxDeletedId: STREAM_ID_MIN };
  for (let i = 3; i < argv.length; i += 2) {
    const word = i + 1 < argv.length ? optionArgument(context, i) : "";
    if (word === "ENTRIESADDED") {
      const added = counterArgument(context, i + 1);
      if (added === null) return null;
      if (added < 0) {
        reply.error(streamErrors.addedNegative);
        return null;
      }
      counters.entriesAdded = added;
    } else if (word === "MAXDELETEDID") {
      const id = idArgument(context, i + 1);
      if (id === null) return null;
      if (lastId < id) {
        reply.error(streamErrors.idBelowDeletedOption);
        return null;
      }
      counters.maxDeletedId = id;
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  return counters;
}

export const setIdRow: RowSpec = {
  name: "xsetid",
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  categories: ["stream"],
  keys: [keyAt(1, "RW", "update")],
  summary: "Sets the last id of a stream, and its counters; for tools that rebuild one.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(log N), N: chunks",
  syntax:
    "key:key last-id:string [ENTRIESADDED entries-added:integer] [MAXDELETEDID max-deleted-id:string]",
  execute: xsetid,
};
