/** ROLE, SHUTDOWN and DEBUG. */

import { debugDigest } from "@redoubt/keyspace";
import { isLoopback } from "../gateway/address.js";
import { offsetOf } from "./cluster-commands.js";
import { debugSleepSecondsMax } from "./constants.js";
import { connectionOf, type HostHandler, type HostServices, isMaster, word } from "./services.js";

/** Redis: replication.c, roleCommand. Offsets are log indexes. */
export const role: HostHandler = (services, session) => {
  const { reply } = session;
  const status = services.replica().status();
  const nodes = services.topology.nodes(session);
  if (isMaster(status)) {
    const replicas = nodes.filter((node) => !node.isSelf && node.connected);
    reply.array(3);
    reply.bulk("master");
    reply.integer(status.applied);
    reply.array(replicas.length);
    for (const node of replicas) {
      reply.array(3);
      reply.bulk(node.endpoint);
      reply.bulk(String(node.port));
      reply.bulk(String(offsetOf(node, status)));
    }
    return;
  }
  const master = nodes.find((node) => node.isMaster && !node.isSelf);
  reply.array(5);
  reply.bulk("slave");
  reply.bulk(master?.endpoint ?? "");
  reply.integer(master?.port ?? 0);
  reply.bulk(status.leader !== 0 && master?.connected === true ? "connected" : "connect");
  reply.integer(status.applied);
};

const shutdownOptions: ReadonlySet<string> = new Set(["NOSAVE", "SAVE", "NOW", "FORCE"]);

/**
 * SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE]. What was acknowledged is durable in any case: SAVE makes a snapshot first, for
 * a shorter start, and NOW and FORCE mean nothing. No reply, as in Redis: the connection ends. Differs from Redis:
 * without SAVE or NOSAVE `shutdown-save` counts, a snapshot that fails stops nothing, there is nothing to ABORT.
 */
export const shutdown: HostHandler = (services, session, argv) => {
  const options = new Set(argv.slice(1).map(word));
  if (options.has("ABORT")) {
    const only = options.size === 1;
    return session.reply.error(only ? "ERR No shutdown in progress." : "ERR syntax error");
  }
  const contradict = options.has("SAVE") && options.has("NOSAVE");
  if (contradict || [...options].some((option) => !shutdownOptions.has(option))) {
    return session.reply.error("ERR syntax error");
  }
  const saves = options.has("SAVE") ? true : null;
  services.shutdown(options.has("NOSAVE") ? false : saves);
};

/** DEBUG SLEEP seconds: the whole process, as in Redis. Leadership is lost when it takes too long. */
export const debugSleep: HostHandler = (services, session, argv) => {
  if (refusesDebug(services, session)) return;
  // As strtod: what is no number is 0.
  const seconds = Number.parseFloat(argv[2]!.toString("latin1"));
  if (seconds > 0) sleep(Math.min(seconds, debugSleepSecondsMax) * 1000);
  session.reply.ok();
};

export const debugDigestCommand: HostHandler = (services, session) => {
  if (refusesDebug(services, session)) return;
  session.reply.simple(debugDigest(services.replica().keyspace));
};

/** DEBUG STATEDIGEST: `index digest`, equal on all nodes that show the same index. */
export const debugStateDigest: HostHandler = (services, session) => {
  if (refusesDebug(services, session)) return;
  const { index, digest } = services.replica().stateDigest();
  session.reply.simple(`${index} ${digest}`);
};

const debugRefused =
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can ' +
  "run it from a local connection, otherwise you need to set this option in the configuration " +
  "file, and then restart the server.";

function refusesDebug({ config }: HostServices, session: Parameters<HostHandler>[1]): boolean {
  const allowed = config.enableDebugCommand;
  const local = isLoopback(connectionOf(session).remoteHost);
  if (allowed === "yes" || (allowed === "local" && local)) return false;
  session.reply.error(debugRefused);
  return true;
}

/** Blocks the thread without burning it. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
