/** FLUSHDB and FLUSHALL: the same, since there is one database. */

import { errors } from "../errors.js";
import type { RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { optionArgument } from "../values.js";

/** ASYNC and SYNC are one: the dictionaries are detached at once and reclaimed by the garbage collector. */
function flush(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const word = argv.length === 2 ? optionArgument(context, 1) : "";
  const known = argv.length === 1 || word === "ASYNC" || word === "SYNC";
  if (!known) {
    reply.error(errors.syntax);
    return;
  }
  if (txn.keyspace.size > 0) txn.flushAll();
  reply.ok();
}

const flushFacts = {
  arity: -1,
  flags: ["write"],
  categories: ["keyspace", "dangerous"],
  tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
  since: "1.0.0",
  group: "server",
  complexity: "O(N), N: keys",
  syntax: "[flush-type(ASYNC | SYNC)]",
  visibility: "wholeKeyspace",
  execute: flush,
} as const satisfies Partial<RowSpec>;

export const flushRows: readonly RowSpec[] = [
  { ...flushFacts, name: "flushdb", summary: "Deletes all keys of the database." },
  { ...flushFacts, name: "flushall", summary: "Deletes all keys." },
];
