/** COPY: a second key with the same value and expiry. */

import { DATABASES } from "../constants.js";
import { errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { int32Argument, keyArgument, optionArgument } from "../values.js";

function copy(context: CommandContext): void {
  const { txn, reply } = context;
  const replace = parseOptions(context);
  if (replace === null) return;
  const source = keyArgument(context, 1);
  const destination = keyArgument(context, 2);
  if (source === destination) {
    reply.error(errors.sameObject);
    return;
  }
  if (!txn.has(source) || (txn.has(destination) && !replace)) {
    reply.integer(0);
    return;
  }
  txn.copy(source, destination);
  reply.integer(1);
}

/** Whether to replace; null: the error was replied. */
function parseOptions(context: CommandContext): boolean | null {
  const { argv, reply } = context;
  let replace = false;
  let otherDatabase = false;
  for (let i = 3; i < argv.length; i++) {
    const word = optionArgument(context, i);
    if (word === "REPLACE") {
      replace = true;
    } else if (word === "DB" && i + 1 < argv.length) {
      i += 1;
      const database = int32Argument(context, i);
      if (database === null) return null;
      if (database < 0 || database >= DATABASES) {
        reply.error(errors.databaseOutOfRange);
        return null;
      }
      otherDatabase = database !== 0;
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  if (!otherDatabase) return replace;
  reply.error(errors.copyInCluster);
  return null;
}

export const copyRow: RowSpec = {
  name: "copy",
  arity: -3,
  flags: ["write", "denyoom"],
  categories: ["keyspace"],
  keys: [keyAt(1, "RO", "access"), keyAt(2, "OW", "update")],
  summary: "Copies what a key holds, and its expiry, to another key.",
  since: "6.2.0",
  group: "generic",
  complexity: "O(N), N: elements of a collection; O(1) for strings",
  syntax: "source:key destination:key [DB destination-db:integer] [REPLACE]",
  execute: copy,
};
