/** An element that goes from a list's end to an end of a list: LMOVE and its older form RPOPLPUSH. */

import type { ListEnd } from "@redoubt/keyspace";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, listAt, replyString } from "../values.js";
import { endArgument } from "./ends.js";

function lmove(context: CommandContext): void {
  const from = endArgument(context, 3);
  if (from === null) return;
  const to = endArgument(context, 4);
  if (to === null) return;
  if (!tryMove(context, from, to)) context.reply.null();
}

function rpoplpush(context: CommandContext): void {
  if (!tryMove(context, "tail", "head")) context.reply.null();
}

/**
 * From the key in argument 1 to that in argument 2; replies the element. False: the source holds nothing,
 * and nothing was replied.
 */
export function tryMove(context: CommandContext, from: ListEnd, to: ListEnd): boolean {
  const { lists } = context.txn;
  const source = keyArgument(context, 1);
  const destination = keyArgument(context, 2);
  const list = listAt(context, source);
  if (list === undefined) return false;
  if (list === null || listAt(context, destination) === null) return true;
  const value = list.get(from === "head" ? 0 : list.length - 1);
  replyString(context, value);
  // Where it was already: no effect, and a list of one element is not deleted on the way.
  if (source === destination && (from === to || list.length === 1)) {
    context.txn.writtenUnchanged(source);
    return true;
  }
  lists.pop(source, from, 1);
  lists.push(destination, to, [value]);
  return true;
}

const moveFacts = {
  flags: ["write", "denyoom"],
  categories: ["list"],
  keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
  group: "list",
  complexity: "O(1)",
} as const satisfies Partial<RowSpec>;

export const moveRows: readonly RowSpec[] = [
  {
    ...moveFacts,
    name: "lmove",
    arity: 5,
    summary: "Moves an element from an end of a list to an end of a list, the same or another.",
    since: "6.2.0",
    syntax: "source:key destination:key wherefrom(LEFT | RIGHT) whereto(LEFT | RIGHT)",
    execute: lmove,
  },
  {
    ...moveFacts,
    name: "rpoplpush",
    arity: 3,
    summary: "Moves the last element of a list before the first of a list.",
    since: "1.2.0",
    syntax: "source:key destination:key",
    deprecated: { since: "6.2.0", replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments" },
    execute: rpoplpush,
  },
];
