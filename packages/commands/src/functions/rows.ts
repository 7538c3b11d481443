/**
 * FUNCTION: libraries are kept, replicated, carried in and out. What runs their code, or needs it run to be told (LOAD,
 * LIST, STATS, KILL, FCALL), is not there.
 *
 * Differs from Redis: RESTORE looks at each library's first line only. One that could not be compiled there, registers
 * nothing, or registers a function that another library has, is taken here and refused when it goes back.
 */

import { dumpLibraries, footerOk, type LibraryLimits, readLibraries } from "@redoubt/keyspace";
import { DUMP_BYTES_MAX, LIBRARIES_BYTES_MAX, LIBRARIES_MAX } from "../constants.js";
import { errors, subcommandSyntax } from "../errors.js";
import { helpLines } from "../introspection/help.js";
import { defineRow, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument } from "../values.js";

const limits: LibraryLimits = {
  madeBytesMax: LIBRARIES_BYTES_MAX,
  textBytesMax: LIBRARIES_BYTES_MAX,
  librariesMax: LIBRARIES_MAX,
};

function dump({ txn, reply }: CommandContext): void {
  const codes: string[] = [];
  txn.keyspace.libraries.forEach((_, code) => {
    codes.push(code);
  });
  const payload = dumpLibraries(codes, DUMP_BYTES_MAX);
  if (payload === null) reply.error(errors.dumpTooLarge);
  else reply.bulk(payload);
}

function deleteOne(context: CommandContext): void {
  const { txn, reply } = context;
  const name = keyArgument(context, 2);
  if (txn.keyspace.libraries.get(name) === undefined) {
    reply.error(errors.libraryNotFound);
    return;
  }
  txn.deleteLibrary(name);
  reply.ok();
}

/** ASYNC and SYNC are one, as for FLUSHALL. */
function flush(context: CommandContext): void {
  const { argv, txn, reply } = context;
  if (argv.length > 3) {
    reply.error(subcommandSyntax("FUNCTION", argv[1]!));
    return;
  }
  const word = argv.length === 3 ? optionArgument(context, 2) : "SYNC";
  if (word !== "ASYNC" && word !== "SYNC") {
    reply.error(errors.functionFlushOption);
    return;
  }
  for (const name of namesOf(context)) txn.deleteLibrary(name);
  reply.ok();
}

function restore(context: CommandContext): void {
  const { argv, txn, reply } = context;
  if (argv.length > 4) {
    reply.error(subcommandSyntax("FUNCTION", argv[1]!));
    return;
  }
  const policy = argv.length === 4 ? optionArgument(context, 3) : "APPEND";
  if (policy !== "APPEND" && policy !== "REPLACE" && policy !== "FLUSH") {
    reply.error(errors.restorePolicy);
    return;
  }
  const payload = argv[2]!;
  if (!footerOk(payload)) {
    reply.error(errors.dumpVersionOrChecksum);
    return;
  }
  const { libraries, fault } = readLibraries(payload, limits);
  if (libraries === null) {
    reply.error(`ERR ${fault.replace(/[\r\n]/g, " ")}`);
    return;
  }
  const present = namesOf(context).filter((name) => policy === "FLUSH" || libraries.has(name));
  if (policy === "APPEND" && present.length > 0) {
    reply.error(`ERR Library ${present[0]} already exists`);
    return;
  }
  const tooMuch = boundPassed(context, libraries, present);
  if (tooMuch !== null) {
    reply.error(tooMuch);
    return;
  }
  // A function may move from one library to another: the old ones go first, so that none is there twice in between.
  for (const name of present) txn.deleteLibrary(name);
  for (const [name, code] of libraries) txn.putLibrary(name, code);
  reply.ok();
}

/** `gone` are replaced or dropped. Null: none, else the error. */
function boundPassed(
  { txn }: CommandContext,
  added: ReadonlyMap<string, string>,
  gone: readonly string[],
): string | null {
  const { libraries } = txn.keyspace;
  if (libraries.size - gone.length + added.size > LIBRARIES_MAX) return errors.librariesTooMany;
  let bytes = libraries.codeBytes;
  for (const name of gone) bytes -= libraries.get(name)?.length ?? 0;
  for (const code of added.values()) bytes += code.length;
  return bytes > LIBRARIES_BYTES_MAX ? errors.librariesTooLarge : null;
}

function namesOf({ txn }: CommandContext): string[] {
  const names: string[] = [];
  txn.keyspace.libraries.forEach((name) => {
    names.push(name);
  });
  return names;
}

function help({ reply }: CommandContext): void {
  const lines = helpLines(defineRow(functionRow));
  reply.array(lines.length);
  for (const line of lines) reply.simple(line);
}

const facts = {
  categories: ["scripting"],
  since: "7.0.0",
  group: "scripting",
  visibility: "wholeKeyspace",
} as const satisfies Partial<RowSpec>;

const toAll = ["request_policy:all_shards", "response_policy:all_succeeded"] as const;

const subcommands: readonly RowSpec[] = [
  {
    ...facts,
    name: "delete",
    arity: 3,
    flags: ["write", "noscript"],
    tips: toAll,
    summary: "Deletes a library of functions.",
    complexity: "O(1)",
    syntax: "library-name:string",
    execute: deleteOne,
  },
  {
    ...facts,
    name: "dump",
    arity: 2,
    flags: ["noscript"],
    summary: "All libraries as bytes that FUNCTION RESTORE takes.",
    complexity: "O(N), N: bytes of all libraries",
    execute: dump,
  },
  {
    ...facts,
    name: "flush",
    arity: -2,
    flags: ["write", "noscript"],
    tips: toAll,
    summary: "Deletes all libraries of functions.",
    complexity: "O(N), N: libraries",
    syntax: "[flush-type(ASYNC | SYNC)]",
    execute: flush,
  },
  {
    ...facts,
    name: "help",
    arity: 2,
    flags: ["loading", "stale"],
    visibility: "noKeyspace",
    summary: "The subcommands of FUNCTION.",
    complexity: "O(1)",
    execute: help,
  },
  {
    ...facts,
    name: "restore",
    arity: -3,
    flags: ["write", "denyoom", "noscript"],
    tips: toAll,
    summary: "Makes libraries of bytes that FUNCTION DUMP gave.",
    complexity: "O(N), N: bytes of the libraries",
    syntax: "serialized-value:string [policy(FLUSH | APPEND | REPLACE)]",
    execute: restore,
  },
];

const functionRow: RowSpec = {
  name: "function",
  arity: -2,
  visibility: "noKeyspace",
  summary: "Libraries of functions.",
  since: "7.0.0",
  group: "scripting",
  complexity: "Depends on the subcommand",
  subcommands,
};

export const functionRows: readonly RowSpec[] = [functionRow];
