/** Giving keys a deadline and taking it away: EXPIRE and its relatives, PERSIST. */

import { errors, invalidExpire, unsupportedOption } from "../errors.js";
import { type ExpiryUnit, expiryUnits, toDeadline } from "../expiry.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument } from "../values.js";

/** Conditions on the deadline the key has. Refilled by each parse. */
const only = { missing: false, present: false, later: false, earlier: false };

function expire(context: CommandContext): void {
  setExpiry(context, expiryUnits.EX, "expire");
}

function pexpire(context: CommandContext): void {
  setExpiry(context, expiryUnits.PX, "pexpire");
}

function expireat(context: CommandContext): void {
  setExpiry(context, expiryUnits.EXAT, "expireat");
}

function pexpireat(context: CommandContext): void {
  setExpiry(context, expiryUnits.PXAT, "pexpireat");
}

function setExpiry(context: CommandContext, unit: ExpiryUnit, name: string): void {
  const { txn, reply } = context;
  if (!parseConditions(context)) return;
  const value = integerArgument(context, 2);
  if (value === null) return;
  const deadline = toDeadline(value, unit, txn.nowMs);
  if (deadline === null) {
    reply.error(invalidExpire(name));
    return;
  }
  const key = keyArgument(context, 1);
  if (!txn.has(key) || !conditionsMet(txn.deadline(key), deadline)) {
    reply.integer(0);
    return;
  }
  if (deadline <= txn.nowMs) txn.delete(key);
  else txn.setDeadline(key, deadline);
  reply.integer(1);
}

/** False: the error was replied. */
function parseConditions(context: CommandContext): boolean {
  const { argv, reply } = context;
  only.missing = false;
  only.present = false;
  only.later = false;
  only.earlier = false;
  for (let i = 3; i < argv.length; i++) {
    const word = optionArgument(context, i);
    if (word === "NX") {
      only.missing = true;
    } else if (word === "XX") {
      only.present = true;
    } else if (word === "GT") {
      only.later = true;
    } else if (word === "LT") {
      only.earlier = true;
    } else {
      reply.error(unsupportedOption(argv[i]!));
      return false;
    }
  }
  const contradiction = contradictionOfConditions();
  if (contradiction !== null) reply.error(contradiction);
  return contradiction === null;
}

function contradictionOfConditions(): string | null {
  if (only.missing && (only.present || only.later || only.earlier))
    return errors.expireNxWithOthers;
  return only.later && only.earlier ? errors.expireGtWithLt : null;
}

/** A key without a deadline (0) lives for ever: later than any time. */
function conditionsMet(current: number, deadline: number): boolean {
  if (only.missing && current !== 0) return false;
  if (only.present && current === 0) return false;
  if (only.later && (current === 0 || deadline <= current)) return false;
  return !(only.earlier && current !== 0 && deadline >= current);
}

function persist(context: CommandContext): void {
  const { txn } = context;
  const key = keyArgument(context, 1);
  const volatile = txn.has(key) && txn.deadline(key) !== 0;
  if (volatile) txn.setDeadline(key, 0);
  context.reply.integer(volatile ? 1 : 0);
}

const expireFacts = {
  flags: ["write", "fast"],
  categories: ["keyspace"],
  keys: [keyAt(1, "RW", "update")],
  group: "generic",
  complexity: "O(1)",
} as const satisfies Partial<RowSpec>;
const condition = "[condition(NX | XX | GT | LT)]";

export const expireRows: readonly RowSpec[] = [
  {
    ...expireFacts,
    name: "expire",
    arity: -3,
    summary: "Makes a key expire after so many seconds.",
    since: "1.0.0",
    syntax: `key:key seconds:integer ${condition}`,
    execute: expire,
  },
  {
    ...expireFacts,
    name: "pexpire",
    arity: -3,
    summary: "Makes a key expire after so many milliseconds.",
    since: "2.6.0",
    syntax: `key:key milliseconds:integer ${condition}`,
    execute: pexpire,
  },
  {
    ...expireFacts,
    name: "expireat",
    arity: -3,
    summary: "Makes a key expire at a time in seconds since the epoch.",
    since: "1.2.0",
    syntax: `key:key unix-time-seconds:unix-time ${condition}`,
    execute: expireat,
  },
  {
    ...expireFacts,
    name: "pexpireat",
    arity: -3,
    summary: "Makes a key expire at a time in milliseconds since the epoch.",
    since: "2.6.0",
    syntax: `key:key unix-time-milliseconds:unix-time ${condition}`,
    execute: pexpireat,
  },
  {
    ...expireFacts,
    name: "persist",
    arity: 2,
    summary: "Makes a key live for ever again.",
    since: "2.2.0",
    syntax: "key:key",
    execute: persist,
  },
];
