/** SET: the one command here with conditions, an old value and every kind of expiry at once. */

import { NO_DEADLINE, positiveDeadline } from "../expiry.js";
import { keyAt, type RowSpec, withNotes } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext, KeyFlag } from "../types.js";
import { isString, keyArgument, replyString } from "../values.js";
import { parseStringOptions } from "./expiry-options.js";

function set(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const key = keyArgument(context, 1);
  if (argv.length === 3) {
    txn.putString(key, argv[2]!, 0);
    reply.ok();
    return;
  }
  const options = parseStringOptions(context, 3, "set");
  if (options === null) return;
  let deadline = 0;
  if (options.expiry === "at") {
    deadline = positiveDeadline(context, options.timeIndex, options.unit, "set");
    if (deadline === NO_DEADLINE) return;
  }
  // GET answers with the old value whether or not the condition then lets the new one in.
  const old = txn.get(key);
  if (options.get && old !== undefined) {
    if (!isString(context, old)) return;
    replyString(context, old);
  }
  const refused = old === undefined ? options.ifPresent : options.ifMissing;
  if (!refused) {
    if (options.expiry === "keep") deadline = txn.deadline(key);
    txn.putString(key, argv[2]!, deadline);
  }
  if (options.get) {
    if (old === undefined) reply.null();
  } else if (refused) {
    reply.null();
  } else {
    reply.ok();
  }
}

/** With GET the old value is read, without it only overwritten. */
function keyFlags(argv: readonly Buffer[]): readonly KeyFlag[] {
  const reads = argv.slice(3).some((option) => latin1(option).toUpperCase() === "GET");
  return reads ? ["RW", "access", "update"] : ["OW", "update"];
}

export const setRow: RowSpec = {
  name: "set",
  arity: -3,
  flags: ["write", "denyoom"],
  categories: ["string"],
  keys: [
    withNotes(
      keyAt(1, "RW", "access", "update", "variable_flags"),
      "RW and ACCESS due to the optional `GET` argument",
    ),
  ],
  keyFlags,
  summary: "Sets a key to a string, whatever it held; conditions and an expiry are optional.",
  since: "1.0.0",
  group: "string",
  complexity: "O(1)",
  syntax:
    "key:key value:string [condition(NX | XX)] [GET] [expiration(EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | KEEPTTL)]",
  execute: set,
};
