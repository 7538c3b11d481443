/** AUTH, HELLO and CLIENT: about one connection and its peers. The server executes them. */

import type { RowSpec } from "../row.js";
import type { CommandFlag } from "../types.js";

const beforeAuthFlags: readonly CommandFlag[] = [
  "noscript",
  "loading",
  "stale",
  "fast",
  "no_auth",
  "allow_busy",
];
const ownFlags: readonly CommandFlag[] = ["noscript", "loading", "stale"];
const adminFlags: readonly CommandFlag[] = ["admin", "noscript", "loading", "stale"];

type ClientRow = Omit<RowSpec, "group" | "executor" | "visibility" | "categories">;

/** All of CLIENT share these. */
function clientRow(row: ClientRow): RowSpec {
  return {
    ...row,
    categories: ["connection"],
    group: "connection",
    executor: "host",
    visibility: "noKeyspace",
  };
}

const subcommands: readonly RowSpec[] = [
  {
    name: "id",
    arity: 2,
    flags: ownFlags,
    summary: "This connection's id, never given twice.",
    since: "5.0.0",
    complexity: "O(1)",
  },
  {
    name: "getname",
    arity: 2,
    flags: ownFlags,
    summary: "This connection's name.",
    since: "2.6.9",
    complexity: "O(1)",
  },
  {
    name: "setname",
    arity: 3,
    flags: ownFlags,
    summary: "Names this connection.",
    since: "2.6.9",
    complexity: "O(1)",
    syntax: "connection-name:string",
  },
  {
    name: "setinfo",
    arity: 4,
    flags: ownFlags,
    summary: "Records the client library's name or version.",
    since: "7.2.0",
    complexity: "O(1)",
    syntax: "attr(LIB-NAME libname:string | LIB-VER libver:string)",
  },
  {
    name: "info",
    arity: 2,
    flags: ownFlags,
    tips: ["nondeterministic_output"],
    summary: "One line about this connection.",
    since: "6.2.0",
    complexity: "O(1)",
  },
  {
    name: "list",
    arity: -2,
    flags: adminFlags,
    tips: ["nondeterministic_output"],
    summary: "One line about each connection.",
    since: "2.4.0",
    complexity: "O(N), N: connections",
    syntax: "[TYPE client-type(NORMAL | MASTER | REPLICA | PUBSUB)] [ID client-id:integer...]",
  },
  {
    name: "kill",
    arity: -3,
    flags: adminFlags,
    summary: "Closes connections by address, id or type.",
    since: "2.4.0",
    complexity: "O(N), N: connections",
    syntax:
      "filter(old-format:string | new-format([ID client-id:integer] | [TYPE client-type(NORMAL | MASTER | SLAVE | REPLICA | PUBSUB)] | [USER username:string] | [ADDR addr:string] | [LADDR laddr:string] | [SKIPME skipme(YES | NO)])...)",
  },
  {
    name: "no-evict",
    arity: 3,
    flags: adminFlags,
    summary: "Exempts this connection from being closed for its memory.",
    since: "7.0.0",
    complexity: "O(1)",
    syntax: "enabled(ON | OFF)",
  },
  {
    name: "no-touch",
    arity: 3,
    flags: ownFlags,
    summary: "Says whether this connection's commands count as use of their keys.",
    since: "7.2.0",
    complexity: "O(1)",
    syntax: "enabled(ON | OFF)",
  },
  {
    name: "reply",
    arity: 3,
    flags: ownFlags,
    summary: "Turns replies to this connection off or on, or skips the next one.",
    since: "3.2.0",
    complexity: "O(1)",
    syntax: "action(ON | OFF | SKIP)",
  },
  {
    name: "unblock",
    arity: -3,
    flags: adminFlags,
    summary: "Ends another connection's wait, as if its time were over or with an error.",
    since: "5.0.0",
    complexity: "O(1)",
    syntax: "client-id:integer [timeout-error(TIMEOUT | ERROR)]",
  },
  {
    name: "help",
    arity: 2,
    flags: ["loading", "stale"] as const,
    summary: "The subcommands of CLIENT.",
    since: "5.0.0",
    complexity: "O(1)",
  },
].map((row: ClientRow) => clientRow(row));

export const clientRows: readonly RowSpec[] = [
  {
    name: "auth",
    arity: -2,
    flags: beforeAuthFlags,
    categories: ["connection"],
    summary: "Authenticates the connection.",
    since: "1.0.0",
    group: "connection",
    complexity: "O(N), N: passwords of the user",
    syntax: "[username:string] password:string",
    executor: "host",
    visibility: "noKeyspace",
  },
  {
    name: "hello",
    arity: -1,
    flags: beforeAuthFlags,
    categories: ["connection"],
    summary: "Greets the server: chooses the protocol, may authenticate and name the connection.",
    since: "6.0.0",
    group: "connection",
    complexity: "O(1)",
    syntax:
      "[arguments{protover:integer [AUTH auth{username:string password:string}] [SETNAME clientname:string]}]",
    executor: "host",
    visibility: "noKeyspace",
  },
  {
    name: "client",
    arity: -2,
    summary: "About this and other connections.",
    since: "2.4.0",
    group: "connection",
    complexity: "Depends on the subcommand",
    executor: "host",
    visibility: "noKeyspace",
    subcommands,
  },
];
