/** Elements that come to an end of a list: LPUSH, RPUSH, and only where there is a list LPUSHX, RPUSHX. */

import type { ListEnd } from "@redoubt/keyspace";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, listAt } from "../values.js";

const FIRST_ELEMENT = 2;

function lpush(context: CommandContext): void {
  push(context, "head", false);
}

function rpush(context: CommandContext): void {
  push(context, "tail", false);
}

function lpushx(context: CommandContext): void {
  push(context, "head", true);
}

function rpushx(context: CommandContext): void {
  push(context, "tail", true);
}

function push(context: CommandContext, end: ListEnd, ifPresent: boolean): void {
  const key = keyArgument(context, 1);
  const list = listAt(context, key);
  if (list === null) return;
  const skipped = list === undefined && ifPresent;
  const { reply, txn } = context;
  reply.integer(skipped ? 0 : txn.lists.push(key, end, context.argv.slice(FIRST_ELEMENT)));
}

const pushFacts = {
  arity: -3,
  flags: ["write", "denyoom", "fast"],
  categories: ["list"],
  keys: [keyAt(1, "RW", "insert")],
  group: "list",
  complexity: "O(N), N: elements given",
  syntax: "key:key element:string...",
} as const satisfies Partial<RowSpec>;

export const pushRows: readonly RowSpec[] = [
  {
    ...pushFacts,
    name: "lpush",
    summary: "Puts elements before the first of a list, one after the other.",
    since: "1.0.0",
    execute: lpush,
  },
  {
    ...pushFacts,
    name: "rpush",
    summary: "Puts elements behind the last of a list.",
    since: "1.0.0",
    execute: rpush,
  },
  {
    ...pushFacts,
    name: "lpushx",
    summary: "Puts elements before the first of a list, if there is a list.",
    since: "2.2.0",
    execute: lpushx,
  },
  {
    ...pushFacts,
    name: "rpushx",
    summary: "Puts elements behind the last of a list, if there is a list.",
    since: "2.2.0",
    execute: rpushx,
  },
];
