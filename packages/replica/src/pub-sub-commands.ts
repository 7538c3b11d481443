/**
 * SUBSCRIBE and its kin, PUBSUB, and what else changes for a session that listens. Redis: pubsub.c.
 * A confirmation is a push, one for each channel; CLIENT REPLY does not silence it.
 */

import { type CommandRow, commandTable, globMatch, helpLines, wrongArity } from "@redoubt/commands";
import { assert } from "./assert.js";
import { SSUBSCRIBE_INSIDE_EXEC, wrongPubSubArguments } from "./errors.js";
import type { PubSub, SubscriptionKind } from "./pub-sub.js";
import type { Argv } from "./requests.js";
import type { Session } from "./session.js";

/** Redis: server.c, processCommand. By the row's name: a session that speaks RESP2 and listens has only these. */
const allowedWhileListening: ReadonlySet<string> = new Set([
  "ping",
  "subscribe",
  "unsubscribe",
  "psubscribe",
  "punsubscribe",
  "ssubscribe",
  "sunsubscribe",
  "quit",
  "reset",
]);

/** Null: it may be executed. */
export function refusedWhileListening(session: Session, row: CommandRow): string | null {
  if (!session.listensInRESP2 || allowedWhileListening.has(row.fullName)) return null;
  const code = row.name === "exec" ? "EXECABORT Transaction discarded because of:" : "ERR";
  return (
    `${code} Can't execute '${row.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT ` +
    "/ RESET are allowed in this context"
  );
}

/** PING to a session that speaks RESP2 and listens: in the shape of a message. */
export function pong(session: Session, argv: Argv): void {
  const { reply } = session;
  if (argv.length > 2) {
    reply.error(wrongArity("ping"));
    return;
  }
  reply.array(2);
  reply.bulk("pong");
  reply.bulk(argv.length === 1 ? "" : Buffer.from(argv[1]!));
}

/** Rows that add subscriptions: only where something will be heard. */
export function isSubscribing(row: CommandRow): boolean {
  return row.name === "subscribe" || row.name === "psubscribe" || row.name === "ssubscribe";
}

/** What a row writes: confirmations, which are pushes, or a reply like others. */
export type Written = "pushes" | "reply";

/** Runs a session's row of the pub/sub group. */
export function runPubSub(
  pubSub: PubSub,
  session: Session,
  row: CommandRow,
  argv: Argv,
  insideExec: boolean,
): Written {
  switch (row.fullName) {
    case "subscribe":
      return subscribe(pubSub, session, argv, "channel", "subscribe");
    case "psubscribe":
      return subscribe(pubSub, session, argv, "pattern", "psubscribe");
    case "ssubscribe":
      if (!insideExec) return subscribe(pubSub, session, argv, "shard", "ssubscribe");
      session.reply.error(SSUBSCRIBE_INSIDE_EXEC);
      return "reply";
    case "unsubscribe":
      return unsubscribe(pubSub, session, argv, "channel", "unsubscribe");
    case "punsubscribe":
      return unsubscribe(pubSub, session, argv, "pattern", "punsubscribe");
    case "sunsubscribe":
      return unsubscribe(pubSub, session, argv, "shard", "sunsubscribe");
    default:
      tell(pubSub, session, row, argv);
      return "reply";
  }
}

/** PUBSUB. */
function tell(pubSub: PubSub, session: Session, row: CommandRow, argv: Argv): void {
  const kind = row.name.startsWith("shard") ? "shard" : "channel";
  switch (row.name) {
    case "channels":
    case "shardchannels":
      names(pubSub, session, argv, kind);
      break;
    case "numsub":
    case "shardnumsub":
      numbers(pubSub, session, argv, kind);
      break;
    case "numpat":
      session.reply.integer(pubSub.count("pattern"));
      break;
    default:
      assert(row.fullName === "pubsub|help", "every row of the group has its case");
      help(session);
  }
}

function subscribe(
  pubSub: PubSub,
  session: Session,
  argv: Argv,
  kind: SubscriptionKind,
  word: string,
): Written {
  for (let i = 1; i < argv.length; i++) {
    const name = argv[i]!.toString("latin1");
    pubSub.subscribe(session, kind, name);
    confirm(session, kind, word, name);
  }
  return "pushes";
}

function unsubscribe(
  pubSub: PubSub,
  session: Session,
  argv: Argv,
  kind: SubscriptionKind,
  word: string,
): Written {
  const names =
    argv.length > 1
      ? argv.slice(1).map((argument) => argument.toString("latin1"))
      : [...(session.subscriptions?.[kind] ?? [])];
  for (const name of names) {
    pubSub.unsubscribe(session, kind, name);
    confirm(session, kind, word, name);
  }
  if (names.length === 0) confirm(session, kind, word, null);
  return "pushes";
}

function confirm(
  session: Session,
  kind: SubscriptionKind,
  word: string,
  name: string | null,
): void {
  const { reply } = session;
  reply.push(3);
  reply.bulk(word);
  if (name === null) reply.null();
  else reply.bulk(name);
  reply.integer(session.subscriptions?.countOf(kind) ?? 0);
}

function names(pubSub: PubSub, session: Session, argv: Argv, kind: SubscriptionKind): void {
  if (argv.length > 3) {
    session.reply.error(wrongPubSubArguments(argv[1]!));
    return;
  }
  const pattern = argv[2]?.toString("latin1");
  const found: string[] = [];
  for (const name of pubSub.names(kind)) {
    if (pattern === undefined || globMatch(pattern, name)) found.push(name);
  }
  session.reply.array(found.length);
  for (const name of found) session.reply.bulk(name);
}

function help(session: Session): void {
  const lines = helpLines(commandTable.lookup(Buffer.from("pubsub"))!);
  session.reply.array(lines.length);
  for (const line of lines) session.reply.simple(line);
}

function numbers(pubSub: PubSub, session: Session, argv: Argv, kind: SubscriptionKind): void {
  const { reply } = session;
  reply.array(2 * (argv.length - 2));
  for (let i = 2; i < argv.length; i++) {
    const name = argv[i]!.toString("latin1");
    reply.bulk(name);
    reply.integer(pubSub.subscribersOf(kind, name));
  }
}
