/** Keys whatever they hold: DEL, UNLINK, EXISTS, TOUCH, TYPE, RENAME, RENAMENX. */

import { typeOf } from "@redoubt/keyspace";
import { errors } from "../errors.js";
import { keyAt, keysFrom, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";

function del(context: CommandContext): void {
  let deleted = 0;
  for (let i = 1; i < context.argv.length; i++) {
    if (context.txn.delete(keyArgument(context, i))) deleted += 1;
  }
  context.reply.integer(deleted);
}

/** EXISTS and TOUCH: a key named twice counts twice. */
function exists(context: CommandContext): void {
  let found = 0;
  for (let i = 1; i < context.argv.length; i++) {
    if (context.txn.has(keyArgument(context, i))) found += 1;
  }
  context.reply.integer(found);
}

function type(context: CommandContext): void {
  const value = context.txn.get(keyArgument(context, 1));
  context.reply.simple(value === undefined ? "none" : typeOf(value));
}

function rename(context: CommandContext): void {
  const source = keyArgument(context, 1);
  const destination = keyArgument(context, 2);
  if (!context.txn.has(source)) {
    context.reply.error(errors.noSuchKey);
    return;
  }
  if (source !== destination) context.txn.rename(source, destination);
  context.reply.ok();
}

function renamenx(context: CommandContext): void {
  const source = keyArgument(context, 1);
  const destination = keyArgument(context, 2);
  if (!context.txn.has(source)) {
    context.reply.error(errors.noSuchKey);
    return;
  }
  const free = source !== destination && !context.txn.has(destination);
  if (free) context.txn.rename(source, destination);
  context.reply.integer(free ? 1 : 0);
}

const genericFacts = { group: "generic", categories: ["keyspace"] } as const;

export const keyRows: readonly RowSpec[] = [
  {
    ...genericFacts,
    name: "del",
    arity: -2,
    flags: ["write"],
    keys: [keysFrom(1, 1, "RM", "delete")],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    summary: "Deletes keys.",
    since: "1.0.0",
    complexity: "O(N), N: keys",
    syntax: "key:key...",
    execute: del,
  },
  {
    ...genericFacts,
    name: "unlink",
    arity: -2,
    flags: ["write", "fast"],
    keys: [keysFrom(1, 1, "RM", "delete")],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    summary: "Deletes keys; their memory is reclaimed later.",
    since: "4.0.0",
    complexity: "O(N), N: keys",
    syntax: "key:key...",
    execute: del,
  },
  {
    ...genericFacts,
    name: "exists",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [keysFrom(1, 1, "RO")],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    summary: "How many of the keys exist.",
    since: "1.0.0",
    complexity: "O(N), N: keys",
    syntax: "key:key...",
    execute: exists,
  },
  {
    ...genericFacts,
    name: "touch",
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [keysFrom(1, 1, "RO")],
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    summary: "How many of the keys exist; counts as use of them.",
    since: "3.2.1",
    complexity: "O(N), N: keys",
    syntax: "key:key...",
    execute: exists,
  },
  {
    ...genericFacts,
    name: "type",
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    summary: "The type of what a key holds.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "key:key",
    execute: type,
  },
  {
    ...genericFacts,
    name: "rename",
    arity: 3,
    flags: ["write"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "update")],
    summary: "Renames a key, replacing the destination; the expiry moves with it.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "key:key newkey:key",
    execute: rename,
  },
  {
    ...genericFacts,
    name: "renamenx",
    arity: 3,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "OW", "insert")],
    summary: "Renames a key if the destination does not exist.",
    since: "1.0.0",
    complexity: "O(1)",
    syntax: "key:key newkey:key",
    execute: renamenx,
  },
];
