/** DUMP: a value in Redis's own format, for RESTORE here or there. */

import { dumpPayload } from "@redoubt/keyspace";
import { DUMP_BYTES_MAX } from "../constants.js";
import { errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";

function dump(context: CommandContext): void {
  const { txn, reply } = context;
  const value = txn.get(keyArgument(context, 1));
  if (value === undefined) {
    reply.null();
    return;
  }
  const payload = dumpPayload(value, DUMP_BYTES_MAX);
  if (payload === null) reply.error(errors.dumpTooLarge);
  else reply.bulk(payload);
}

export const dumpRow: RowSpec = {
  name: "dump",
  arity: 2,
  flags: ["readonly"],
  categories: ["keyspace"],
  keys: [keyAt(1, "RO", "access")],
  tips: ["nondeterministic_output"],
  summary: "A value as bytes that RESTORE makes a key of.",
  since: "2.6.0",
  group: "generic",
  complexity: "O(N*M), N: elements of the value, M: their average size",
  syntax: "key:key",
  execute: dump,
};
