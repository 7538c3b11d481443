/** Lists that are waited for: BLPOP, BRPOP, BLMPOP, BLMOVE and its older form BRPOPLPUSH. */

import type { ListEnd } from "@redoubt/keyspace";
import { secondsArgument } from "../blocking.js";
import { keyAt, keysBefore, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";
import { endArgument } from "./ends.js";
import { tryMove } from "./move.js";
import { parseManyPop, tryPopFirst, tryPopMany } from "./pop.js";

function blpop(context: CommandContext): void {
  popFirst(context, "head");
}

function brpop(context: CommandContext): void {
  popFirst(context, "tail");
}

function popFirst(context: CommandContext, end: ListEnd): void {
  const last = context.argv.length - 1;
  const timeoutMs = secondsArgument(context, last);
  if (timeoutMs === null || tryPopFirst(context, 1, last, end)) return;
  if (context.block === null) context.reply.nullArray();
  else context.block({ keys: keysOf(context, 1, last), type: "list", timeoutMs });
}

function blmpop(context: CommandContext): void {
  const timeoutMs = secondsArgument(context, 1);
  if (timeoutMs === null) return;
  const request = parseManyPop(context, 2);
  if (request === null || tryPopMany(context, request)) return;
  const { firstKey, keyCount } = request;
  if (context.block === null) context.reply.nullArray();
  else {
    const keys = keysOf(context, firstKey, firstKey + keyCount);
    context.block({ keys, type: "list", timeoutMs });
  }
}

function blmove(context: CommandContext): void {
  const from = endArgument(context, 3);
  if (from === null) return;
  const to = endArgument(context, 4);
  if (to === null) return;
  move(context, from, to, 5);
}

function brpoplpush(context: CommandContext): void {
  move(context, "tail", "head", 3);
}

function move(context: CommandContext, from: ListEnd, to: ListEnd, timeoutIndex: number): void {
  const timeoutMs = secondsArgument(context, timeoutIndex);
  if (timeoutMs === null || tryMove(context, from, to)) return;
  if (context.block !== null) {
    context.block({ keys: [keyArgument(context, 1)], type: "list", timeoutMs });
  } else if (context.timedOut) {
    // Redis: blocked.c, replyToBlockedClientTimedOut, one reply for all that wait for keys.
    context.reply.nullArray();
  } else {
    context.reply.null();
  }
}

function keysOf(context: CommandContext, from: number, end: number): string[] {
  const keys: string[] = [];
  for (let i = from; i < end; i++) keys.push(keyArgument(context, i));
  return keys;
}

const popFacts = {
  arity: -3,
  flags: ["write", "noscript", "blocking"],
  categories: ["list"],
  keys: [keysBefore(1, -2, "RW", "access", "delete")],
  since: "2.0.0",
  group: "list",
  complexity: "O(N), N: keys given",
  syntax: "key:key... timeout:double",
} as const satisfies Partial<RowSpec>;

const moveFacts = {
  flags: ["write", "denyoom", "noscript", "blocking"],
  categories: ["list"],
  keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
  group: "list",
  complexity: "O(1)",
} as const satisfies Partial<RowSpec>;

export const blockingListRows: readonly RowSpec[] = [
  {
    ...popFacts,
    name: "blpop",
    summary: "Takes the first element of the first of several lists that has one; waits for it.",
    execute: blpop,
  },
  {
    ...popFacts,
    name: "brpop",
    summary: "Takes the last element of the first of several lists that has one; waits for it.",
    execute: brpop,
  },
  {
    name: "blmpop",
    arity: -5,
    flags: ["write", "blocking", "movablekeys"],
    categories: ["list"],
    keys: [numberedKeys(2, "RW", "access", "delete")],
    summary:
      "Takes elements from an end of the first of several keys that holds a list; waits for one.",
    since: "7.0.0",
    group: "list",
    complexity: "O(N+M), N: keys given, M: elements taken",
    syntax: "timeout:double numkeys:integer key:key... where(LEFT | RIGHT) [COUNT count:integer]",
    execute: blmpop,
  },
  {
    ...moveFacts,
    name: "blmove",
    arity: 6,
    summary: "Moves an element from an end of a list to an end of a list; waits for one.",
    since: "6.2.0",
    syntax:
      "source:key destination:key wherefrom(LEFT | RIGHT) whereto(LEFT | RIGHT) timeout:double",
    execute: blmove,
  },
  {
    ...moveFacts,
    name: "brpoplpush",
    arity: 4,
    summary: "Moves the last element of a list before the first of a list; waits for one.",
    since: "2.2.0",
    syntax: "source:key destination:key timeout:double",
    deprecated: {
      since: "6.2.0",
      replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
    },
    execute: brpoplpush,
  },
];
