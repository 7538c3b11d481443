/** COMMAND and its subcommands: the table about itself. The table is handed in, since these rows are in it. */

import type { CommandTable } from "../command-table.js";
import { arityOk } from "../command-table.js";
import { errors } from "../errors.js";
import { globMatch } from "../glob.js";
import { keyPositions } from "../keys.js";
import type { RowSpec } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext, CommandFlag, CommandRow } from "../types.js";
import { optionArgument } from "../values.js";
import { replyDocs } from "./docs-reply.js";
import { helpLines } from "./help.js";
import { replyInfo, replyWords } from "./info-reply.js";

/** Where a name stands in COMMAND INFO a b c. */
const FIRST_NAME = 2;

function commandAll(context: CommandContext, table: CommandTable): void {
  context.reply.array(table.rows.length);
  for (const row of table.rows) replyInfo(context.reply, row);
}

function commandInfo(context: CommandContext, table: CommandTable): void {
  const { argv, reply } = context;
  if (argv.length === FIRST_NAME) {
    commandAll(context, table);
    return;
  }
  reply.array(argv.length - FIRST_NAME);
  for (let i = FIRST_NAME; i < argv.length; i++) {
    const row = named(table, argv[i]!);
    if (row === undefined) reply.null();
    else replyInfo(reply, row);
  }
}

function commandDocs(context: CommandContext, table: CommandTable): void {
  const { argv, reply } = context;
  const rows: CommandRow[] = [];
  for (let i = FIRST_NAME; i < argv.length; i++) {
    const row = named(table, argv[i]!);
    if (row !== undefined) rows.push(row);
  }
  const shown = argv.length === FIRST_NAME ? table.rows : rows;
  reply.map(shown.length);
  for (const row of shown) replyDocs(reply, row);
}

/** "client|list" means the subcommand. */
function named(table: CommandTable, name: Buffer): CommandRow | undefined {
  const [first, second, ...rest] = latin1(name).split("|");
  const row = table.lookup(Buffer.from(first!, "latin1"));
  if (row === undefined || second === undefined) return row;
  if (rest.length > 0) return undefined;
  return table.subcommand(row, Buffer.from(second, "latin1"));
}

/** Subcommands are listed beside their containers. */
function commandList(context: CommandContext, table: CommandTable): void {
  const { reply } = context;
  const matches = listFilter(context);
  if (matches === null) {
    reply.error(errors.syntax);
    return;
  }
  const found: string[] = [];
  const collect = (row: CommandRow) => {
    if (matches(row)) found.push(row.fullName);
    for (const sub of row.subcommands?.values() ?? []) collect(sub);
  };
  for (const row of table.rows) collect(row);
  reply.array(found.length);
  for (const name of found) reply.bulk(name);
}

/** Null: no such filter. */
function listFilter(context: CommandContext): ((row: CommandRow) => boolean) | null {
  const { argv } = context;
  if (argv.length === 2) return () => true;
  if (argv.length !== 5 || optionArgument(context, 2) !== "FILTERBY") return null;
  const operand = latin1(argv[4]!).toLowerCase();
  switch (optionArgument(context, 3)) {
    case "PATTERN":
      return (row) => globMatch(operand, row.fullName);
    case "ACLCAT":
      return (row) => row.aclCategories.some((category) => category === operand);
    case "MODULE":
      // There are no modules.
      return () => false;
    default:
      return null;
  }
}

function commandGetkeys(context: CommandContext, table: CommandTable, withFlags: boolean): void {
  const { reply } = context;
  const argv = context.argv.slice(FIRST_NAME);
  const row = table.resolve(argv);
  if (row === undefined) {
    reply.error(errors.getKeysInvalidCommand);
  } else if (row.keySpecs.length === 0) {
    reply.error(errors.getKeysNoKeys);
  } else if (!arityOk(row, argv.length)) {
    reply.error(errors.getKeysWrongArity);
  } else {
    replyKeys(context, row, argv, withFlags);
  }
}

function replyKeys(
  context: CommandContext,
  row: CommandRow,
  argv: readonly Buffer[],
  withFlags: boolean,
): void {
  const { reply } = context;
  const found = keyPositions(row, argv);
  if (found === null) {
    reply.error(errors.getKeysInvalidArguments);
    return;
  }
  reply.array(found.length);
  for (const { position, spec } of found) {
    if (withFlags) reply.array(2);
    // Copied: an argument lives for this turn only.
    reply.bulk(Buffer.from(argv[position]!));
    if (withFlags) replyWords(reply, row.keyFlags?.(argv) ?? spec.flags, "");
  }
}

function commandHelp(context: CommandContext, table: CommandTable): void {
  const lines = helpLines(table.lookup(Buffer.from("command"))!);
  context.reply.array(lines.length);
  for (const line of lines) context.reply.simple(line);
}

const commandFacts = {
  flags: ["loading", "stale"] as readonly CommandFlag[],
  categories: ["connection"],
  group: "server",
  visibility: "noKeyspace",
} as const satisfies Partial<RowSpec>;

/** `table` is asked when a command runs, not before: it is complete by then. */
export function introspectionRows(table: () => CommandTable): readonly RowSpec[] {
  return [
    {
      ...commandFacts,
      name: "command",
      arity: -1,
      tips: ["nondeterministic_output_order"],
      summary: "Facts about all commands.",
      since: "2.8.13",
      complexity: "O(N), N: commands",
      execute: (context) => commandAll(context, table()),
      subcommands: subcommandRows(table),
    },
  ];
}

function subcommandRows(table: () => CommandTable): readonly RowSpec[] {
  return [
    {
      ...commandFacts,
      name: "count",
      arity: 2,
      summary: "How many commands there are.",
      since: "2.8.13",
      complexity: "O(1)",
      execute: (context) => context.reply.integer(table().rows.length),
    },
    {
      ...commandFacts,
      name: "info",
      arity: -2,
      tips: ["nondeterministic_output_order"],
      summary: "Facts about some commands, or all.",
      since: "2.8.13",
      complexity: "O(N), N: commands asked for",
      syntax: "[command-name:string...]",
      execute: (context) => commandInfo(context, table()),
    },
    {
      ...commandFacts,
      name: "docs",
      arity: -2,
      tips: ["nondeterministic_output_order"],
      summary: "Documentation of some commands, or all.",
      since: "7.0.0",
      complexity: "O(N), N: commands asked for",
      syntax: "[command-name:string...]",
      execute: (context) => commandDocs(context, table()),
    },
    {
      ...commandFacts,
      name: "list",
      arity: -2,
      tips: ["nondeterministic_output_order"],
      summary: "Names of all commands, or of those that pass a filter.",
      since: "7.0.0",
      complexity: "O(N), N: commands",
      syntax:
        "[FILTERBY filterby(MODULE module-name:string | ACLCAT category:string | PATTERN pattern:pattern)]",
      execute: (context) => commandList(context, table()),
    },
    {
      ...commandFacts,
      name: "getkeys",
      arity: -3,
      summary: "The keys a whole command names.",
      since: "2.8.13",
      complexity: "O(N), N: arguments",
      syntax: "command:string [arg:string...]",
      execute: (context) => commandGetkeys(context, table(), false),
    },
    {
      ...commandFacts,
      name: "getkeysandflags",
      arity: -3,
      summary: "The keys a whole command names, and what it does with them.",
      since: "7.0.0",
      complexity: "O(N), N: arguments",
      syntax: "command:string [arg:string...]",
      execute: (context) => commandGetkeys(context, table(), true),
    },
    {
      ...commandFacts,
      name: "help",
      arity: 2,
      summary: "The subcommands of COMMAND.",
      since: "5.0.0",
      complexity: "O(1)",
      execute: (context) => commandHelp(context, table()),
    },
  ];
}
