/** Commands that need neither keys nor the connection's state: PING, ECHO, TIME, SELECT. */

import { errors, wrongArity } from "../errors.js";
import type { RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { int32Argument } from "../values.js";

function ping(context: CommandContext): void {
  const { argv, reply } = context;
  if (argv.length > 2) reply.error(wrongArity("ping"));
  else if (argv.length === 1) reply.simple("PONG");
  else echo(context);
}

/** The copy is needed: a large reply is held by reference, an argument lives for this turn only. */
function echo(context: CommandContext): void {
  context.reply.bulk(Buffer.from(context.argv[1]!));
}

function time(context: CommandContext): void {
  const ms = context.wallMs();
  context.reply.array(2);
  context.reply.bulk(String(Math.floor(ms / 1000)));
  context.reply.bulk(String((ms % 1000) * 1000));
}

function select(context: CommandContext): void {
  const database = int32Argument(context, 1);
  if (database === null) return;
  if (database === 0) context.reply.ok();
  else context.reply.error(errors.selectInCluster);
}

export const connectionRows: readonly RowSpec[] = [
  {
    name: "ping",
    arity: -1,
    flags: ["fast"],
    categories: ["connection"],
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
    summary: "Answers PONG, or with the message given.",
    since: "1.0.0",
    group: "connection",
    complexity: "O(1)",
    syntax: "[message:string]",
    visibility: "noKeyspace",
    execute: ping,
  },
  {
    name: "echo",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    categories: ["connection"],
    summary: "Answers with the message given.",
    since: "1.0.0",
    group: "connection",
    complexity: "O(N), N: bytes of the message",
    syntax: "message:string",
    visibility: "noKeyspace",
    execute: echo,
  },
  {
    name: "time",
    arity: 1,
    flags: ["loading", "stale", "fast"],
    tips: ["nondeterministic_output"],
    summary: "This node's wall clock: seconds since the epoch and microseconds.",
    since: "2.6.0",
    group: "server",
    complexity: "O(1)",
    visibility: "noKeyspace",
    execute: time,
  },
  {
    name: "select",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    categories: ["connection"],
    summary: "Chooses the database; there is only 0.",
    since: "1.0.0",
    group: "connection",
    complexity: "O(1)",
    syntax: "index:integer",
    visibility: "noKeyspace",
    execute: select,
  },
];
