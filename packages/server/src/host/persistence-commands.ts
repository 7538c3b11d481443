/**
 * SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE (Redis: rdb.c, aof.c), with Redis's words. All of them make the same snapshot of
 * this node, in a thread of its own; a log that is trimmed behind it is a rewritten append-only file.
 */

import { errors } from "@redoubt/commands";
import type { Session } from "@redoubt/replica";
import type { SaveTicket } from "../snapshot/snapshot-keeper.js";
import { type HostHandler, word } from "./services.js";

const saveInProgress = "ERR Background save already in progress";
const otherInProgress =
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.";
const rewriteInProgress = "ERR Background append only file rewriting already in progress";
/** Redis: shared.err. */
const failed = "ERR";

/** Clients in SAVE. */
const waiting = new WeakMap<Session, SaveTicket>();

/** Answers when the snapshot is made. Differs from Redis: other clients are served meanwhile. */
export const save: HostHandler = ({ keeper }, session) => {
  const { reply } = session;
  let ticket = waiting.get(session);
  // The one before this was dropped with the requests of its time.
  if (ticket === undefined || session.blockedOn?.kind !== "host") {
    ticket = { ok: null };
    if (keeper.begin("save", ticket) !== "begun") return reply.error(saveInProgress);
    waiting.set(session, ticket);
  }
  if (ticket.ok === null) {
    session.hostWaits = true;
    return;
  }
  waiting.delete(session);
  if (ticket.ok) reply.ok();
  else reply.error(failed);
};

/** BGSAVE [SCHEDULE]. */
export const bgSave: HostHandler = ({ keeper }, session, argv) => {
  const { reply } = session;
  const schedules = argv.length === 2 && word(argv[1]) === "SCHEDULE";
  if (argv.length > 1 && !schedules) return reply.error(errors.syntax);
  const begun = keeper.begin("save");
  if (begun === "begun") return reply.simple("Background saving started");
  if (begun === "busy saving") return reply.error(saveInProgress);
  if (!schedules) return reply.error(otherInProgress);
  keeper.schedule("save");
  reply.simple("Background saving scheduled");
};

export const bgRewriteAof: HostHandler = ({ keeper }, session) => {
  const { reply } = session;
  const begun = keeper.begin("rewrite");
  if (begun === "begun") return reply.simple("Background append only file rewriting started");
  if (begun === "busy rewriting") return reply.error(rewriteInProgress);
  keeper.schedule("rewrite");
  reply.simple("Background append only file rewriting scheduled");
};

export const lastSave: HostHandler = ({ keeper }, session) => {
  session.reply.integer(Math.floor(keeper.status.lastSavedAtMs / 1000));
};
