/** Lists that are waited for: BLPOP, BRPOP. */

import type { ListEnd } from "@redoubt/keyspace";
import { secondsArgument } from "../blocking.js";
import { keysBefore, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, listAt, replyString } from "../values.js";

function blpop(context: CommandContext): void {
  popFirst(context, "head");
}

function brpop(context: CommandContext): void {
  popFirst(context, "tail");
}

/** From the first of the keys that has an element. */
function popFirst(context: CommandContext, end: ListEnd): void {
  const { argv, reply, txn } = context;
  const timeoutMs = secondsArgument(context, argv.length - 1);
  if (timeoutMs === null) return;
  const keys: string[] = [];
  for (let i = 1; i < argv.length - 1; i++) {
    const key = keyArgument(context, i);
    const list = listAt(context, key);
    if (list === null) return;
    if (list === undefined) {
      keys.push(key);
      continue;
    }
    const value = list.get(end === "head" ? 0 : list.length - 1);
    reply.array(2);
    reply.bulk(key);
    replyString(context, value);
    txn.lists.pop(key, end, 1);
    return;
  }
  if (context.block === null) reply.nullArray();
  else context.block({ keys, type: "list", timeoutMs });
}

const facts = {
  arity: -3,
  flags: ["write", "noscript", "blocking"],
  categories: ["list"],
  keys: [keysBefore(1, -2, "RW", "access", "delete")],
  since: "2.0.0",
  group: "list",
  complexity: "O(N), N: keys",
  syntax: "key:key... timeout:double",
} as const satisfies Partial<RowSpec>;

export const blockingListRows: readonly RowSpec[] = [
  {
    ...facts,
    name: "blpop",
    summary: "Removes and returns the first element of the first list that has one; waits for one.",
    execute: blpop,
  },
  {
    ...facts,
    name: "brpop",
    summary: "Removes and returns the last element of the first list that has one; waits for one.",
    execute: brpop,
  },
];
