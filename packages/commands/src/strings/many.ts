/** Several strings at once: MGET, MSET, MSETNX. */

import { isStringValue } from "@redoubt/keyspace";
import { wrongArity } from "../errors.js";
import { keysFrom, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, replyString } from "../values.js";

function mget(context: CommandContext): void {
  const { argv, reply, txn } = context;
  reply.array(argv.length - 1);
  for (let i = 1; i < argv.length; i++) {
    const value = txn.get(keyArgument(context, i));
    // A key of another type is answered like a missing one: the others are not spoilt by it.
    if (value === undefined || !isStringValue(value)) reply.null();
    else replyString(context, value);
  }
}

function mset(context: CommandContext): void {
  if (!pairsComplete(context, "mset")) return;
  putPairs(context);
  context.reply.ok();
}

function msetnx(context: CommandContext): void {
  if (!pairsComplete(context, "msetnx")) return;
  for (let i = 1; i < context.argv.length; i += 2) {
    if (context.txn.has(keyArgument(context, i))) {
      context.reply.integer(0);
      return;
    }
  }
  putPairs(context);
  context.reply.integer(1);
}

function pairsComplete(context: CommandContext, name: string): boolean {
  if (context.argv.length % 2 === 1) return true;
  context.reply.error(wrongArity(name));
  return false;
}

/** A key named twice gets its last value. */
function putPairs(context: CommandContext): void {
  const { argv, txn } = context;
  for (let i = 1; i < argv.length; i += 2) txn.putString(keyArgument(context, i), argv[i + 1]!, 0);
}

export const manyRows: readonly RowSpec[] = [
  {
    name: "mget",
    arity: -2,
    flags: ["readonly", "fast"],
    categories: ["string"],
    keys: [keysFrom(1, 1, "RO", "access")],
    tips: ["request_policy:multi_shard"],
    summary: "The strings several keys hold.",
    since: "1.0.0",
    group: "string",
    complexity: "O(N), N: keys",
    syntax: "key:key...",
    execute: mget,
  },
  {
    name: "mset",
    arity: -3,
    flags: ["write", "denyoom"],
    categories: ["string"],
    keys: [keysFrom(1, 2, "OW", "update")],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    summary: "Sets several keys to strings, all at once.",
    since: "1.0.1",
    group: "string",
    complexity: "O(N), N: keys",
    syntax: "data{key:key value:string}...",
    execute: mset,
  },
  {
    name: "msetnx",
    arity: -3,
    flags: ["write", "denyoom"],
    categories: ["string"],
    keys: [keysFrom(1, 2, "OW", "insert")],
    tips: ["request_policy:multi_shard", "response_policy:agg_min"],
    summary: "Sets several keys to strings if none of them exists.",
    since: "1.0.1",
    group: "string",
    complexity: "O(N), N: keys",
    syntax: "data{key:key value:string}...",
    execute: msetnx,
  },
];
