/** The older commands that set one string: SETNX, SETEX, PSETEX, GETSET. */

import { type ExpiryUnit, expiryUnits, NO_DEADLINE, positiveDeadline } from "../expiry.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { isString, keyArgument, replyString } from "../values.js";

function setnx(context: CommandContext): void {
  const key = keyArgument(context, 1);
  const missing = !context.txn.has(key);
  if (missing) context.txn.putString(key, context.argv[2]!, 0);
  context.reply.integer(missing ? 1 : 0);
}

function setex(context: CommandContext): void {
  setWithExpiry(context, expiryUnits.EX, "setex");
}

function psetex(context: CommandContext): void {
  setWithExpiry(context, expiryUnits.PX, "psetex");
}

function setWithExpiry(context: CommandContext, unit: ExpiryUnit, name: string): void {
  const deadline = positiveDeadline(context, 2, unit, name);
  if (deadline === NO_DEADLINE) return;
  context.txn.putString(keyArgument(context, 1), context.argv[3]!, deadline);
  context.reply.ok();
}

function getset(context: CommandContext): void {
  const key = keyArgument(context, 1);
  const old = context.txn.get(key);
  if (old === undefined) {
    context.reply.null();
  } else {
    if (!isString(context, old)) return;
    replyString(context, old);
  }
  context.txn.putString(key, context.argv[2]!, 0);
}

export const setVariantRows: readonly RowSpec[] = [
  {
    name: "setnx",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "OW", "insert")],
    summary: "Sets a key to a string if the key does not exist.",
    since: "1.0.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key value:string",
    deprecated: { since: "2.6.12", replacedBy: "`SET` with the `NX` argument" },
    execute: setnx,
  },
  {
    name: "setex",
    arity: 4,
    flags: ["write", "denyoom"],
    categories: ["string"],
    keys: [keyAt(1, "OW", "update")],
    summary: "Sets a key to a string that expires after so many seconds.",
    since: "2.0.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key seconds:integer value:string",
    deprecated: { since: "2.6.12", replacedBy: "`SET` with the `EX` argument" },
    execute: setex,
  },
  {
    name: "psetex",
    arity: 4,
    flags: ["write", "denyoom"],
    categories: ["string"],
    keys: [keyAt(1, "OW", "update")],
    summary: "Sets a key to a string that expires after so many milliseconds.",
    since: "2.6.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key milliseconds:integer value:string",
    deprecated: { since: "2.6.12", replacedBy: "`SET` with the `PX` argument" },
    execute: psetex,
  },
  {
    name: "getset",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    categories: ["string"],
    keys: [keyAt(1, "RW", "access", "update")],
    summary: "Sets a key to a string and answers with the old one.",
    since: "1.0.0",
    group: "string",
    complexity: "O(1)",
    syntax: "key:key value:string",
    deprecated: { since: "6.2.0", replacedBy: "`SET` with the `GET` argument" },
    execute: getset,
  },
];
