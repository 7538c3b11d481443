/** CLIENT LIST, INFO and KILL: lines about connections in Redis 7.2's format, and filters over them. */

import { errors } from "@redoubt/commands";
import type { Session } from "@redoubt/replica";
import type { Connection } from "../gateway/connection.js";
import { connectionOf, type HostHandler, type HostServices, integerOf, word } from "./services.js";

/** Redis's kinds of client. No connection is another member's: those speak gRPC, not RESP. */
const clientTypes: ReadonlySet<string> = new Set([
  "NORMAL",
  "MASTER",
  "REPLICA",
  "SLAVE",
  "PUBSUB",
]);

export const clientInfo: HostHandler = (services, session) => {
  session.reply.verbatim("txt", clientLine(services, connectionOf(session)));
};

/** CLIENT LIST [TYPE type] [ID id [id ...]] */
export const clientList: HostHandler = (services, session, argv) => {
  const { reply } = session;
  let accept: (connection: Connection) => boolean = () => true;
  const option = word(argv[2]);
  if (argv.length === 4 && option === "TYPE") {
    const type = word(argv[3]);
    if (!clientTypes.has(type)) return reply.error(unknownType(argv[3]!));
    accept = (connection) => typeOf(connection) === type;
  } else if (argv.length > 3 && option === "ID") {
    const ids = new Set<number>();
    for (const argument of argv.slice(3)) {
      const id = integerOf(argument);
      if (id === null) return reply.error("ERR Invalid client ID");
      ids.add(id);
    }
    accept = (connection) => ids.has(connection.session.id);
  } else if (argv.length > 2) {
    return reply.error(errors.syntax);
  }
  let lines = "";
  for (const connection of services.gateway.connections) {
    if (accept(connection)) lines += clientLine(services, connection);
  }
  reply.verbatim("txt", lines);
};

/** CLIENT KILL addr | CLIENT KILL [ID|ADDR|LADDR|TYPE|USER|SKIPME value]... */
export const clientKill: HostHandler = (services, session, argv) => {
  const { reply } = session;
  const oldForm = argv.length === 3;
  const filter = oldForm ? addressFilter(argv[2]!) : parseFilter(argv);
  if (typeof filter === "string") return reply.error(filter);
  let killed = 0;
  let self = false;
  for (const connection of services.gateway.connections) {
    if (!filterAccepts(filter, connection)) continue;
    if (connection.session === session) {
      if (filter.skipSelf) continue;
      self = true;
    } else {
      services.gateway.closeAfterTurn(connection);
    }
    killed += 1;
  }
  if (oldForm && killed === 0) return reply.error("ERR No such client");
  if (oldForm) reply.ok();
  else reply.integer(killed);
  if (self) session.closeAfterReply();
};

interface KillFilter {
  id: number | null;
  address: string | null;
  localAddress: string | null;
  type: string | null;
  skipSelf: boolean;
}

function addressFilter(address: Buffer): KillFilter {
  return {
    id: null,
    address: address.toString("latin1"),
    localAddress: null,
    type: null,
    skipSelf: false,
  };
}

function parseFilter(argv: readonly Buffer[]): KillFilter | string {
  const filter: KillFilter = {
    id: null,
    address: null,
    localAddress: null,
    type: null,
    skipSelf: true,
  };
  for (let i = 2; i < argv.length; i += 2) {
    const value = argv[i + 1];
    if (value === undefined) return errors.syntax;
    const refusal = applyFilter(filter, word(argv[i]), value);
    if (refusal !== null) return refusal;
  }
  return filter;
}

/** null, or the error's text. */
function applyFilter(filter: KillFilter, option: string, value: Buffer): string | null {
  const text = value.toString("latin1");
  switch (option) {
    case "ID": {
      const id = integerOf(value);
      if (id === null || id < 1) return "ERR client-id should be greater than 0";
      filter.id = id;
      return null;
    }
    case "ADDR":
      filter.address = text;
      return null;
    case "LADDR":
      filter.localAddress = text;
      return null;
    case "TYPE":
      filter.type = word(value);
      return clientTypes.has(filter.type) ? null : unknownType(value);
    case "USER":
      return text === "default" ? null : `ERR No such user '${text}'`;
    case "SKIPME": {
      const skip = word(value);
      filter.skipSelf = skip === "YES";
      return skip === "YES" || skip === "NO" ? null : errors.syntax;
    }
    default:
      return errors.syntax;
  }
}

function filterAccepts(filter: KillFilter, connection: Connection): boolean {
  if (connection.state === "lingering" || connection.killed) return false;
  if (filter.id !== null && connection.session.id !== filter.id) return false;
  if (filter.address !== null && connection.remote !== filter.address) return false;
  if (filter.localAddress !== null && connection.local !== filter.localAddress) return false;
  return filter.type === null || filter.type === typeOf(connection);
}

function typeOf(connection: Connection): string {
  return connection.isSubscriber ? "PUBSUB" : "NORMAL";
}

function unknownType(type: Buffer): string {
  return `ERR Unknown client type '${type.toString("latin1")}'`;
}

/** Redis: networking.c, catClientInfoString. What does not exist here has the value Redis shows for none. */
function clientLine({ nowMs }: HostServices, connection: Connection): string {
  const { session } = connection;
  const now = nowMs();
  const seconds = (sinceMs: number) => Math.max(0, Math.floor((now - sinceMs) / 1000));
  const held = connection.outputBytes;
  const query = connection.queryBytes;
  const fields = [
    ["id", session.id],
    ["addr", connection.remote],
    ["laddr", connection.local],
    ["fd", connection.descriptor],
    ["name", connection.name],
    ["age", seconds(connection.createdMs)],
    ["idle", seconds(connection.lastActiveMs)],
    ["flags", flagsOf(session, connection)],
    ["db", 0],
    ["sub", session.subscriptions?.channel.size ?? 0],
    ["psub", session.subscriptions?.pattern.size ?? 0],
    ["ssub", session.subscriptions?.shard.size ?? 0],
    ["multi", session.multiLength],
    ["qbuf", query],
    ["qbuf-free", 0],
    ["argv-mem", 0],
    ["multi-mem", 0],
    ["rbs", 0],
    ["rbp", 0],
    ["obl", 0],
    ["oll", held > 0 ? 1 : 0],
    ["omem", held],
    ["tot-mem", connection.bufferBytes],
    ["events", held > 0 ? "rw" : "r"],
    ["cmd", session.lastCommand?.fullName ?? "NULL"],
    ["user", "default"],
    ["redir", -1],
    ["resp", session.reply.protocol],
    ["lib-name", connection.libraryName],
    ["lib-ver", connection.libraryVersion],
  ];
  return `${fields.map(([name, value]) => `${name}=${value}`).join(" ")}\n`;
}

function flagsOf(session: Session, connection: Connection): string {
  let flags = "";
  if (connection.isSubscriber) flags += "P";
  if (session.inMulti) flags += "x";
  if (session.blocked) flags += "b";
  if (connection.state !== "open") flags += "c";
  if (session.readonlyMode) flags += "r";
  if (connection.noEvict) flags += "e";
  if (session.noTouch) flags += "T";
  return flags === "" ? "N" : flags;
}
