/**
 * RESTORE: a key of what DUMP gave, here or in Redis. The payload is read whole and checked before anything
 * changes; then the value is built in pieces.
 *
 * Differs from Redis: times and frequencies of use are checked and not kept; a deadline that is not exact in
 * a number is an invalid expire time.
 */

import { footerOk, type PayloadLimits, type Restored, readPayload } from "@redoubt/keyspace";
import { RESTORE_PIECE_ELEMENTS_MAX, RESTORED_BYTES_MAX, STRING_BYTES_MAX } from "../constants.js";
import { errors, invalidExpire } from "../errors.js";
import { toDeadline } from "../expiry.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument } from "../values.js";
import { restoreStream } from "./restore-stream.js";

const FREQ_MAX = 255;
const limits: PayloadLimits = { madeBytesMax: RESTORED_BYTES_MAX, textBytesMax: STRING_BYTES_MAX };

interface Options {
  readonly replace: boolean;
  readonly absolute: boolean;
}

function restore(context: CommandContext): void {
  const { txn, reply, argv } = context;
  const options = parseOptions(context);
  if (options === null) return;
  const key = keyArgument(context, 1);
  if (!options.replace && txn.has(key)) {
    reply.error(errors.busyKey);
    return;
  }
  const deadlineMs = deadlineOf(context, options.absolute);
  if (deadlineMs === null) return;
  const payload = argv[3]!;
  if (!footerOk(payload)) {
    reply.error(errors.dumpVersionOrChecksum);
    return;
  }
  const restored = readPayload(payload, limits);
  if (typeof restored === "string") {
    reply.error(restored === "damaged" ? errors.dumpBadFormat : errors.restoreTooLarge);
    return;
  }
  txn.delete(key);
  // Redis: what is not after now has passed.
  if (deadlineMs === 0 || deadlineMs > txn.nowMs) put(context, key, restored, deadlineMs);
  reply.ok();
}

/** Null: the error was replied. */
function parseOptions(context: CommandContext): Options | null {
  const { argv, reply } = context;
  let replace = false;
  let absolute = false;
  let counted = "";
  for (let i = 4; i < argv.length; i++) {
    const word = optionArgument(context, i);
    if (word === "REPLACE") {
      replace = true;
    } else if (word === "ABSTTL") {
      absolute = true;
    } else if (isCounter(word, counted) && i + 1 < argv.length) {
      counted = word;
      i += 1;
      const value = integerArgument(context, i);
      if (value === null) return null;
      if (value < 0 || (word === "FREQ" && value > FREQ_MAX)) {
        reply.error(word === "FREQ" ? errors.invalidFreq : errors.invalidIdletime);
        return null;
      }
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  return { replace, absolute };
}

/** One of the two, though more than once. */
function isCounter(word: string, before: string): boolean {
  return (word === "IDLETIME" || word === "FREQ") && (before === "" || before === word);
}

/** 0: none. Null: the error was replied. */
function deadlineOf(context: CommandContext, absolute: boolean): number | null {
  const { txn, reply } = context;
  const ttl = integerArgument(context, 2);
  if (ttl === null) return null;
  if (ttl < 0) {
    reply.error(errors.invalidTtl);
    return null;
  }
  if (ttl === 0) return 0;
  const deadlineMs = toDeadline(ttl, { factor: 1, relative: !absolute }, txn.nowMs);
  if (deadlineMs === null) reply.error(invalidExpire("restore"));
  return deadlineMs;
}

function put(context: CommandContext, key: string, restored: Restored, deadlineMs: number): void {
  const { txn } = context;
  if (restored.type === "string") {
    txn.putString(key, restored.value, deadlineMs);
    return;
  }
  if (restored.type === "list") {
    const { elements } = restored;
    forEachPiece(elements, (from, to) => txn.lists.push(key, "tail", elements.slice(from, to)));
  } else if (restored.type === "set") {
    const { members } = restored;
    forEachPiece(members, (from, to) => txn.sets.add(key, members.slice(from, to)));
  } else if (restored.type === "hash") {
    const { fields, values } = restored;
    forEachPiece(fields, (from, to) =>
      txn.hashes.set(key, fields.slice(from, to), values.slice(from, to)),
    );
  } else if (restored.type === "sortedSet") {
    const { members, scores } = restored;
    forEachPiece(members, (from, to) =>
      txn.sortedSets.put(key, members.slice(from, to), scores.slice(from, to)),
    );
  } else {
    restoreStream(txn.streams, key, restored);
  }
  if (deadlineMs !== 0) txn.setDeadline(key, deadlineMs);
}

function forEachPiece(elements: readonly unknown[], put: (from: number, to: number) => void): void {
  for (let from = 0; from < elements.length; from += RESTORE_PIECE_ELEMENTS_MAX) {
    put(from, from + RESTORE_PIECE_ELEMENTS_MAX);
  }
}

export const restoreRow: RowSpec = {
  name: "restore",
  arity: -4,
  flags: ["write", "denyoom"],
  categories: ["keyspace", "dangerous"],
  keys: [keyAt(1, "OW", "update")],
  summary: "Makes a key of bytes that DUMP gave.",
  since: "2.6.0",
  group: "generic",
  complexity: "O(N*M), N: elements of the value, M: their average size; sorted sets O(N*M*log(N))",
  syntax:
    "key:key ttl:integer serialized-value:string [REPLACE] [ABSTTL] [IDLETIME seconds:integer] [FREQ frequency:integer]",
  execute: restore,
};
