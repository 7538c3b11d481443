/** Single members of a set: adding, removing, moving, asking for them. */

import { keyAt, type RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { keyArgument, setAt } from "../values.js";

function sadd(context: CommandContext): void {
  const key = keyArgument(context, 1);
  if (setAt(context, key) === null) return;
  context.reply.integer(context.txn.sets.add(key, context.argv.slice(2).map(latin1)));
}

function srem(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  const set = setAt(context, key);
  if (set === null) return;
  reply.integer(set === undefined ? 0 : txn.sets.remove(key, argv.slice(2).map(latin1)));
}

function smove(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const source = keyArgument(context, 1);
  const destination = keyArgument(context, 2);
  const member = latin1(argv[3]!);
  // Of a missing source the destination's type does not matter, but it is looked up: it may have expired.
  txn.has(destination);
  const set = setAt(context, source);
  if (set === null) return;
  if (set === undefined) {
    reply.integer(0);
    return;
  }
  if (setAt(context, destination) === null) return;
  if (!set.has(member)) {
    reply.integer(0);
    return;
  }
  if (source !== destination) {
    txn.sets.remove(source, [member]);
    txn.sets.add(destination, [member]);
  }
  reply.integer(1);
}

function scard(context: CommandContext): void {
  const set = setAt(context, keyArgument(context, 1));
  if (set !== null) context.reply.integer(set?.size ?? 0);
}

function sismember(context: CommandContext): void {
  const set = setAt(context, keyArgument(context, 1));
  if (set !== null) context.reply.integer(set?.has(latin1(context.argv[2]!)) ? 1 : 0);
}

function smismember(context: CommandContext): void {
  const { argv, reply } = context;
  const set = setAt(context, keyArgument(context, 1));
  if (set === null) return;
  reply.array(argv.length - 2);
  for (let i = 2; i < argv.length; i++) reply.integer(set?.has(latin1(argv[i]!)) ? 1 : 0);
}

export const memberRows: readonly RowSpec[] = [
  {
    name: "sadd",
    arity: -3,
    flags: ["write", "denyoom", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RW", "insert")],
    summary: "Adds members to a set; says how many are new.",
    since: "1.0.0",
    group: "set",
    complexity: "O(N), N: members given",
    syntax: "key:key member:string...",
    execute: sadd,
  },
  {
    name: "srem",
    arity: -3,
    flags: ["write", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RW", "delete")],
    summary: "Removes members from a set; the last one takes the key with it.",
    since: "1.0.0",
    group: "set",
    complexity: "O(N), N: members given",
    syntax: "key:key member:string...",
    execute: srem,
  },
  {
    name: "smove",
    arity: 4,
    flags: ["write", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    summary: "Moves a member from one set to another.",
    since: "1.0.0",
    group: "set",
    complexity: "O(1)",
    syntax: "source:key destination:key member:string",
    execute: smove,
  },
  {
    name: "scard",
    arity: 2,
    flags: ["readonly", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RO")],
    summary: "How many members a set has.",
    since: "1.0.0",
    group: "set",
    complexity: "O(1)",
    syntax: "key:key",
    execute: scard,
  },
  {
    name: "sismember",
    arity: 3,
    flags: ["readonly", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RO")],
    summary: "Whether a set has a member.",
    since: "1.0.0",
    group: "set",
    complexity: "O(1)",
    syntax: "key:key member:string",
    execute: sismember,
  },
  {
    name: "smismember",
    arity: -3,
    flags: ["readonly", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RO", "access")],
    summary: "Which of several members a set has.",
    since: "6.2.0",
    group: "set",
    complexity: "O(N), N: members given",
    syntax: "key:key member:string...",
    execute: smismember,
  },
];
