/** CLIENT: about this connection. LIST, INFO and KILL, which are about others too, are in client-list.ts. */

import { errors } from "@redoubt/commands";
import { invalidName, nameIsValid } from "./client-name.js";
import { replyHelp } from "./help.js";
import { connectionOf, type HostHandler, integerOf, word } from "./services.js";

const UNBLOCKED_BY_COMMAND = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

export const clientId: HostHandler = (_services, session) => session.reply.integer(session.id);

export const clientGetName: HostHandler = (_services, session) => {
  const { name } = connectionOf(session);
  if (name === "") session.reply.null();
  else session.reply.bulk(name);
};

export const clientSetName: HostHandler = (_services, session, argv) => {
  const name = argv[2]!.toString("latin1");
  if (!nameIsValid(name)) return session.reply.error(invalidName);
  connectionOf(session).name = name;
  session.reply.ok();
};

/** CLIENT SETINFO LIB-NAME|LIB-VER value */
export const clientSetInfo: HostHandler = (_services, session, argv) => {
  const { reply } = session;
  const attribute = argv[2]!.toString("latin1");
  const kind = attribute.toLowerCase();
  if (kind !== "lib-name" && kind !== "lib-ver") {
    return reply.error(`ERR Unrecognized option '${attribute}'`);
  }
  const value = argv[3]!.toString("latin1");
  if (!nameIsValid(value)) {
    return reply.error(`ERR ${kind} cannot contain spaces, newlines or special characters.`);
  }
  const connection = connectionOf(session);
  if (kind === "lib-name") connection.libraryName = value;
  else connection.libraryVersion = value;
  reply.ok();
};

/** CLIENT NO-EVICT ON|OFF: maxmemory-clients closes others. */
export const clientNoEvict: HostHandler = (_services, session, argv) => {
  const on = onOff(argv[2]);
  if (on === null) return session.reply.error(errors.syntax);
  connectionOf(session).noEvict = on;
  session.reply.ok();
};

export const clientNoTouch: HostHandler = (_services, session, argv) => {
  const on = onOff(argv[2]);
  if (on === null) return session.reply.error(errors.syntax);
  session.noTouch = on;
  session.reply.ok();
};

/** CLIENT UNBLOCK id [TIMEOUT|ERROR] */
export const clientUnblock: HostHandler = ({ replica }, session, argv) => {
  const { reply } = session;
  const reason = argv[3] === undefined ? "TIMEOUT" : word(argv[3]);
  if (argv.length > 4) {
    const text = "unknown subcommand or wrong number of arguments for";
    return reply.error(`ERR ${text} '${argv[1]!.toString("latin1")}'. Try CLIENT HELP.`);
  }
  if (reason !== "TIMEOUT" && reason !== "ERROR") {
    return reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const id = integerOf(argv[2]);
  if (id === null) return reply.error(errors.notInteger);
  const error = reason === "ERROR" ? UNBLOCKED_BY_COMMAND : null;
  reply.integer(replica().unblockSession(id, error) ? 1 : 0);
};

/** CLIENT REPLY ON|OFF|SKIP. The replica cuts what is not to be seen, the reply to OFF and SKIP included. */
export const clientReply: HostHandler = (_services, session, argv) => {
  const mode = word(argv[2]);
  if (mode === "ON") session.replyMode = "on";
  else if (mode === "OFF") session.replyMode = "off";
  else if (mode !== "SKIP") return session.reply.error(errors.syntax);
  else if (session.replyMode !== "off") session.replyMode = "skipNext";
  session.reply.ok();
};

export const clientHelp: HostHandler = (_services, session) =>
  replyHelp(session.reply, "CLIENT", [
    ["GETNAME", "Name of this connection."],
    ["ID", "Id of this connection."],
    ["INFO", "One line about this connection."],
    ["KILL <ip:port>", "Closes the connection made from that address."],
    [
      "KILL <option> <value> [<option> <value> [...]]",
      "Closes the connections that match all of: ID, ADDR, LADDR, TYPE, USER, SKIPME (yes|no, default yes).",
    ],
    ["LIST [TYPE <type>] [ID <id> [...]]", "One line about each connection."],
    ["NO-EVICT (ON|OFF)", "Exempts this connection from being closed for its memory."],
    ["NO-TOUCH (ON|OFF)", "Commands of this connection do not count as use of their keys."],
    ["UNBLOCK <clientid> [TIMEOUT|ERROR]", "Ends another connection's wait."],
    ["REPLY (ON|OFF|SKIP)", "Whether this connection gets replies."],
    ["SETINFO (LIB-NAME|LIB-VER) <value>", "Records the client library."],
    ["SETNAME <name>", "Names this connection."],
  ]);

function onOff(argument: Buffer | undefined): boolean | null {
  const text = word(argument);
  if (text === "ON") return true;
  return text === "OFF" ? false : null;
}
