/** Single fields of a hash: setting, reading, deleting them. */

import { stringLength } from "@redoubt/keyspace";
import { wrongArity } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { hashAt, keyArgument, replyString } from "../values.js";

function hset(context: CommandContext): void {
  const created = setFields(context, "hset");
  if (created !== null) context.reply.integer(created);
}

function hmset(context: CommandContext): void {
  if (setFields(context, "hmset") !== null) context.reply.ok();
}

/** How many fields are new. Null: the error was replied. */
function setFields(context: CommandContext, name: string): number | null {
  const { argv, txn, reply } = context;
  if (argv.length % 2 !== 0) {
    reply.error(wrongArity(name));
    return null;
  }
  const key = keyArgument(context, 1);
  const hash = hashAt(context, key);
  if (hash === null) return null;
  const fields: string[] = [];
  const values: Buffer[] = [];
  for (let i = 2; i < argv.length; i += 2) {
    fields.push(latin1(argv[i]!));
    values.push(argv[i + 1]!);
  }
  const created = countCreated(fields, (field) => hash?.has(field) ?? false);
  txn.hashes.set(key, fields, values);
  return created;
}

/** A field named twice is created once. */
function countCreated(fields: readonly string[], has: (field: string) => boolean): number {
  const distinct = fields.length === 1 ? fields : [...new Set(fields)];
  return distinct.reduce((count, field) => (has(field) ? count : count + 1), 0);
}

function hsetnx(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  const hash = hashAt(context, key);
  if (hash === null) return;
  const field = latin1(argv[2]!);
  if (hash?.has(field)) {
    reply.integer(0);
    return;
  }
  txn.hashes.set(key, [field], [argv[3]!]);
  reply.integer(1);
}

function hget(context: CommandContext): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  const value = hash?.get(latin1(context.argv[2]!));
  if (value === undefined) context.reply.null();
  else replyString(context, value);
}

function hmget(context: CommandContext): void {
  const { argv, reply } = context;
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  reply.array(argv.length - 2);
  for (let i = 2; i < argv.length; i++) {
    const value = hash?.get(latin1(argv[i]!));
    if (value === undefined) reply.null();
    else replyString(context, value);
  }
}

function hstrlen(context: CommandContext): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  const value = hash?.get(latin1(context.argv[2]!));
  context.reply.integer(value === undefined ? 0 : stringLength(value));
}

function hexists(context: CommandContext): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  context.reply.integer(hash?.has(latin1(context.argv[2]!)) ? 1 : 0);
}

function hdel(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  const hash = hashAt(context, key);
  if (hash === null) return;
  reply.integer(hash === undefined ? 0 : txn.hashes.delete(key, argv.slice(2).map(latin1)));
}

export const fieldRows: readonly RowSpec[] = [
  {
    name: "hset",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RW", "update")],
    summary: "Sets fields of a hash; says how many are new.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(N), N: fields given",
    syntax: "key:key data{field:string value:string}...",
    execute: hset,
  },
  {
    name: "hmset",
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RW", "update")],
    summary: "Sets fields of a hash.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(N), N: fields given",
    syntax: "key:key data{field:string value:string}...",
    deprecated: { since: "4.0.0", replacedBy: "`HSET` with several fields" },
    execute: hmset,
  },
  {
    name: "hsetnx",
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RW", "insert")],
    summary: "Sets a field of a hash if it does not exist.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(1)",
    syntax: "key:key field:string value:string",
    execute: hsetnx,
  },
  {
    name: "hget",
    arity: 3,
    flags: ["readonly", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RO", "access")],
    summary: "The value of a field of a hash.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(1)",
    syntax: "key:key field:string",
    execute: hget,
  },
  {
    name: "hmget",
    arity: -3,
    flags: ["readonly", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RO", "access")],
    summary: "The values of several fields of a hash.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(N), N: fields given",
    syntax: "key:key field:string...",
    execute: hmget,
  },
  {
    name: "hstrlen",
    arity: 3,
    flags: ["readonly", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RO")],
    summary: "The length in bytes of the value of a field.",
    since: "3.2.0",
    group: "hash",
    complexity: "O(1)",
    syntax: "key:key field:string",
    execute: hstrlen,
  },
  {
    name: "hexists",
    arity: 3,
    flags: ["readonly", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RO")],
    summary: "Whether a hash has a field.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(1)",
    syntax: "key:key field:string",
    execute: hexists,
  },
  {
    name: "hdel",
    arity: -3,
    flags: ["write", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Deletes fields of a hash; the last one takes the key with it.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(N), N: fields given",
    syntax: "key:key field:string...",
    execute: hdel,
  },
];
