/**
 * How a value is kept: OBJECT and MEMORY USAGE.
 *
 * Differs from Redis: a string's encoding follows from its bytes alone, not from the command that made it (as
 * if it had just been set). Times and frequencies of use are not kept: nothing is idle, and FREQ answers as under
 * a policy without them. MEMORY USAGE is this server's estimate, exact for each element: SAMPLES is checked
 * and changes nothing.
 */

import {
  asHash,
  asList,
  asSet,
  asSortedSet,
  entryBytes,
  isStringValue,
  type Value,
} from "@redoubt/keyspace";
import { EMBEDDED_STRING_BYTES_MAX, INT32_MAX, SHARED_INTEGERS_END } from "../constants.js";
import { errors } from "../errors.js";
import { helpLines } from "../introspection/help.js";
import { parseInteger } from "../numbers/int64.js";
import { defineRow, keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument } from "../values.js";

const KEY = 2;

function objectEncoding(context: CommandContext): void {
  const value = valueOrNull(context);
  if (value !== undefined) context.reply.bulk(encodingOf(value));
}

function objectRefcount(context: CommandContext): void {
  const value = valueOrNull(context);
  if (value !== undefined) context.reply.integer(isSharedInteger(value) ? INT32_MAX : 1);
}

function objectIdletime(context: CommandContext): void {
  if (valueOrNull(context) !== undefined) context.reply.integer(0);
}

function objectFreq(context: CommandContext): void {
  if (valueOrNull(context) !== undefined) context.reply.error(errors.frequencyNotKept);
}

function memoryUsage(context: CommandContext): void {
  if (!samplesOk(context)) return;
  const value = valueOrNull(context);
  if (value !== undefined) {
    context.reply.integer(entryBytes(keyArgument(context, KEY), value));
  }
}

/** False: the error was replied. */
function samplesOk(context: CommandContext): boolean {
  const { argv, reply } = context;
  for (let i = KEY + 1; i < argv.length; i += 2) {
    const isSamples = optionArgument(context, i) === "SAMPLES" && i + 1 < argv.length;
    const samples = isSamples ? integerArgument(context, i + 1) : -1;
    if (samples === null) return false;
    if (samples < 0) {
      reply.error(errors.syntax);
      return false;
    }
  }
  return true;
}

/** Undefined: there is none, and null was replied. */
function valueOrNull(context: CommandContext): Value | undefined {
  const value = context.txn.get(keyArgument(context, KEY));
  if (value === undefined) context.reply.null();
  return value;
}

function encodingOf(value: Value): string {
  if (isStringValue(value)) {
    if (typeof value !== "string") return "raw";
    if (parseInteger(value) !== null) return "int";
    return value.length <= EMBEDDED_STRING_BYTES_MAX ? "embstr" : "raw";
  }
  const kept = asList(value) ?? asHash(value) ?? asSet(value) ?? asSortedSet(value);
  return kept?.encoding ?? "stream";
}

/** Redis has one object for each of them, with the highest count there is. */
function isSharedInteger(value: Value): boolean {
  const number = typeof value === "string" ? parseInteger(value) : null;
  return number !== null && number >= 0 && number < SHARED_INTEGERS_END;
}

function replyHelp(context: CommandContext, container: RowSpec): void {
  const lines = helpLines(defineRow(container));
  context.reply.array(lines.length);
  for (const line of lines) context.reply.simple(line);
}

const objectFacts = {
  arity: 3,
  flags: ["readonly"],
  categories: ["keyspace"],
  keys: [keyAt(KEY, "RO")],
  tips: ["nondeterministic_output"],
  since: "2.2.3",
  group: "generic",
  complexity: "O(1)",
  syntax: "key:key",
} as const satisfies Partial<RowSpec>;

const objectRow: RowSpec = {
  name: "object",
  arity: -2,
  summary: "How a key's value is kept.",
  since: "2.2.3",
  group: "generic",
  complexity: "Depends on the subcommand",
  visibility: "noKeyspace",
  subcommands: [
    {
      ...objectFacts,
      name: "encoding",
      summary: "The name of the form in which a value is kept.",
      execute: objectEncoding,
    },
    {
      ...objectFacts,
      name: "freq",
      summary: "How often a key is used.",
      since: "4.0.0",
      execute: objectFreq,
    },
    {
      ...objectFacts,
      name: "idletime",
      summary: "Seconds since a key was used.",
      execute: objectIdletime,
    },
    {
      ...objectFacts,
      name: "refcount",
      summary: "How many references to a value there are.",
      execute: objectRefcount,
    },
    {
      name: "help",
      arity: 2,
      flags: ["loading", "stale"],
      categories: ["keyspace"],
      summary: "The subcommands of OBJECT.",
      since: "6.2.0",
      group: "generic",
      complexity: "O(1)",
      visibility: "noKeyspace",
      execute: (context) => replyHelp(context, objectRow),
    },
  ],
};

const memoryRow: RowSpec = {
  name: "memory",
  arity: -2,
  summary: "What values cost.",
  since: "4.0.0",
  group: "server",
  complexity: "Depends on the subcommand",
  visibility: "noKeyspace",
  subcommands: [
    {
      name: "usage",
      arity: -3,
      flags: ["readonly"],
      keys: [keyAt(KEY, "RO")],
      summary: "About how many bytes a key and its value take.",
      since: "4.0.0",
      group: "server",
      complexity: "O(1)",
      syntax: "key:key [SAMPLES count:integer]",
      execute: memoryUsage,
    },
    {
      name: "help",
      arity: 2,
      flags: ["loading", "stale"],
      summary: "The subcommands of MEMORY.",
      since: "4.0.0",
      group: "server",
      complexity: "O(1)",
      visibility: "noKeyspace",
      execute: (context) => replyHelp(context, memoryRow),
    },
  ],
};

export const objectRows: readonly RowSpec[] = [objectRow, memoryRow];
