/** Reading one string: GET, STRLEN, and the two that also change something, GETDEL and GETEX. */

import { stringLength } from "@redoubt/keyspace";
import { NO_DEADLINE, positiveDeadline } from "../expiry.js";
import { keyAt, type RowSpec, withNotes } from "../row.js";
import type { CommandContext } from "../types.js";
import { isString, keyArgument, replyString } from "../values.js";
import { parseStringOptions } from "./expiry-options.js";

function get(context: CommandContext): void {
  const value = context.txn.get(keyArgument(context, 1));
  if (value === undefined) {
    context.reply.null();
  } else if (isString(context, value)) {
    replyString(context, value);
  }
}

function strlen(context: CommandContext): void {
  const value = context.txn.get(keyArgument(context, 1));
  if (value === undefined) {
    context.reply.integer(0);
  } else if (isString(context, value)) {
    context.reply.integer(stringLength(value));
  }
}

function getdel(context: CommandContext): void {
  const key = keyArgument(context, 1);
  const value = context.txn.get(key);
  if (value === undefined) {
    context.reply.null();
  } else if (isString(context, value)) {
    replyString(context, value);
    context.txn.delete(key);
  }
}

function getex(context: CommandContext): void {
  const { txn } = context;
  const options = parseStringOptions(context, 2, "getex");
  if (options === null) return;
  const key = keyArgument(context, 1);
  const value = txn.get(key);
  if (value === undefined) {
    context.reply.null();
    return;
  }
  if (!isString(context, value)) return;
  if (options.expiry === "at") {
    const deadline = positiveDeadline(context, options.timeIndex, options.unit, "getex");
    if (deadline === NO_DEADLINE) return;
    replyString(context, value);
    if (deadline <= txn.nowMs) txn.delete(key);
    else txn.setDeadline(key, deadline);
    return;
  }
  replyString(context, value);
  if (options.expiry === "persist" && txn.deadline(key) !== 0) txn.setDeadline(key, 0);
}

export const getRows: readonly RowSpec[] = [
  {
    name: "get",
    arity: 2,
    flags: ["readonly", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "RO", "access")],
    summary: "The string a key holds.",
    since: "1.0.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key",
    execute: get,
  },
  {
    name: "strlen",
    arity: 2,
    flags: ["readonly", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "RO")],
    summary: "The length in bytes of the string a key holds.",
    since: "2.2.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key",
    execute: strlen,
  },
  {
    name: "getdel",
    arity: 2,
    flags: ["write", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "RW", "access", "delete")],
    summary: "The string a key holds; the key is deleted.",
    since: "6.2.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key",
    execute: getdel,
  },
  {
    name: "getex",
    arity: -2,
    flags: ["write", "fast"],
    categories: ["string"],
    keys: [
      withNotes(keyAt(1, "RW", "access", "update"), "RW and UPDATE because it changes the TTL"),
    ],
    summary: "The string a key holds; its expiry is set or removed.",
    since: "6.2.0",
    group: "string",
    complexity: "O(1)",
    syntax:
      "key:key [expiration(EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST)]",
    execute: getex,
  },
];
